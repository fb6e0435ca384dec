import type { Clock } from '../../core/clock.ts';
import { keyPart, partOf, type ProjectionContent } from '../../tiers/hot/index.ts';
import type { Built, Source, View } from '../../tiers/views/index.ts';
import { createLoader } from './loader.ts';
import { liveSymbols, newestScore, readScores, type StoredScore } from './rows.ts';

const SCORE = 'scores:global:';
const TIMESTAMP = 'scores:cache_timestamp';
/** What `hot rebuild` brings to Redis at the most. */
const RECENT_MAX = 10_000;

/** `scores:global:{symbol}`: a hash that lives as long as its score. */
export function scoreView(clock: Clock): View<string> {
  const loaders = new WeakMap<Source, (symbol: string) => Promise<StoredScore | undefined>>();
  const loaderOf = (source: Source) => {
    let loader = loaders.get(source);
    if (loader === undefined) {
      loader = createLoader(async (symbols) => {
        const rows = await readScores(source, symbols, clock().toISOString());
        return new Map(rows.map((row) => [row.key, row]));
      });
      loaders.set(source, loader);
    }
    return loader;
  };
  return {
    store: 'scores',
    pattern: 'scores:global:{symbol}',
    key: (symbol) => SCORE + keyPart(symbol),
    idOf: (key) => (key.startsWith(SCORE) ? partOf(key.slice(SCORE.length)) : undefined),
    build: async (source, symbol) => {
      const row = await loaderOf(source)(symbol);
      return row && { content: hashOf(row), ...expiry(row) };
    },
    recent: (source) => liveSymbols(source, clock().toISOString(), RECENT_MAX),
  };
}

/** `scores:cache_timestamp`: when the newest score that lives was made. */
export function timestampView(clock: Clock): View<'newest'> {
  return {
    store: 'scores',
    pattern: TIMESTAMP,
    key: () => TIMESTAMP,
    idOf: (key) => (key === TIMESTAMP ? 'newest' : undefined),
    build: async (source) => {
      const row = await newestScore(source, clock().toISOString());
      return row && { content: { kind: 'text', text: row.created_at }, ...expiry(row) };
    },
    recent: async () => ['newest'],
  };
}

/** @returns undefined when the hash is of no score, as after a change of its form */
export function storedOf(symbol: string, content: ProjectionContent | undefined): StoredScore | undefined {
  if (content?.kind !== 'hash') return undefined;
  const { score, timestamp, expires_at: expiresAt, document } = content.fields;
  if (timestamp === undefined || document === undefined) return undefined;
  return {
    key: symbol,
    value: JSON.parse(document) as unknown,
    blend_score: score === undefined || score === '' ? null : Number(score),
    created_at: timestamp,
    expires_at: expiresAt === undefined || expiresAt === '' ? null : expiresAt,
  };
}

function hashOf(row: StoredScore): ProjectionContent {
  const document: Record<string, unknown> =
    typeof row.value === 'object' && row.value !== null ? { ...row.value } : {};
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));
  return {
    kind: 'hash',
    fields: {
      score: row.blend_score === null ? '' : String(row.blend_score),
      timestamp: row.created_at,
      agent_scores_json: JSON.stringify(document['agents'] ?? []),
      confidence: text(document['confidence'] ?? ''),
      recommendation: text(document['recommendation'] ?? ''),
      is_actionable: text(document['is_actionable'] ?? ''),
      expires_at: row.expires_at ?? '',
      document: JSON.stringify(row.value ?? null),
    },
  };
}

function expiry({ expires_at: expiresAt }: Pick<StoredScore, 'expires_at'>): Pick<Built, 'expiresAtMs'> {
  return expiresAt === null ? {} : { expiresAtMs: Date.parse(expiresAt) };
}
