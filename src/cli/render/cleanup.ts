import type { CleanupReport, Removal, RestoreReport, StayingFile } from '../../migration/cleanup/index.ts';
import type { Colors } from '../io.ts';
import { collapsed, section } from './sections.ts';
import { table } from './table.ts';
import { bytes, counted, duration, plain } from './text.ts';

/** What a cleanup did, or would do. */
export function cleanupLines(report: CleanupReport, colors: Colors): string[] {
  return [
    ...(report.apply ? doneLines(report, colors) : toldLines(report, colors)),
    ...storeLines(report),
    ...section(
      'In quarantine: PostgreSQL has their bytes set aside, the archive keeps them too',
      report.quarantined.map(({ source, rows }) => `${source}: ${counted(rows, 'row')}`),
    ),
    ...stayLines(report.stays),
    ...hint(report),
  ];
}

function toldLines(report: CleanupReport, colors: Colors): string[] {
  const { files, bytes: size, archives, free_bytes: free, needed_bytes: needed, unfinished } = report;
  const verdict =
    files.length === 0
      ? 'No file would be removed.'
      : `${counted(files.length, 'file')} (${bytes(size)}) would be archived, proven and removed.`;
  const room = `up to ${bytes(needed)} needed, ${bytes(free)} free`;
  const isShort = free < needed;
  return [
    files.length === 0 ? colors.yellow(verdict) : colors.green(verdict),
    ...(files.length === 0 ? [] : [`to ${plain(archives)}: ${isShort ? colors.red(room) : room}`]),
    ...unfinished.map((archive) => `A run that did not end left files of ${plain(archive)}: it goes first.`),
    ...section('Would go', collapsed(files.map(({ file, bytes: one }) => `${plain(file)}  ${bytes(one)}`))),
  ];
}

function doneLines(
  { removals, unread, archive_bytes: packed, elapsed_ms: elapsed }: CleanupReport,
  colors: Colors,
): string[] {
  const waits = `${counted(unread.length, 'file')} could not be read, and ${unread.length === 1 ? 'stays' : 'stay'}`;
  if (removals.length === 0) {
    const nothing =
      unread.length === 0
        ? colors.green('Nothing is left to remove.')
        : colors.red(`Nothing was removed: ${waits}.`);
    return [`${nothing} (${duration(elapsed)})`];
  }
  const removed = removals.reduce((sum, each) => sum + each.removed, 0);
  const kept = removals.flatMap((each) => each.kept);
  const size = packed === null ? '' : `, ${bytes(packed)} in the archive`;
  const verdict = `${counted(removed, 'file')} archived, proven and removed`;
  return [
    `${kept.length === 0 ? colors.green(`${verdict}.`) : colors.red(`${verdict}, ${counted(kept.length, 'file')} not.`)} (${duration(elapsed)}${size})`,
    ...(unread.length === 0 ? [] : [colors.red(`${waits}: clean up again when it can be read.`)]),
    ...removals.map(removalLine),
    ...section(
      'Not as they were archived, or not to be removed: they stay',
      collapsed(kept.map(({ file, reason }) => `${plain(file)}: ${plain(reason)}`)),
    ),
  ];
}

const removalLine = ({ archive, removed }: Removal): string =>
  `${plain(archive)}  ${counted(removed, 'file')} removed`;

function storeLines({ stores }: CleanupReport): string[] {
  const rows = stores.map(({ store, stage, files, bytes: size }) => [
    store,
    stage ?? 'none yet',
    String(files),
    bytes(size),
  ]);
  const columns = [
    { title: 'store' },
    { title: 'stage' },
    { title: 'files', align: 'right' },
    { title: 'size', align: 'right' },
  ] as const;
  return rows.length === 0 ? [] : ['', ...table(columns, rows)];
}

const headings: Record<StayingFile['why'], string> = {
  stage: 'Stay, because a store of theirs is not in stage complete',
  unclaimed: 'Stay, because not all in them is taken by a source',
  unreadable: 'Stay, because they cannot be read',
  'not migrated': 'Stay, because no run has read them',
  'in the way': 'Stay, because something is in the way',
};

function stayLines(stays: readonly StayingFile[]): string[] {
  const kinds = Object.keys(headings) as StayingFile['why'][];
  return kinds.flatMap((why) => {
    const files = stays.filter((each) => each.why === why);
    return section(
      `${headings[why]} (${counted(files.length, 'file')})`,
      collapsed(files.map(({ file, reason }) => `${plain(file)}: ${plain(reason)}`)),
    );
  });
}

function hint({ apply, files, unfinished, removals }: CleanupReport): string[] {
  if (!apply) return files.length + unfinished.length === 0 ? [] : ['', 'With --apply it is done.'];
  const last = removals.at(-1);
  return last === undefined ? [] : ['', `--restore ${plain(last.archive)} writes it all back.`];
}

export function restoreLines(report: RestoreReport, colors: Colors): string[] {
  const { restored, there, bytes: size, directory, elapsed_ms: elapsed } = report;
  return [
    `${colors.green(`${counted(restored, 'file')} restored to ${plain(directory)}, byte for byte.`)} (${duration(elapsed)})`,
    ...(there === 0 ? [] : [`${counted(there, 'file')} stood there already, as in the archive`]),
    `${bytes(size)} in all`,
  ];
}
