import { globalScores } from '../../sources/global-scores.ts';
import type { LoadedTuple } from '../table-back.ts';
import { writeTime } from '../time-form.ts';
import type { FileBack, FileBackContext, FileChange } from './file-back.ts';
import { fileStyle, type FileStyle } from './file-style.ts';
import { byStoredName, namedChanges } from './named-members.ts';
import { decoded, editObject, encoded, memberOf, objectAt, valueOf, wholeObject } from './object-text.ts';
import { placed } from './places.ts';
import { loadedOf, memberChange } from './value-text.ts';
import { scalar } from '../../../legacy/json-files/document.ts';

const [SYMBOL, SCORE, TIMESTAMP, EXPIRES_AT] = [0, 1, 2, 3];
const usual = {
  example:
    '{"timestamp": "", "scores": {"S": {"symbol": "", "blend_score": 0.0, "confidence": "", "recommendation": "", "is_actionable": ' +
    'true, "recommendation_note": null, "risk_reward_ratio": 0.0, "color_scheme": {}, "agents": [{"agent": "", "score": 0.0, ' +
    '"confidence": "", "signals": [], "reasoning": "", "metadata": {}, "weight": 0.1}], "key_signals": [], "reasoning": "", ' +
    '"analyzed_at": ""}}, "ttl_hours": 6}',
  indent: '  ',
};
const EMPTY = '{"timestamp": null, "scores": {}, "ttl_hours": 6}';
const DEFAULT_HOURS = 6;
const MAX_HOURS = 87_600;
const MICROS_PER_HOUR = 3_600_000_000;
/** A score stands in `scores`. */
const DEPTH = 2;

/**
 * `data/global_scores/score_cache.json`: `{timestamp, scores: {SYMBOL: …}, ttl_hours}`. The file has one time for all its
 * scores, the rows have each their own: it gets that of the oldest one in it, so that none is given for newer than it is.
 * A score whose time is over is not written; and what was in a file whose time was over leaves it, as the old application
 * would not have read it: under a new time it would come alive.
 */
export const globalScoresBack: FileBack = {
  source: globalScores,
  besides: ['timestamp', 'expires_at'],
  placeOf(tuple, existing) {
    const path = placed('data/global_scores', 'score_cache.json', existing);
    return { path, key: String(tuple.values[SYMBOL]) };
  },
  build({ document, changes, context }) {
    const text = document ?? EMPTY;
    const top = wholeObject(text)!;
    const style = fileStyle(globalScores, document === null ? [] : [text], usual);
    const scores = objectAt(text, memberOf(top, 'scores')!.valueStart)!;
    const writing = { style, zones: context.timezones, depth: DEPTH, anew: context.anew === true };
    const [live, over] = byLife(changes, context);
    const byKey = byStoredName(scores);
    const column = globalScores.columns[SCORE]!;
    const { edits, verdicts } = namedChanges(
      byKey,
      live,
      (change) => change.key ?? change.tuple!.values[SYMBOL],
      (change, member) => {
        const tuple = change.tuple!;
        const there = member && text.slice(member.valueStart, member.valueEnd);
        const present = there === undefined ? undefined : decoded(there);
        const written = memberChange(column, tuple, tuple.values[SCORE]!, present, writing);
        return written === undefined ? (there ?? 'null') : encoded(written ?? 'null');
      },
      writing.anew,
    );
    for (const change of over) verdicts.set(change, 'expired');
    const stamp = newStamp(text, live, context);
    if (stamp.startsAnew) {
      const given = new Set(live.map(({ key, tuple }) => String(key ?? tuple?.values[SYMBOL])));
      for (const [key, members] of byKey)
        if (!given.has(key)) for (const { name } of members) edits.set(name, null);
    }
    const edited = editObject(text, scores, edits, style.layout, DEPTH);
    return [{ document: stamped(edited, stamp.micros, style, context), verdicts }];
  },
};

function byLife(
  changes: readonly FileChange[],
  { nowMicros, anew = false }: FileBackContext,
): [FileChange[], FileChange[]] {
  const isOver = ({ tuple }: FileChange): boolean => {
    const expires = tuple?.values[EXPIRES_AT] ?? null;
    return !anew && expires !== null && (expires as bigint) <= BigInt(nowMicros);
  };
  return [changes.filter((change) => !isOver(change)), changes.filter(isOver)];
}

/** The time of the file: null when it is to stay. */
function newStamp(
  document: string,
  live: readonly FileChange[],
  { nowMicros, timezones, anew = false }: FileBackContext,
): { micros: bigint | null; startsAnew: boolean } {
  const top = wholeObject(document)!;
  const present = loadedOf(
    globalScores.columns[TIMESTAMP]!,
    scalar(valueOf(document, top, 'timestamp')),
    timezones,
  );
  const times = live.flatMap(({ tuple }) => (tuple === null ? [] : [createdAt(tuple)]));
  const oldest = times.reduce<bigint | null>((min, at) => (min === null || at < min ? at : min), null);
  if (oldest === null) return { micros: null, startsAnew: false };
  const stated = Number(scalar(valueOf(document, top, 'ttl_hours')) ?? DEFAULT_HOURS);
  const hours = stated >= 0 && stated <= MAX_HOURS ? stated : DEFAULT_HOURS;
  const isOver = typeof present !== 'bigint' || Number(present) + hours * MICROS_PER_HOUR <= nowMicros;
  if (isOver && !anew) return { micros: oldest, startsAnew: true };
  return { micros: typeof present === 'bigint' && present <= oldest ? null : oldest, startsAnew: false };
}

const createdAt = ({ values }: LoadedTuple): bigint => values[TIMESTAMP] as bigint;

function stamped(
  document: string,
  micros: bigint | null,
  style: FileStyle,
  { timezones }: FileBackContext,
): string {
  const span = wholeObject(document)!;
  const column = globalScores.columns[TIMESTAMP]!;
  const forced = timezones.get(column.name) ?? null;
  const changes = new Map<string, string>();
  if (micros !== null)
    changes.set(column.name, JSON.stringify(writeTime(micros, style.time(column), column.zone, forced)));
  return editObject(document, span, changes, style.layout);
}
