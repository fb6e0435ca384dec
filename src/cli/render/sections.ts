import type { Unreadable, Warning } from '../../migration/index.ts';
import { counted, plain } from './text.ts';

/** A list for people ends here; `--json` has all of it. */
export const LIST_MAX = 20;

/** A heading and its lines, with an empty line before; nothing when there are no lines. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)];
}

/** The first entries, and how many there are besides. */
export function collapsed(entries: readonly string[], total = entries.length): string[] {
  const shown = entries.slice(0, LIST_MAX);
  const more = total - shown.length;
  return more > 0 ? [...shown, `… and ${counted(more, 'more', 'more')}; --json names them`] : shown;
}

export function warningLines(warnings: readonly Warning[]): string[] {
  return section(
    'Worth knowing',
    warnings.map(({ code, source, detail }) => `${source}: ${plain(detail)} [${code}]`),
  );
}

export function unreadableLines(unreadable: readonly Unreadable[]): string[] {
  return section(
    `Could not be read (${counted(unreadable.length, 'file')})`,
    collapsed(unreadable.map(({ file, reason }) => `${plain(file)}: ${plain(reason)}`)),
  );
}

export function unclaimedLines(unclaimed: readonly string[]): string[] {
  return section(
    `Left alone: no source takes ${counted(unclaimed.length, 'file or table', 'files and tables')}`,
    collapsed(unclaimed.map(plain)),
  );
}

/** Sources without a file, in one line. */
export function absentLines({
  sources,
  unreadable,
}: {
  sources: readonly { id: string; files: readonly string[] }[];
  unreadable: readonly Unreadable[];
}): string[] {
  const absent = sources.filter(({ files }) => files.length === 0).map(({ id }) => id);
  // Nobody knows what a file holds that cannot be read.
  const where = unreadable.length === 0 ? 'in the directory' : 'in what could be read';
  return absent.length === 0 ? [] : ['', `Not ${where}: ${absent.join(', ')}`];
}

/** `2 NOT_A_NUMBER, 1 NO_KEY` by source. */
export function quarantineLines(
  sources: readonly {
    id: string;
    quarantined: number;
    quarantine_reasons: Readonly<Record<string, number>>;
  }[],
  heading: string,
): string[] {
  const lines = sources
    .filter(({ quarantined }) => quarantined > 0)
    .map(({ id, quarantine_reasons }) => {
      const reasons = Object.entries(quarantine_reasons).map(([reason, rows]) => `${rows} ${reason}`);
      return `${id}: ${reasons.join(', ')}`;
    });
  return section(heading, lines);
}
