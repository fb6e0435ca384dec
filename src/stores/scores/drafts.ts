import { StockroomError } from '../../core/errors.ts';
import { jsonText } from '../../tiers/state/json.ts';
import type { NewScore } from './rows.ts';
import { LIFE_HOURS, type ParsedScore, PUT_MAX, type ScoreInput, scoreInput } from './schema.ts';

/** Of the JSON of one score. */
const SCORE_MAX_CHARACTERS = 256 * 1024;
const HOUR_MS = 3_600_000;
/** What the answers add, and what says the time a second time. */
const ours: ReadonlySet<string> = new Set(['timestamp', 'expires_at', 'rank', 'global_rank']);

export interface Preparation {
  readonly nowMs: number;
  /** How far ahead of now a time may be. */
  readonly aheadMs: number;
  readonly timestamp?: string | undefined;
  readonly ttl_hours?: number | undefined;
}

/**
 * Scores as rows, one a symbol: of several the newest, of those as new the last.
 * @throws StockroomError INVALID_INPUT naming the score and its member
 */
export function prepareScores(scores: readonly ScoreInput[], preparation: Preparation): NewScore[] {
  if (scores.length > PUT_MAX) throw refused('scores', `at most ${PUT_MAX} scores`, String(scores.length));
  const lifeMs = lifeOf(preparation.ttl_hours ?? LIFE_HOURS);
  const bySymbol = new Map<string, NewScore>();
  for (const [index, given] of scores.entries()) {
    const row = rowOf(parse(given, `scores[${index}]`), `scores[${index}]`, lifeMs, preparation);
    const other = bySymbol.get(row.symbol);
    if (other === undefined || other.at <= row.at) bySymbol.set(row.symbol, row);
  }
  return [...bySymbol.values()];
}

function parse(given: ScoreInput, at: string): ParsedScore {
  const parsed = scoreInput.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [at, ...(issue?.path ?? [])].join('.');
  throw refused(place, issue?.message ?? 'another value', 'another');
}

function rowOf(score: ParsedScore, place: string, lifeMs: number, preparation: Preparation): NewScore {
  const { nowMs, aheadMs } = preparation;
  const at = score.analyzed_at ?? score.timestamp ?? preparation.timestamp ?? microseconds(nowMs);
  const atMs = Date.parse(at);
  if (atMs > nowMs + aheadMs) {
    throw refused(
      `${place}.analyzed_at`,
      'a time that is not in the future (the old application wrote local times with a Z)',
      at,
    );
  }
  const members = Object.entries(score).filter(([name, member]) => !ours.has(name) && member !== undefined);
  const document = { ...Object.fromEntries(members), analyzed_at: at };
  return {
    symbol: score.symbol,
    body: jsonText(document, place, SCORE_MAX_CHARACTERS),
    at,
    expiresAt: microseconds(atMs + lifeMs, at),
  };
}

function lifeOf(hours: number): number {
  if (hours > 0 && hours <= LIFE_HOURS) return hours * HOUR_MS;
  throw refused('ttl_hours', `more than 0 and at most ${LIFE_HOURS}`, String(hours));
}

/** With the microseconds of `like`. */
function microseconds(ms: number, like?: string): string {
  return new Date(ms).toISOString().replace('Z', `${like?.slice(-4, -1) ?? '000'}Z`);
}

function refused(at: string, expected: string, found: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `${at}: expected ${expected}, found ${found}`, {
    details: { path: at, expected, found },
  });
}
