/** What a top-picks payload says about its run, by the rules of the application that Stockroom took over from: see README.md. */
import type { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { titleCase } from '../../core/inputs.ts';
import { type Cell, type PreparedRow, prepareRow } from '../../tiers/durable/append/index.ts';
import { jsonText } from '../../tiers/state/json.ts';
import { engineTime, type SaveOptions, saveOptions, type SavePayload, savePayload } from './schema.ts';

const PAYLOAD_MAX_CHARACTERS = 8_000_000;

/** A run on its way, with its id and key made once: whoever tries again means the same run. */
export interface PreparedRun {
  readonly runId: string;
  /** The id is the caller's own, so that another run may have it too. */
  readonly hasGivenId: boolean;
  readonly row: PreparedRow;
}

type Payload = z.output<typeof savePayload>;

/**
 * @param now when the run is saved, with six decimals
 * @throws StockroomError INVALID_INPUT naming the field
 */
export function prepareRun(given: SavePayload, options: SaveOptions, now: string): PreparedRun {
  const document = asJson(given);
  const payload = checked(savePayload, document);
  const said = checked(saveOptions, options);
  const universe = payload.universe.trim().toLowerCase();
  const mode = titleCase(payload.mode.trim());
  const givenId = (said.run_id ?? payload.run_id)?.trim() ?? null;
  const time = said.generated_at ?? payload.generated_at ?? payload.as_of ?? now;
  const runId = givenId ?? `${universe}:${mode}:${now.slice(0, -1)}`;
  const cells: Record<string, Cell> = {
    run_id: runId,
    universe,
    mode,
    generated_at: engineTime(time) ?? now,
    trigger: (said.trigger ?? payload.trigger)?.trim() ?? null,
    total_analyzed: payload.total_analyzed ?? null,
    filtered_count: payload.filtered_count ?? payload.passed_filter ?? null,
    picks_count: (payload.items ?? payload.picks ?? []).length,
    elapsed_sec: said.elapsed_sec ?? elapsedOf(payload),
    payload: jsonText(document, 'payload', PAYLOAD_MAX_CHARACTERS),
  };
  const { idempotencyKey, ...meant } = said;
  const row = prepareRow({
    idempotencyKey: keyOf(idempotencyKey, givenId),
    // What the caller said, without what was made up for it: a repetition says the same.
    payload: { payload: document, ...meant },
    cells,
  });
  return { runId, hasGivenId: givenId !== null, row };
}

function elapsedOf({ elapsed_seconds, metadata }: Payload): number | null {
  return elapsed_seconds ?? metadata?.elapsed_seconds ?? metadata?.analysis_time_seconds ?? null;
}

/** Undefined: nobody else can mean the same run. */
function keyOf(idempotencyKey: string | undefined, runId: string | null): string | undefined {
  if (idempotencyKey !== undefined) return `key:${idempotencyKey}`;
  return runId === null ? undefined : `run:${runId}`;
}

/** As it would arrive over HTTP: NaN and infinities, which Python's engines give, are null. */
function asJson(given: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(given) ?? 'null') as unknown;
  } catch (cause) {
    throw new StockroomError(
      'INVALID_INPUT',
      'payload: expected JSON, found what cannot be written as JSON',
      {
        cause,
        details: { path: 'payload' },
      },
    );
  }
}

function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.join('.') || 'payload';
  throw new StockroomError('INVALID_INPUT', `${path}: expected ${issue.message}`, { details: { path } });
}
