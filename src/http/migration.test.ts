import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';
import { ORIGINAL_MAX_BYTES } from '../migration/history.ts';

const report = {
  ok: false,
  exit: 3,
  directory: '/old',
  elapsed_ms: 1_234,
  sources: [
    {
      id: 'llm_requests',
      store: 'llm-costs',
      files: ['cache/llm_costs.db'],
      read: 300,
      loaded: 297,
      quarantined: 2,
      skipped: 1,
      skipped_reason: 'duplicate',
      altered: 4,
      verified: true,
      checksum: 'abc',
      rows_per_second: 9_000,
    },
  ],
  unreadable: [],
  unclaimed: [],
  warnings: [],
};

let tier: TestTier;
let server: TestServer;
const get = async (url: string) => (await server.app.inject({ url })).json<Record<string, unknown>>();
const run = (command: string, exit: number | null, document: unknown) =>
  tier.durable.query(
    `insert into migration_runs (directory, command, started_at, finished_at, exit_code, tool_version, schema_version, report)
     values ('/old', $1, '2026-11-22T10:00:00Z', case when $2::int is null then null else '2026-11-22T10:00:01Z'::timestamptz end, $2, '0.1.0', 2, $3)`,
    [command, exit, document === null ? null : JSON.stringify(document)],
  );
const quarantine = (source: string, key: string, bytes: Uint8Array) =>
  tier.durable.query(
    `insert into migration_quarantine (source, file, key, "column", reason, detail, bytes, unit, chunk, quarantined_at)
     values ($1, 'cache/llm_costs.db', $2, 'cost_usd', 'NOT_A_NUMBER', 'found 12x', $3, 'cache/llm_costs.db', 0, '2026-11-22T10:00:00Z')`,
    [source, key, bytes],
  );

beforeAll(async () => {
  tier = await freshTier('server');
  server = await testServer({ durable: tier.durable });
});
afterAll(async () => {
  await server.app.close();
  await tier.remove();
});

describe('GET /v1/migration', () => {
  it('says when there was none', async () => {
    expect(await get('/v1/migration')).toEqual({ last: null, runs: [] });
    expect((await server.app.inject({ url: '/metrics' })).body).not.toContain('stockroom_migration_rows{');
  });

  it('gives the last report and every run, also one that has none', async () => {
    await run('run', 4, { ...report, exit: 4 });
    await run('run', 3, report);
    await run('verify', null, null);
    const common = { directory: '/old', started_at: '2026-11-22T10:00:00.000000Z', tool_version: '0.1.0' };
    const second = {
      id: 2,
      command: 'run',
      exit_code: 3,
      finished_at: '2026-11-22T10:00:01.000000Z',
      ...common,
    };
    expect(await get('/v1/migration')).toEqual({
      last: { ...second, schema_version: 2, report },
      runs: [
        { id: 3, command: 'verify', exit_code: null, finished_at: null, schema_version: 2, ...common },
        { ...second, schema_version: 2 },
        { ...second, id: 1, exit_code: 4, schema_version: 2 },
      ],
    });
  });

  it('puts the rows of the last report in the metrics', async () => {
    const { body } = await server.app.inject({ url: '/metrics' });
    const rows = body.split('\n').filter((line) => line.startsWith('stockroom_migration_rows{'));
    expect(rows.sort()).toEqual([
      'stockroom_migration_rows{source="llm_requests",outcome="altered"} 4',
      'stockroom_migration_rows{source="llm_requests",outcome="loaded"} 297',
      'stockroom_migration_rows{source="llm_requests",outcome="quarantined"} 2',
      'stockroom_migration_rows{source="llm_requests",outcome="read"} 300',
      'stockroom_migration_rows{source="llm_requests",outcome="skipped"} 1',
    ]);
  });
});

describe('GET /v1/migration/quarantine', () => {
  const json = '{"id":{"integer":"7"},"cost_usd":"12x"}';
  beforeAll(async () => {
    await quarantine('llm_requests', '7', Buffer.from(json));
    await quarantine('llm_requests', '8', Buffer.from('{"half":'));
    await quarantine('price_history', '9', Uint8Array.of(0xff, 0x00, 0x80));
    // The cut goes through the last character.
    await quarantine('price_history', '10', Buffer.from(`"${'é'.repeat(ORIGINAL_MAX_BYTES)}"`));
  });

  it('gives reason and original of every row', async () => {
    const { items } = await get('/v1/migration/quarantine');
    expect(items).toEqual([
      {
        id: 1,
        source: 'llm_requests',
        file: 'cache/llm_costs.db',
        key: '7',
        column: 'cost_usd',
        reason: 'NOT_A_NUMBER',
        detail: 'found 12x',
        quarantined_at: '2026-11-22T10:00:00.000000Z',
        original: json,
        original_format: 'json',
        original_bytes: json.length,
        original_truncated: false,
      },
      expect.objectContaining({ key: '8', original: '{"half":', original_format: 'text' }),
      expect.objectContaining({ key: '9', original: '/wCA', original_format: 'base64', original_bytes: 3 }),
      expect.objectContaining({
        key: '10',
        original: `"${'é'.repeat((ORIGINAL_MAX_BYTES - 2) / 2)}`,
        original_format: 'text',
        original_bytes: 2 * ORIGINAL_MAX_BYTES + 2,
        original_truncated: true,
      }),
    ]);
  });

  it('gives one source, page by page', async () => {
    const first = await get('/v1/migration/quarantine?source=price_history&limit=1');
    expect(first).toMatchObject({ items: [{ key: '9' }], next_cursor: expect.any(String) });
    const next = await get(
      `/v1/migration/quarantine?source=price_history&limit=1&cursor=${String(first['next_cursor'])}`,
    );
    expect(next).toMatchObject({ items: [{ key: '10' }], next_cursor: null });
    expect(await get('/v1/migration/quarantine?source=nobody')).toEqual({ items: [], next_cursor: null });
  });
});
