import type { ComponentChildren } from 'preact';

interface Props {
  label: string;
  rows: readonly { name: string; value: number; text: ComponentChildren; note?: ComponentChildren }[];
}

/** Amounts beside one another: a list, so that it reads as one without its bars. */
export function ShareBars({ label, rows }: Props) {
  const most = Math.max(0, ...rows.map(({ value }) => value));
  return (
    <ul class="shares" aria-label={label}>
      {rows.map(({ name, value, text, note }) => (
        <li key={name}>
          <span class="share-name">{name}</span>
          <span class="share-text">{text}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="track" width="100" height="6" />
            <rect class="fill" width={most === 0 ? 0 : (100 * Math.max(0, value)) / most} height="6" />
          </svg>
          {note !== undefined && <small>{note}</small>}
        </li>
      ))}
    </ul>
  );
}
