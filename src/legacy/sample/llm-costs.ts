import { LegacyDatabase } from './database.ts';
import { LLM_COSTS_SCHEMA } from './ddl.ts';
import type { Sample } from './sample.ts';
import { historyStart, sqliteTime } from './times.ts';

const FILE = 'cache/llm_costs.db';
const REQUESTS_PER_SCALE = 300;

/** Dollars for 1,000 tokens in and out, as the old application priced them: a model it did not know as gpt-4. */
const PRICES = [
  ['gpt-3.5-turbo', 0.0015, 0.002],
  ['gpt-4-turbo', 0.01, 0.03],
  ['gpt-4', 0.03, 0.06],
  ['gpt-4o-mini', 0.03, 0.06],
] as const;

/** `cache/llm_costs.db`: one row a request, oldest first, up to the present. */
export async function writeLlmCosts(sample: Sample): Promise<void> {
  const { now, scale } = sample.settings;
  const random = sample.random('llm_requests');
  const count = REQUESTS_PER_SCALE * scale;
  const start = historyStart(now, scale);
  const db = new LegacyDatabase(sample.path(FILE), LLM_COSTS_SCHEMA);
  try {
    db.prepare('llm_requests', ['model', 'tokens_input', 'tokens_output', 'cost_usd', 'created_at']);
    for (let i = 0; i < count; i += 1) {
      const [model, input, output] = random.pick(PRICES);
      const tokensIn = random.int(200, 5000);
      const tokensOut = random.int(50, 1500);
      const cost = (tokensIn / 1000) * input + (tokensOut / 1000) * output;
      const created = start + Math.floor(((now - start) * (i + random.next())) / count);
      // Trap: an empty string where NULL was meant, from an import of bills without a price.
      const price = sample.trap(i, 5000, 150) ? '' : cost;
      db.insert('llm_requests', [model, tokensIn, tokensOut, price, sqliteTime(created)]);
      sample.count('llm_requests', FILE, 1);
      if (db.batchFull) {
        await db.commitBatch();
        sample.progress(FILE);
      }
    }
    db.finish();
    sample.progress(FILE);
  } finally {
    db.close();
  }
}
