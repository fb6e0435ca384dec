import type { Clock } from '../../core/clock.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { Source } from '../../tiers/views/index.ts';
import { writeAudit } from './audit.ts';
import type { OverrideInput, OverrideItem } from './price-schema.ts';

/** Prices of a model from a time on. */
export interface Override {
  readonly model: string;
  /** ISO time in UTC with six decimals. */
  readonly valid_from: string;
  readonly input_usd_per_1k: string;
  readonly output_usd_per_1k: string;
  readonly cached_read_usd_per_1k: string | null;
  readonly cached_write_usd_per_1k: string | null;
}

/** More than anybody keeps by hand; the list ends there. */
const LISTED_MAX = 10_000;

const fields = `model, valid_from, trim_scale(input_usd_per_1k) as input_usd_per_1k,
  trim_scale(output_usd_per_1k) as output_usd_per_1k,
  trim_scale(cached_read_usd_per_1k) as cached_read_usd_per_1k,
  trim_scale(cached_write_usd_per_1k) as cached_write_usd_per_1k`;

/** @returns by model, the newest first; a model without any has no entry */
export async function overridesOf(
  source: Source,
  models: Iterable<string>,
): Promise<ReadonlyMap<string, readonly Override[]>> {
  const { rows } = await source.query<Override>(
    `select ${fields} from llm_price_overrides where model = any($1::text[]) order by model, valid_from desc`,
    [[...new Set(models)]],
  );
  const byModel = new Map<string, Override[]>();
  for (const row of rows) {
    const known = byModel.get(row.model);
    if (known === undefined) byModel.set(row.model, [row]);
    else known.push(row);
  }
  return byModel;
}

export async function listOverrides(source: Source): Promise<OverrideItem[]> {
  const { rows } = await source.query<OverrideItem>(
    `select ${fields} from llm_price_overrides order by model, valid_from desc limit $1`,
    [LISTED_MAX],
  );
  return rows;
}

/** Of the same model and time, the later one stands. */
export async function putOverride(
  durable: DurableTier,
  clock: Clock,
  input: OverrideInput,
  actor: string,
): Promise<OverrideItem> {
  return durable.transaction(async (session) => {
    const { rows } = await session.query<OverrideItem>(
      `insert into llm_price_overrides
         (model, valid_from, input_usd_per_1k, output_usd_per_1k, cached_read_usd_per_1k, cached_write_usd_per_1k)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (model, valid_from) do update set
         input_usd_per_1k = excluded.input_usd_per_1k, output_usd_per_1k = excluded.output_usd_per_1k,
         cached_read_usd_per_1k = excluded.cached_read_usd_per_1k,
         cached_write_usd_per_1k = excluded.cached_write_usd_per_1k
       returning ${fields}`,
      [
        input.model,
        input.valid_from ?? clock(),
        input.input_usd_per_1k,
        input.output_usd_per_1k,
        input.cached_read_usd_per_1k ?? null,
        input.cached_write_usd_per_1k ?? null,
      ],
    );
    const item = rows[0]!;
    const { model, ...detail } = item;
    await writeAudit(session, { actor, action: 'llm-price-override', subject: `llm-price:${model}`, detail });
    return item;
  });
}
