import type { ComponentChildren } from 'preact';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

export interface TileProps {
  name: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  tone?: Tone;
  title?: string;
}

/** Key figures in a row. */
export function Tiles({ items, label }: { items: readonly TileProps[]; label: string }) {
  return (
    <dl class="tiles" aria-label={label}>
      {items.map(({ name, value, note, tone = 'plain', title }) => (
        <div key={name} class={`tile ${tone}`} title={title}>
          <dt>{name}</dt>
          <dd class="value">{value}</dd>
          {note !== undefined && <dd class="note">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}
