import type { Warning } from './report.ts';
import type { SourceDefinition } from './source.ts';
import { INDIA_OFFSET_MINUTES } from './sources/ai-recommendations.ts';
import type { Tally } from './tally.ts';
import { offsetAt } from './values/time.ts';

/** Reasons of kept originals that a person has to know of; the others are counted under ALTERED. */
const telling: Readonly<Record<string, (rows: number, column: string) => string>> = {
  TIMESTAMP_SKEW: (rows, column) =>
    `${rows} rows hold India time with a Z glued on in ${column}, as their run ids prove: loaded as the UTC that they mean`,
  TIMEZONE_APPLIED: (rows, column) => `${rows} rows of ${column} were read in the zone that was given for it`,
  SEVERAL_ACTIVE: (rows) => `${rows} policies were active beside the one activated last: loaded as RETIRED`,
  OPEN_SESSION: (rows) =>
    `${rows} files held candles of a session that was still open when they were cached: those were left out`,
};

/** What the rows of a source showed, as warnings. */
export function warningsOf(
  source: SourceDefinition,
  tally: Tally,
  timezones: ReadonlyMap<string, string>,
  nowMicros: number,
): Warning[] {
  const warnings: Warning[] = [];
  const add = (code: string, rows: number, detail: string, column: string | null = null): Warning => {
    const warning: Warning = { code, source: source.id, column, rows, detail };
    if (rows > 0) warnings.push(warning);
    return warning;
  };
  let altered = 0;
  const reasons = new Map<string, number>();
  for (const { column, reason, rows } of tally.alterations.values()) {
    const tell = telling[reason];
    if (!tell) {
      altered += rows;
      reasons.set(reason, (reasons.get(reason) ?? 0) + rows);
      continue;
    }
    const warning = add(reason, rows, tell(rows, column), column);
    if (reason === 'TIMESTAMP_SKEW') warning.offset_minutes = INDIA_OFFSET_MINUTES;
    if (reason === 'TIMEZONE_APPLIED')
      warning.offset_minutes = offsetAt(nowMicros, timezones.get(column) ?? 'UTC');
  }
  const list = [...reasons].map(([reason, rows]) => `${reason} ${rows}`).join(', ');
  add(
    'ALTERED',
    altered,
    `${altered} values were loaded as the nearest their columns hold, their bytes kept: ${list}`,
  );
  for (const [column, rows] of tally.futureTimes) {
    add(
      'TIMESTAMP_IN_FUTURE',
      rows,
      `${rows} rows say in ${column} that they were written later than now: the zone may be wrong; correct it with --timezone ${source.id}.${column}=ZONE`,
      column,
    );
  }
  for (const [column, rows] of tally.suspects) {
    const detail = `${rows} rows look like India time in ${column}, but nothing in them proves it: left as they are; correct them with --timezone ${source.id}.${column}=Asia/Kolkata if you know better`;
    add('TIMESTAMP_UNPROVEN', rows, detail, column);
  }
  add(
    'OVERLAPPING_IDS',
    source.identity === 'legacy_id' && source.shapes ? tally.overlapping : 0,
    `${tally.overlapping} rows have the id of a row in another file and other values: all are loaded, known by file and id`,
  );
  add(
    'SOURCE_UPDATED',
    tally.updated,
    `${tally.updated} rows changed at the source since they were loaded: applied`,
  );
  add(
    'CONFLICT',
    tally.conflicting,
    `${tally.conflicting} rows changed at the source and here: kept as they are here`,
  );
  add(
    'CHANGED_HERE',
    tally.changedHere,
    `${tally.changedHere} rows were changed here after they were loaded and verified`,
  );
  add(
    'GONE_FROM_SOURCE',
    tally.gone,
    `${tally.gone} rows that were loaded are at the source no more: kept here`,
  );
  return warnings;
}
