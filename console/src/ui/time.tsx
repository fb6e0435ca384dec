import { ago, local, NONE, utc } from '../lib/format.ts';

interface Props {
  at: string | number | null | undefined;
  seconds?: boolean;
}

/** A time in UTC; the reader's own is its title. */
export function Time({ at, seconds = false }: Props) {
  if (at === null || at === undefined) return <span class="none">{NONE}</span>;
  return (
    <time class="time" dateTime={new Date(at).toISOString()} title={local(at)}>
      {utc(at, { seconds })}
    </time>
  );
}

/** How long ago, with both times as its title. */
export function Ago({ at }: Pick<Props, 'at'>) {
  if (at === null || at === undefined) return <span class="none">{NONE}</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={`${utc(at, { seconds: true })} UTC, ${local(at)}`}>
      {ago(at)}
    </time>
  );
}
