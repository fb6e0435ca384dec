import { engineTime } from '../../core/engine-time.ts';
/**
 * What a top-picks payload says about recommendations, by the rules of the application that Stockroom took over from. They are
 * listed in README.md.
 */
import type { z } from 'zod';
import { titleCase } from '../../core/inputs.ts';
import { type Cell, type PreparedRow, prepareRow } from '../../tiers/durable/append/index.ts';
import { jsonText } from '../../tiers/state/json.ts';
import { checked, textField, withoutNaN } from './fields.ts';
import { type TopPicksPayload, topPicksPayload } from './schema.ts';

/** Picks of a payload that become recommendations. */
export const RUN_ITEMS_MAX = 50;
const FEATURES_MAX_CHARACTERS = 1_000_000;
const DEFAULT_SOURCE = 'top_picks';

export interface LogOptions {
  /** Before the payload's own. */
  readonly run_id?: string | undefined;
  /** Who logs it. Before the payload's own. */
  readonly source?: string | undefined;
  /** Before the payload's own; without a zone it is India time. */
  readonly generated_at?: string | undefined;
  /** The same key with another run is a conflict. A run with an id of its own needs none to be logged once. */
  readonly idempotencyKey?: string | undefined;
}

/** A run on its way, with its keys made once: whoever tries again means the same rows. */
export interface PreparedRun {
  readonly runId: string;
  /** Whether the caller said the id: then the run is logged once, whatever its key. */
  readonly isNamed: boolean;
  readonly rows: readonly PreparedRow[];
  /** Picks beyond the bound. */
  readonly dropped: number;
}

type Payload = z.output<typeof topPicksPayload>;
type Item = NonNullable<Payload['items']>[number];
type Cells = Readonly<Record<string, Cell>>;

/** @throws StockroomError INVALID_INPUT naming the field */
export function prepareRun(given: TopPicksPayload, options: LogOptions, now: Date): PreparedRun {
  const payload = checked(topPicksPayload, withoutNaN(given), 'payload');
  const picks = payload.items ?? payload.picks ?? [];
  const mode = titleCase(payload.mode);
  const said = options.generated_at === undefined ? undefined : checkedTime(options.generated_at);
  const generatedAt = said ?? payload.generated_at ?? payload.as_of ?? null;
  const givenId = options.run_id ?? payload.run_id ?? null;
  const runId = givenId === null ? runIdAt(payload.universe ?? 'unknown', mode, now) : checkedRunId(givenId);
  const of = {
    mode,
    universe: (payload.universe ?? 'unknown').toUpperCase(),
    source: checkedSource(options.source ?? payload.source ?? DEFAULT_SOURCE),
    policy_version: textOf(payload.policy_version ?? payload.metadata?.policy_version),
  };
  const cells = picks.slice(0, RUN_ITEMS_MAX).map(
    (item, index): Cells => ({
      ...of,
      ...cellsOf(item, index, mode),
      risk_profile: item.risk_profile ?? payload.risk_profile ?? null,
      features: featuresOf(item, payload, index),
    }),
  );
  // What the caller said, without what was made up for it: a repetition says the same.
  const meant = { run_id: givenId, generated_at: generatedAt, items: cells };
  const key = keyOf(givenId, options.idempotencyKey);
  const rows = cells.map((row, index) =>
    prepareRow({
      idempotencyKey: key === undefined ? undefined : `${key}:${index + 1}`,
      payload: { ...meant, position: index },
      cells: { ...row, run_id: runId, generated_at: generatedAt ?? now.toISOString() },
    }),
  );
  return { runId, isNamed: givenId !== null, rows, dropped: picks.length - cells.length };
}

function cellsOf(item: Item, index: number, mode: string): Cells {
  const price = item.price ?? null;
  return {
    symbol: item.symbol.toUpperCase(),
    recommendation: item.recommendation,
    direction: item.recommendation.toLowerCase().includes('sell') ? 'SHORT' : 'LONG',
    // The old code wrote `entry_price or price`, to which 0 is none.
    entry_price: mode === 'Scalping' ? item.entry_price || price : price,
    stop_loss_price: item.exit_strategy?.stop_loss_price ?? null,
    target_price: item.exit_strategy?.target_price ?? null,
    score_blend: scoreOf(item),
    confidence: textOf(item.confidence),
    rank_in_run: item.rank ?? index + 1,
  };
}

/** Null is an answer: only what is absent falls back. */
function scoreOf({ score_blend, blend_score }: Item): number | null {
  if (score_blend !== undefined) return score_blend;
  return blend_score === undefined ? 0 : blend_score;
}

/** What the engine gives besides and the figures need later. */
function featuresOf(item: Item, { elapsed_seconds, metadata }: Payload, index: number): string {
  const elapsed = elapsed_seconds ?? metadata?.elapsed_seconds ?? metadata?.analysis_time_seconds ?? null;
  const features = {
    scores: item['scores'] ?? null,
    agent_consensus: item['agent_consensus'] ?? null,
    key_signals: item['key_signals'] ?? null,
    exit_strategy: item.exit_strategy ?? {},
    reasoning: item['reasoning'] ?? null,
    horizon: item['horizon'] ?? null,
    risk_reward_ratio: item['risk_reward_ratio'] ?? null,
    color_scheme: item['color_scheme'] ?? null,
    recommendation_note: item['recommendation_note'] ?? null,
    metadata: { elapsed_seconds: elapsed },
  };
  return jsonText(features, `items.${index}`, FEATURES_MAX_CHARACTERS);
}

function textOf(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

const checkedTime = (text: string): string => checked(engineTime, text, 'generated_at');
const checkedRunId = (text: string): string => checked(textField(500), text, 'run_id');
const checkedSource = (text: string): string => checked(textField(200), text, 'source');

/** As the engine makes them: `nifty50:Scalping:2026-11-22T20:28:31.289000`, in UTC. */
function runIdAt(universe: string, mode: string, now: Date): string {
  return `${universe.toLowerCase()}:${mode}:${now.toISOString().slice(0, -1)}000`;
}

/** Undefined: nobody else can mean the same rows. */
function keyOf(runId: string | null, idempotencyKey: string | undefined): string | undefined {
  if (idempotencyKey !== undefined) return `key:${idempotencyKey}`;
  return runId === null ? undefined : `run:${runId}`;
}
