import { z } from 'zod';
import { parseEngineTime } from '../../core/engine-time.ts';
import { type PickInput, pickInput, PICKS_MAX, priceOf } from './schema.ts';

export interface RunPicksOptions {
  readonly runId?: string | undefined;
  /** UTC; without it the payload's own time. */
  readonly signalTs?: string | undefined;
  /** Where the picks come from: TOP_PICKS by default. */
  readonly source?: string | undefined;
  /** What the payload does not say itself. */
  readonly universe?: string | undefined;
  readonly mode?: string | undefined;
}

export interface RunPicks {
  readonly picks: PickInput[];
  /** Items that are no picks, by their place in the payload. */
  readonly skipped: { readonly index: number; readonly reason: string }[];
}

const optionalNumber = z.number().nullish().catch(null);
const optionalText = z.string().nullish().catch(null);

const level = z
  .looseObject({ stop_loss_price: optionalNumber, target_price: optionalNumber })
  .nullish()
  .catch(null);

const agent = z.looseObject({
  agent: z.string(),
  score: optionalNumber,
  confidence: optionalText,
});

const item = z.looseObject({
  rank: optionalNumber,
  entry_price: optionalNumber,
  price: optionalNumber,
  blend_score: optionalNumber,
  score_blend: optionalNumber,
  recommendation: optionalText,
  confidence: optionalText,
  risk_reward_ratio: optionalNumber,
  exit_strategy: level,
  scores: z.record(z.string(), z.unknown()).nullish().catch(null),
  agents: z.array(z.unknown()).nullish().catch(null),
});

const payloadForm = z.looseObject({
  items: z.array(z.unknown()).optional(),
  picks: z.array(z.unknown()).optional(),
  universe: optionalText,
  mode: optionalText,
  as_of: optionalText,
  generated_at: optionalText,
});

/**
 * The picks of a whole top-picks payload, for `log` and `logIn`. A pick's price is its entry_price or price in every mode, stop and
 * target come from its exit_strategy, and what each agent said from `agents` or `scores`. A time without a zone is India's, as the
 * engine writes it. Items without a symbol or a price are no picks.
 */
export function picksOfRun(payload: unknown, options: RunPicksOptions = {}): RunPicks {
  const run = payloadForm.safeParse(payload).data;
  const items = (run?.items ?? run?.picks ?? []).slice(0, PICKS_MAX);
  const signal = options.signalTs ?? engineTime(run?.as_of) ?? engineTime(run?.generated_at);
  const picks: PickInput[] = [];
  const skipped: RunPicks['skipped'][number][] = [];
  for (const [index, raw] of items.entries()) {
    const given = pickOf(raw, {
      ...options,
      universe: options.universe ?? run?.universe ?? undefined,
      mode: options.mode ?? run?.mode ?? undefined,
      signalTs: signal,
    });
    const parsed = pickInput.safeParse(given);
    if (parsed.success) picks.push(parsed.data);
    else skipped.push({ index, reason: reasonOf(parsed.error) });
  }
  return { picks, skipped };
}

function pickOf(raw: unknown, options: RunPicksOptions): unknown {
  const found = item.safeParse(raw).data;
  if (found === undefined) return raw;
  const rank = found.rank ?? undefined;
  return {
    symbol: found['symbol'],
    source: options.source ?? 'TOP_PICKS',
    mode: options.mode,
    universe: options.universe,
    signal_ts: options.signalTs,
    signal_price: priceOf(found),
    recommended_entry: priceOf(found),
    recommended_target: found.exit_strategy?.target_price,
    recommended_stop: found.exit_strategy?.stop_loss_price,
    blend_score: found.blend_score ?? found.score_blend,
    recommendation: found.recommendation,
    confidence: found.confidence,
    extra_context: { rank: rank ?? null, rr: found.risk_reward_ratio ?? null, run_id: options.runId ?? null },
    contributions: contributionsOf(found),
  };
}

/** `agents` says more about each; `scores` is what most payloads have. */
function contributionsOf({ agents, scores }: z.output<typeof item>): unknown[] {
  const told = (agents ?? []).flatMap((each) => agent.safeParse(each).data ?? []);
  if (told.length > 0) {
    return told.map(({ agent: agent_name, score, confidence, ...metadata }) => ({
      agent_name,
      score,
      confidence,
      metadata: Object.keys(metadata).length === 0 ? null : metadata,
    }));
  }
  return Object.entries(scores ?? {}).map(([agent_name, score]) => ({
    agent_name,
    score: typeof score === 'number' ? score : null,
  }));
}

function engineTime(text: string | null | undefined): string | undefined {
  return text === null || text === undefined ? undefined : parseEngineTime(text);
}

function reasonOf(error: z.ZodError): string {
  const [first] = error.issues;
  return `${first?.path.join('.') ?? ''}: expected ${first?.message ?? 'another value'}`;
}
