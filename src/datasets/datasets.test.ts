import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadataAsync, parquetReadObjects, asyncBufferFromFile } from 'hyparquet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../test/support/durable.ts';
import { archiveStore, exportStore } from './index.ts';

const MICROS = '2026-01-05T10:00:00.123456Z';

describe.each(tierKinds)('datasets on the %s tier', (kind) => {
  let tier: TestTier;
  let directory: string;

  beforeAll(async () => {
    tier = await freshTier(kind);
  });
  afterAll(() => tier.remove());
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stockroom-datasets-'));
  });
  afterEach(async () => {
    rmSync(directory, { recursive: true, force: true });
    await tier.durable.transaction(async (session) => {
      await session.query("select set_config('stockroom.maintenance', 'on', true)");
      await session.query('delete from top_picks_runs');
      await session.query('delete from ai_recommendations');
    });
    await tier.durable.query('alter table top_picks_runs alter column id restart');
  });

  /** Two evaluated ones, one of them after the others, and an odd one. */
  async function recommendations(): Promise<void> {
    const insert = `insert into ai_recommendations (symbol, mode, universe, source, recommendation, direction, generated_at, score_blend,
        features, evaluated, evaluated_at, pnl_pct, labels) values ($1, 'Swing', 'NIFTY50', 'test', $2, 'LONG', $3, $4, $5, $6, $7, $8, $9)`;
    const rows = [
      [
        'TCS',
        'Buy',
        MICROS,
        80.1,
        '{"a": 12345678901234567890.5}',
        true,
        '2026-01-08T00:00:00Z',
        1.5,
        '{"x": 1}',
      ],
      [
        'M&M',
        'say "hi",\r\nthen buy',
        '2026-01-06T00:00:00Z',
        Number.NaN,
        null,
        true,
        '2026-02-08T00:00:00Z',
        2.5,
        null,
      ],
      [' BAJAJ', '', '1969-12-31T23:59:59.999999Z', -0, 'null', false, null, null, null],
      ['LATE', 'Buy', '2026-03-01T00:00:00Z', 1e300, '[]', false, null, null, null],
    ];
    for (const row of rows) await tier.durable.query(insert, row);
  }

  const exported = async (format: 'csv' | 'ndjson' | 'parquet', asOf?: string): Promise<string> => {
    const { files } = await exportStore({
      durable: tier.durable,
      store: 'recommendations',
      format,
      directory,
      asOf,
    });
    expect(readdirSync(directory)).toContain(`ai_recommendations.${format}`);
    expect(readdirSync(directory).filter((name) => name.endsWith('.part'))).toEqual([]);
    return files[0]!.file;
  };

  it('NDJSON holds every value exactly', async () => {
    await recommendations();
    const lines = readFileSync(await exported('ndjson'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('"features":{"a": 12345678901234567890.5}');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      symbol: 'TCS',
      generated_at: MICROS,
      evaluated: true,
      pnl_pct: 1.5,
      labels: { x: 1 },
    });
    expect(JSON.parse(lines[1]!)).toMatchObject({
      recommendation: 'say "hi",\r\nthen buy',
      score_blend: null,
    });
    expect(JSON.parse(lines[2]!)).toMatchObject({
      symbol: ' BAJAJ',
      generated_at: '1969-12-31T23:59:59.999999Z',
      evaluated: false,
    });
  });

  it('CSV can be read again, quotes, commas and line ends included', async () => {
    await recommendations();
    const text = readFileSync(await exported('csv'), 'utf8');
    const [head] = text.split('\r\n');
    expect(head!.split(',').slice(0, 3)).toEqual(['id', 'symbol', 'mode']);
    expect(text).toContain('"say ""hi"",\r\nthen buy"');
    expect(text).toContain(`,${MICROS},`);
    expect(text).toContain(',""');
  });

  it('Parquet has types that readers know', async () => {
    await recommendations();
    const file = await asyncBufferFromFile(await exported('parquet'));
    const metadata = await parquetMetadataAsync(file);
    const typeOf = (name: string) => metadata.schema.find((element) => element.name === name);
    expect(typeOf('generated_at')).toMatchObject({
      type: 'INT64',
      logical_type: { type: 'TIMESTAMP', unit: 'MICROS' },
    });
    expect(typeOf('score_blend')).toMatchObject({ type: 'DOUBLE' });
    expect(typeOf('features')).toMatchObject({ type: 'BYTE_ARRAY' });
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatchObject({ symbol: 'TCS', score_blend: 80.1, evaluated: true });
    expect(rows[1]!['score_blend']).toBeNaN();
    expect(rows[3]).toMatchObject({ score_blend: 1e300, labels: null });
  });

  it('as of a time nothing known later leaks in', async () => {
    await recommendations();
    const file = await exported('ndjson', '2026-01-31T00:00:00.000000Z');
    const rows = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map(({ symbol }) => symbol)).toEqual(['TCS', 'M&M', ' BAJAJ']);
    expect(rows[0]).toMatchObject({ evaluated: true, pnl_pct: 1.5 });
    expect(rows[1]).toMatchObject({ evaluated: false, evaluated_at: null, pnl_pct: null });
  });

  it('an empty history is an empty file with its columns', async () => {
    const file = await asyncBufferFromFile(await exported('parquet'));
    expect(await parquetReadObjects({ file })).toEqual([]);
    expect(readFileSync(await exported('csv'), 'utf8')).toMatch(/^id,symbol.*\r\n$/);
  });

  async function runs(count: number): Promise<void> {
    await tier.durable.query(
      `insert into top_picks_runs (run_id, universe, mode, generated_at, payload)
       select 'run ' || n, 'nifty50', 'Swing', timestamptz '2026-01-01' + n * interval '1 hour', jsonb_build_object('n', n)
       from generate_series(0, $1::int - 1) n`,
      [count],
    );
  }

  const before = '2026-02-10T00:00:00.000000Z';
  const archive = (more: { apply?: boolean; onProgress?: () => void } = {}) =>
    archiveStore({ durable: tier.durable, store: 'top-picks', before, directory, apply: true, ...more });
  const left = async (): Promise<number> =>
    (await tier.durable.query('select from top_picks_runs')).rows.length;
  const parts = (): string[] =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.parquet'))
      .sort();
  const rowsOf = async (): Promise<string[]> => {
    const all = await Promise.all(
      parts().map(async (name) =>
        parquetReadObjects({ file: await asyncBufferFromFile(join(directory, name)) }),
      ),
    );
    return all.flat().map((row) => row['run_id'] as string);
  };

  it('the archive takes what is old, by month, and leaves the rest', async () => {
    await runs(1_000);
    expect(await archive({ apply: false })).toMatchObject([
      { table: 'top_picks_runs', rows: 960, removed: 0 },
      { rows: 0 },
    ]);
    expect(parts()).toEqual([]);
    expect(await archive()).toMatchObject([
      { table: 'top_picks_runs', rows: 960, removed: 960, kept: 0 },
      { rows: 0 },
    ]);
    expect(parts().map((name) => name.replace(/part-.*$/, ''))).toEqual([
      'top_picks_runs/year=2026/month=01/',
      'top_picks_runs/year=2026/month=02/',
    ]);
    expect(new Set(await rowsOf()).size).toBe(960);
    expect(await left()).toBe(40);
    expect(await archive()).toMatchObject([{ rows: 0, removed: 0 }, { rows: 0 }]);
  });

  it('goes on where it was killed: before its manifest, and before everything was removed', async () => {
    await runs(960);
    const killed = () => {
      throw new Error('killed');
    };
    await expect(archive({ onProgress: killed })).rejects.toThrow('killed');
    expect(await left()).toBe(960);
    await archive();
    expect(await left()).toBe(0);
    // As if it had been killed after the manifest: some rows are still there, one of them changed since.
    const root = join(directory, 'top_picks_runs');
    const name = readdirSync(root).find((each) => each.startsWith('manifest-'))!;
    const manifest = JSON.parse(readFileSync(join(root, name), 'utf8')) as { removed: boolean };
    writeFileSync(join(root, name), JSON.stringify({ ...manifest, removed: false }));
    await tier.durable.query(
      `insert into top_picks_runs (id, run_id, universe, mode, generated_at, payload) overriding system value
       select n + 1, 'run ' || n, 'nifty50', 'Swing', timestamptz '2026-01-01' + n * interval '1 hour',
         jsonb_build_object('n', case n when 7 then -1 else n end) from generate_series(5, 9) n`,
    );
    // The changed one is archived again, as it is now.
    expect(await archive()).toMatchObject([{ rows: 1, removed: 5, kept: 1 }, {}]);
    expect(await left()).toBe(0);
    const archived = await rowsOf();
    expect(archived).toHaveLength(961);
    expect(archived.filter((run) => run === 'run 7')).toHaveLength(2);
  });

  it('removes nothing because of a file that was changed', async () => {
    await runs(10);
    await archive();
    const root = join(directory, 'top_picks_runs');
    const name = readdirSync(root).find((each) => each.startsWith('manifest-'))!;
    const manifest = JSON.parse(readFileSync(join(root, name), 'utf8')) as object;
    writeFileSync(join(root, name), JSON.stringify({ ...manifest, removed: false }));
    const part = join(directory, parts()[0]!);
    const bytes = readFileSync(part);
    bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 1;
    writeFileSync(part, bytes);
    await runs(10);
    await expect(archive()).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    expect(await left()).toBe(10);
  });

  it('names the stores when there is no such store', async () => {
    const options = { durable: tier.durable, store: 'nothing', directory, before, apply: true };
    await expect(archiveStore(options)).rejects.toMatchObject({ code: 'SOURCE_UNKNOWN' });
    await expect(archiveStore(options)).rejects.toThrow(/llm-costs, recommendations/);
  });
});
