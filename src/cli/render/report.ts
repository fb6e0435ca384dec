import type { Difference, Report, SourceReport } from '../../migration/index.ts';
import type { Colors } from '../io.ts';
import {
  absentLines,
  collapsed,
  quarantineLines,
  section,
  unclaimedLines,
  unreadableLines,
  warningLines,
} from './sections.ts';
import { type Column, table } from './table.ts';
import { count, counted, duration, plain } from './text.ts';

/** Where the rows went, as the durable tier has it. */
export interface Place {
  readonly kind: 'server' | 'embedded';
  readonly location: string;
  readonly schema: string;
}

export interface ReportContext {
  readonly colors: Colors;
  readonly place: Place;
  /** `run` loads and verifies, `verify` only compares. */
  readonly command: 'run' | 'verify';
  /** Absent where the command itself goes on, as `start` does. */
  readonly next?: boolean;
}

const columns: Column[] = [
  { title: 'source' },
  { title: 'read', align: 'right' },
  { title: 'loaded', align: 'right' },
  { title: 'quarantined', align: 'right' },
  { title: 'skipped', align: 'right' },
  { title: 'altered', align: 'right' },
  { title: 'verified' },
  { title: 'rows/s', align: 'right' },
];

/** The report of a run or a verification for people; `--json` prints the report itself. */
export function renderReport(report: Report, about: ReportContext): string[] {
  const found = report.sources.filter(({ files }) => files.length > 0);
  return [
    verdict(report, about),
    '',
    ...table(columns, [...found.map(sourceCells), ...totals(found)]),
    ...absentLines(report),
    ...differenceLines(report),
    ...quarantineLines(
      found,
      'In quarantine, with every byte: `stockroom migrate quarantine` shows the rows',
    ),
    ...unreadableLines(report.unreadable),
    ...warningLines(report.warnings),
    ...unclaimedLines(report.unclaimed),
    '',
    ...placeLines(about.place),
    ...(about.next === true ? nextLines(report) : []),
  ];
}

function sum(
  sources: readonly SourceReport[],
  field: 'read' | 'loaded' | 'quarantined' | 'skipped' | 'altered',
): number {
  return sources.reduce((total, source) => total + source[field], 0);
}

function verdict(report: Report, { colors, command }: ReportContext): string {
  const { sources, unreadable, differences_total: differences, elapsed_ms: elapsed } = report;
  const done = command === 'run' ? 'Migrated and verified' : 'Verified';
  const read = `${counted(sum(sources, 'read'), 'row')} read`;
  const rows = `${read}, ${count(sum(sources, 'loaded'))} loaded`;
  const time = ` (${duration(elapsed)})`;
  switch (report.exit) {
    case 0:
      return `${colors.green(`${done}: nothing is missing.`)} ${rows}${time}`;
    case 3: {
      const quarantined = sum(sources, 'quarantined');
      const besides = [
        ...(quarantined > 0 ? [`${counted(quarantined, 'row')} in quarantine`] : []),
        ...(unreadable.length > 0 ? [`${counted(unreadable.length, 'file')} could not be read`] : []),
      ];
      return `${colors.yellow(`${done}, but ${besides.join(' and ')}.`)} ${rows}${time}`;
    }
    case 4:
      return `${colors.red(`Verification found ${counted(differences, 'difference')}.`)} ${read}${time}`;
    default:
      return `${colors.red('Failed: not every row that was read has a place.')} ${rows}${time}`;
  }
}

function skippedCell({ skipped, skipped_reason: reason }: SourceReport): string {
  return reason === null ? count(skipped) : `${count(skipped)} ${reason.replace(',', ', ')}`;
}

function sourceCells(source: SourceReport): string[] {
  return [
    source.id,
    count(source.read),
    count(source.loaded),
    count(source.quarantined),
    skippedCell(source),
    count(source.altered),
    source.verified ? 'yes' : 'NO',
    count(source.rows_per_second),
  ];
}

function totals(found: readonly SourceReport[]): string[][] {
  if (found.length < 2) return [];
  const fields = ['read', 'loaded', 'quarantined', 'skipped', 'altered'] as const;
  const verified = found.every((source) => source.verified) ? 'yes' : 'NO';
  return [['all', ...fields.map((field) => count(sum(found, field))), verified, '']];
}

const kinds: Record<Difference['kind'], string> = {
  missing: 'is not there',
  different: 'holds other values than its source row',
  unexpected: 'is there, and no source row explains it',
};

function differenceLines({ differences, differences_total: total }: Report): string[] {
  const lines = differences.map(
    ({ source, unit, key, kind }) =>
      `${source}: row ${plain(key)} of ${plain(unit) || 'its own file'} ${kinds[kind]}`,
  );
  return section(`Differences (${count(total)})`, collapsed(lines, total));
}

export const EMBEDDED_NOTE =
  'It survives a killed process but not a power cut: set DATABASE_URL for data that matters.';

/** Where the data is, and what that means for it. */
export function placeLines({ kind, location, schema }: Place): string[] {
  if (kind === 'server') return [`The data is in PostgreSQL at ${location}, schema ${schema}.`];
  return [`The data is in the embedded PostgreSQL in ${location}, schema ${schema}.`, EMBEDDED_NOTE];
}

function nextLines({ exit, directory, unreadable, sources }: Report): string[] {
  switch (exit) {
    case 0:
      return [
        'Next: `stockroom migrate certificate > certificate.json` keeps the proof, `stockroom start` serves the data.',
      ];
    case 3:
      return [
        ...(unreadable.length === 0
          ? []
          : [
              `Next: \`stockroom migrate run ${directory}\` again once the files above can be read; it takes what is missing.`,
            ]),
        ...(sum(sources, 'quarantined') === 0
          ? ['`stockroom start` serves what is loaded.']
          : ['Next: look at `stockroom migrate quarantine`; `stockroom start` serves what is loaded.']),
      ];
    default:
      return [
        `Next: \`stockroom migrate run ${directory}\` applies what changed at the source; rows that were changed here stay as they are.`,
      ];
  }
}
