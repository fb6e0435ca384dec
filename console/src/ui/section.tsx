import type { ComponentChildren } from 'preact';

interface Props {
  id: string;
  title: string;
  note?: ComponentChildren;
  /** Buttons and filters of this section alone. */
  tools?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

/** A titled part of a page. */
export function Section({ id, title, note, tools, class: name = '', children }: Props) {
  return (
    <section class={`part ${name}`} aria-labelledby={id}>
      <div class="part-head">
        <h2 id={id}>
          {title} {note !== undefined && <small>{note}</small>}
        </h2>
        {tools}
      </div>
      {children}
    </section>
  );
}
