import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { freshStores, type TestStores } from '../../../test/support/stores.ts';
import { createLlmCosts, type LlmCosts } from './store.ts';

const call = { model: 'gpt-4', tokens_input: 10, tokens_output: 10, cost_usd: '0.001' };
const CALLERS = 8;
const CALLS = 30;

let stores: TestStores;
let llmCosts: LlmCosts;
beforeAll(async () => {
  stores = await freshStores('server');
  llmCosts = createLlmCosts(stores);
});
afterAll(async () => {
  await llmCosts.close();
  await stores.remove();
});

it('connections that end under load, and Redis emptied meanwhile: everything acknowledged is there, once', async () => {
  const acknowledged = new Map<string, unknown>();
  const ending = (async () => {
    let ended = 0;
    while (acknowledged.size < CALLERS * CALLS) {
      // Whatever they do: at COMMIT too, when nobody can say whether it happened.
      const { rows } = await stores.durable
        .query<{ n: bigint }>(
          `select count(*) filter (where pg_terminate_backend(pid)) as n from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
        )
        .catch(() => ({ rows: [] }));
      ended += Number(rows[0]?.n ?? 0);
      await stores.flush();
      const enough = Math.min(acknowledged.size + 2 * CALLERS, CALLERS * CALLS);
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThanOrEqual(enough), {
        timeout: 30_000,
        interval: 2,
      });
    }
    return ended;
  })();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let n = 0; n < CALLS; n += 1) {
        const response_id = `${caller}-${n}`;
        for (;;) {
          try {
            acknowledged.set(response_id, (await llmCosts.log({ ...call, response_id })).id);
            break;
          } catch (error) {
            // Its own tries are bounded; a caller that has the id of the response logs it again.
            expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
          }
        }
      }
    }),
  );
  expect(await ending).toBeGreaterThan(0);
  const { rows } = await stores.durable.query<{ id: bigint; response_id: string }>(
    'select id, response_id from llm_requests',
  );
  expect(rows).toHaveLength(CALLERS * CALLS);
  expect(new Map(rows.map(({ id, response_id }) => [response_id, Number(id)]))).toEqual(acknowledged);
  expect(await llmCosts.spend()).toMatchObject({ total_requests: CALLERS * CALLS, total_cost_usd: '0.24' });
});

it('after a new price the keys follow', async () => {
  const created_at = new Date().toISOString();
  const date = created_at.slice(0, 10);
  const { id } = await llmCosts.log({ model: 'house', tokens_input: 1_000, tokens_output: 0, created_at });
  await llmCosts.putPriceOverride(
    {
      model: 'house',
      valid_from: '2020-01-01T00:00:00.000000Z',
      input_usd_per_1k: '0.5',
      output_usd_per_1k: '1',
    },
    'test',
  );
  const field = (key: string, name: string): Promise<string | null> =>
    stores.ask('HGET', `stockroom:${key}`, name);
  expect([
    await field(`llm:request:${id}`, 'model'),
    await field(`llm:request:${id}`, 'cost_usd'),
    await field(`llm:daily:${date}`, 'unpriced_requests'),
  ]).toEqual(['house', null, '1']);
  await llmCosts.reprice({ from: `${date}T00:00:00.000000Z`, to: '9999-01-01T00:00:00.000000Z' }, 'test');
  expect([
    await field(`llm:request:${id}`, 'cost_usd'),
    await field(`llm:model:house:${date}`, 'cost'),
    await field(`llm:daily:${date}`, 'total_cost'),
  ]).toEqual(['0.5', '0.5', '0.74']);
});
