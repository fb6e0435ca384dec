import { bytes } from '../lib/format.ts';

/** Longer values are opened by whoever wants them. */
const OPEN_MAX = 600;
/** A browser that lays out megabytes of text stops answering. */
const SHOWN_MAX = 200_000;

interface Props {
  value: unknown;
  title?: string;
  /** Opened by whoever wants it, however short it is. */
  closed?: boolean;
}

/** Any JSON value, laid out. */
export function Json({ value, title = 'Value', closed = false }: Props) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'nothing');
  if (text.length <= 60 && !text.includes('\n')) return <code>{text}</code>;
  return (
    <details class="json" open={!closed && text.length <= OPEN_MAX}>
      <summary>
        {title} <small>{bytes(text.length)}</small>
      </summary>
      <pre tabIndex={0}>{text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}\n…` : text}</pre>
    </details>
  );
}
