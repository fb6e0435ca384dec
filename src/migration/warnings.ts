import type { Warning } from './report.ts';
import type { SourceDefinition } from './source.ts';
import { INDIA_OFFSET_MINUTES } from './sources/ai-recommendations.ts';
import type { Tally } from './tally.ts';
import { offsetAt } from './values/time.ts';

/** `1 row`, `2 rows`. */
const count = (rows: number, noun = 'row', nouns = `${noun}s`): string =>
  `${rows} ${rows === 1 ? noun : nouns}`;

/** Reasons of kept originals that a person has to know of; the others are counted under ALTERED. */
const telling: Readonly<Record<string, (rows: number, column: string) => string>> = {
  TIMESTAMP_SKEW: (rows, column) =>
    `India time with a Z glued on in ${column} of ${count(rows)}, proven by the run id: loaded as the UTC that was meant`,
  TIMEZONE_APPLIED: (rows, column) =>
    `${column} of ${count(rows)} was read in the zone that was given for it`,
  SEVERAL_ACTIVE: (rows) =>
    `more than one policy was active: all but the one activated last were loaded as RETIRED (${count(rows)})`,
  OPEN_SESSION: (rows) =>
    `candles of a session that was still open when they were cached were left out of ${count(rows, 'file')}`,
};

/** What the rows of a source showed, as warnings. */
export function warningsOf(
  source: SourceDefinition,
  tally: Tally,
  timezones: ReadonlyMap<string, string>,
  nowMicros: number,
): Warning[] {
  const warning = (code: string, rows: number, detail: string, column: string | null = null): Warning => ({
    code,
    source: source.id,
    column,
    rows,
    detail,
  });
  return [
    ...alterationWarnings(tally, timezones, nowMicros, warning),
    ...timeWarnings(source, tally, warning),
    ...historyWarnings(source, tally, warning),
  ].filter(({ rows }) => rows > 0);
}

type Make = (code: string, rows: number, detail: string, column?: string | null) => Warning;

function alterationWarnings(
  tally: Tally,
  timezones: ReadonlyMap<string, string>,
  nowMicros: number,
  warning: Make,
): Warning[] {
  const warnings: Warning[] = [];
  const others: string[] = [];
  let altered = 0;
  for (const { column, reason, rows } of tally.alterations.values()) {
    const tell = telling[reason];
    if (tell) {
      const offset = offsetOf(reason, timezones.get(column), nowMicros);
      warnings.push({ ...warning(reason, rows, tell(rows, column), column), ...offset });
    } else {
      altered += rows;
      others.push(`${reason} in ${column} ${rows}`);
    }
  }
  const what = `${count(altered, 'value was', 'values were')} loaded as the nearest that the column holds`;
  warnings.push(warning('ALTERED', altered, `${what}, the bytes kept: ${others.join(', ')}`));
  return warnings;
}

function offsetOf(reason: string, zone: string | undefined, nowMicros: number): { offset_minutes?: number } {
  if (reason === 'TIMESTAMP_SKEW') return { offset_minutes: INDIA_OFFSET_MINUTES };
  return reason === 'TIMEZONE_APPLIED' ? { offset_minutes: offsetAt(nowMicros, zone ?? 'UTC') } : {};
}

function timeWarnings({ id }: SourceDefinition, tally: Tally, warning: Make): Warning[] {
  const future = [...tally.futureTimes].map(([column, rows]) => {
    const way = `the zone may be wrong; correct it with --timezone ${id}.${column}=ZONE`;
    return warning(
      'TIMESTAMP_IN_FUTURE',
      rows,
      `${column} of ${count(rows)} is later than now: ${way}`,
      column,
    );
  });
  const suspects = [...tally.suspects].map(([column, rows]) => {
    const way = `left as it is; --timezone ${id}.${column}=Asia/Kolkata corrects the column if you know better`;
    const what = `${column} of ${count(rows)} looks like India time, but nothing in the row proves it`;
    return warning('TIMESTAMP_UNPROVEN', rows, `${what}: ${way}`, column);
  });
  return [...future, ...suspects];
}

function historyWarnings(source: SourceDefinition, tally: Tally, warning: Make): Warning[] {
  // Lines of different files have the same numbers without being related.
  const overlapping = source.identity === 'legacy_id' && source.shapes ? tally.overlapping : 0;
  const { updated, conflicting, changedHere, gone, spoiled } = tally;
  return [
    warning(
      'OVERLAPPING_IDS',
      overlapping,
      `${count(overlapping)} with the id of a row in another file and other values: loaded too, known by file and id`,
    ),
    warning('SOURCE_UPDATED', updated, `${count(updated)} changed at the source since the last run: applied`),
    warning('CONFLICT', conflicting, `${count(conflicting)} changed at the source and here: kept as here`),
    warning(
      'CHANGED_HERE',
      changedHere,
      `${count(changedHere)} changed here after having been loaded and verified`,
    ),
    warning(
      'BAD_AT_SOURCE',
      spoiled,
      `${count(spoiled)} loaded earlier and bad at the source now: kept here as loaded, the bad one in quarantine`,
    ),
    warning('GONE_FROM_SOURCE', gone, `${count(gone)} loaded earlier and at the source no more: kept here`),
  ];
}
