import type { Clock } from '../../core/clock.ts';
import type { Calendar, Exchange } from '../../market/index.ts';
import { keyPart, partOf, type ProjectionContent } from '../../tiers/hot/index.ts';
import type { View } from '../../tiers/views/index.ts';
import { methods } from './formulas.ts';
import { isStale, openLifeMs, periodAt, type Scope, scopes } from './periods.ts';
import { type LevelsId, type LevelsRow, newestRow, recentIds } from './rows.ts';

const BEGINNING = 'sr:';
/** What `hot rebuild` brings to Redis at the most. */
const RECENT_MAX = 10_000;

const figures = ['p', 'r1', 'r2', 'r3', 's1', 's2', 's3', 'r4', 's4'] as const;

export interface LevelsViewOptions {
  readonly clock: Clock;
  readonly calendar: Pick<Calendar, 'isOpen' | 'next'>;
  readonly exchangeOf: (symbol: string) => Exchange;
}

/**
 * `sr:{symbol}:{timeframe}`, a hash of the floor pivots; those of another method have a third part, its name. Only levels that hold
 * are there: stale ones are in PostgreSQL.
 */
export function levelsView({ clock, calendar, exchangeOf }: LevelsViewOptions): View<LevelsId> {
  return {
    store: 'support-resistance',
    pattern: 'sr:{symbol}:{timeframe}',
    key: ({ symbol, scope, method }) =>
      BEGINNING + [symbol, scope, ...(method === 'floor' ? [] : [method])].map(keyPart).join(':'),
    idOf,
    build: async (source, id) => {
      const now = clock();
      const row = await newestRow(source, id);
      if (row === undefined || isStale(id.scope, Date.parse(row.computed_at), now.getTime()))
        return undefined;
      const expiresAtMs = expiryOf(id.scope, exchangeOf(id.symbol), calendar, now);
      return { content: { kind: 'hash', fields: fieldsOf(row) }, expiresAtMs };
    },
    recent: (source) => recentIds(source, clock().getTime(), RECENT_MAX),
  };
}

/** The end of the period; but only so long while the market is open, or from when it opens. */
export function expiryOf(
  scope: Scope,
  exchange: Exchange,
  calendar: Pick<Calendar, 'isOpen' | 'next'>,
  now: Date,
): number {
  const opensMs = calendar.isOpen(exchange, now)
    ? now.getTime()
    : Date.parse(calendar.next(exchange, now).opensAt);
  return Math.min(periodAt(scope, now.getTime()).endMs, opensMs + openLifeMs[scope]);
}

/** @returns undefined when the hash is of no levels, as after a change of its form */
export function rowOf(id: LevelsId, content: ProjectionContent | undefined): LevelsRow | undefined {
  if (content?.kind !== 'hash') return undefined;
  const { fields } = content;
  const computedAt = fields['computed_at'];
  if (computedAt === undefined) return undefined;
  const number = (name: string): number | null => {
    const text = fields[name];
    return text === undefined || text === '' ? null : Number(text);
  };
  const [p, r1, r2, r3, s1, s2, s3, r4, s4] = figures.map(number) as [number | null, ...(number | null)[]];
  return {
    symbol: id.symbol,
    timeframe_scope: id.scope,
    method: id.method,
    p,
    r1: r1 ?? null,
    r2: r2 ?? null,
    r3: r3 ?? null,
    s1: s1 ?? null,
    s2: s2 ?? null,
    s3: s3 ?? null,
    r4: r4 ?? null,
    s4: s4 ?? null,
    computed_at: computedAt,
    sessions: number('sessions'),
    last_session: fields['last_session'] === '' ? null : (fields['last_session'] ?? null),
  };
}

function idOf(key: string): LevelsId | undefined {
  if (!key.startsWith(BEGINNING)) return undefined;
  const [symbol, scope, method = 'floor', ...more] = key.slice(BEGINNING.length).split(':').map(partOf);
  const knownScope = scopes.find((name) => name === scope);
  const knownMethod = methods.find((name) => name === method);
  if (symbol === undefined || knownScope === undefined || knownMethod === undefined || more.length > 0) {
    return undefined;
  }
  return { symbol, scope: knownScope, method: knownMethod };
}

/** Every number in its shortest form, which reads back as the same double. */
function fieldsOf(row: LevelsRow): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)]),
  );
}
