import type { ComponentChildren } from 'preact';

/** The title of a page and the filters that concern all of it. */
export function PageHead({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="page-head">
      <h1>{title}</h1>
      {children}
    </div>
  );
}
