import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type SampleOptions,
  type SampleSummary,
  SOURCE_IDS,
  writeAnalysesDatabase,
  writeSample,
} from './index.ts';

const NOW = new Date('2026-11-23T05:00:00.123Z');
const root = mkdtempSync(join(tmpdir(), 'stockroom-sample-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const write = (name: string, options: SampleOptions = {}): Promise<SampleSummary> =>
  writeSample(join(root, name), { now: NOW, ...options });

function query<T = Record<string, unknown>>(name: string, file: string, sql: string): T[] {
  const db = new Sqlite(join(root, name, 'cache', file), { readonly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}

const files = (name: string): string[] =>
  readdirSync(join(root, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(root, name), join(entry.parentPath, entry.name)))
    .sort();

/** A digest of each file: of the rows of a database, of the bytes of anything else. */
function content(name: string): Record<string, string> {
  const digests = files(name).map((file) => {
    const hash = createHash('sha256');
    if (file.endsWith('.db')) {
      const db = new Sqlite(join(root, name, file), { readonly: true });
      const objects = db.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY rowid').all();
      hash.update(JSON.stringify(objects));
      for (const { type, name: table } of objects as { type: string; name: string }[]) {
        if (type === 'table') hash.update(JSON.stringify(db.prepare(`SELECT * FROM ${table}`).all()));
      }
      db.close();
    } else {
      hash.update(readFileSync(join(root, name, file)));
    }
    return [file, hash.digest('hex')];
  });
  return Object.fromEntries(digests);
}

const rowsOf = (summary: SampleSummary): Record<string, number> =>
  Object.fromEntries(summary.sources.map(({ id, rows }) => [id, rows]));

const TABLES: Record<string, string[]> = {
  'llm_costs.db': ['llm_requests'],
  'ai_recommendations.db': [
    'ai_recommendations',
    'pick_events',
    'pick_agent_contributions',
    'pick_outcomes',
    'rl_policies',
  ],
  'top_picks_runs.db': ['top_picks_runs', 'support_resistance_levels'],
  'context.db': ['agent_analyses', 'context_memory', 'user_preferences', 'agent_learnings'],
};

let summary: SampleSummary;
beforeAll(async () => {
  summary = await write('default');
});

describe('a sample directory', () => {
  test('has every source, and its counts are those of what is there', () => {
    expect(summary.sources.map(({ id }) => id)).toEqual([...SOURCE_IDS]);
    for (const source of summary.sources) {
      expect(source.rows, source.id).toBeGreaterThan(0);
      for (const file of source.files) expect(statSync(join(root, 'default', file)).size).toBeGreaterThan(0);
    }
    const counts = rowsOf(summary);
    for (const [file, tables] of Object.entries(TABLES)) {
      for (const table of tables) {
        const [row] = query<{ n: number }>('default', file, `SELECT count(*) AS n FROM ${table}`);
        expect(row?.n, table).toBe(counts[table]);
      }
    }
    const fileCounts = ['pick_archive', 'price_history', 'general_cache'] as const;
    for (const id of fileCounts) {
      expect(summary.sources.find((source) => source.id === id)?.files).toHaveLength(counts[id]!);
    }
    expect(summary.elapsedMs).toBeLessThan(10_000);
  });

  test('holds sound databases with a rollback journal', () => {
    for (const file of Object.keys(TABLES)) {
      expect(query('default', file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      expect(query('default', file, 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'delete' }]);
    }
  });

  test('is the same for the same seed, scale and present, and another for another seed', async () => {
    await write('again');
    await write('other', { seed: 2 });
    expect(content('again')).toEqual(content('default'));
    const other = content('other');
    for (const [file, digest] of Object.entries(content('default')))
      expect(other[file], file).not.toBe(digest);
  });

  test('names price files by the md5 of what was asked for', () => {
    const folder = join(root, 'default', '.cache', 'historical');
    const index = JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8')) as Record<
      string,
      Record<'symbol' | 'from_date' | 'to_date' | 'interval' | 'source', string> & { file_size: number }
    >;
    for (const [stem, entry] of Object.entries(index)) {
      const bound = (time: string): string =>
        entry.interval === '1d' ? time.slice(0, 10) : time.slice(0, 16).replace('T', '_');
      const key = [
        entry.symbol,
        bound(entry.from_date),
        bound(entry.to_date),
        entry.interval,
        entry.source,
      ].join('_');
      const digest = createHash('md5').update(key).digest('hex').slice(0, 12);
      expect(stem).toBe(`${entry.symbol}_${entry.interval}_${digest}`);
      expect(statSync(join(folder, `${stem}.json`)).size).toBe(entry.file_size);
    }
    expect(Object.keys(index).some((stem) => stem.startsWith('^NSEI_1d_'))).toBe(true);
    expect(Object.keys(index).some((stem) => stem.startsWith('NIFTY 50_5m_'))).toBe(true);
  });

  test('grows with the scale where a deployment grows', async () => {
    const small = rowsOf(summary);
    const large = rowsOf(await write('large', { scale: 5 }));
    const growing = [
      'llm_requests',
      'ai_recommendations',
      'top_picks_runs',
      'agent_analyses',
      'agent_learnings',
      'pick_events',
      'pick_agent_contributions',
      'pick_outcomes',
      'memory_analyses',
    ];
    for (const id of growing) expect(large[id]! / small[id]!, id).toBeGreaterThan(4);
    for (const id of SOURCE_IDS) {
      if (!growing.includes(id)) expect(large[id]! / small[id]!, id).toBeLessThan(2);
    }
  });

  test('tells how far each file is', async () => {
    const last = new Map<string, number>();
    await write('progress', { onProgress: ({ file, rows }) => last.set(file, rows) });
    expect(last.get('cache/llm_costs.db')).toBe(300);
    expect(last.get('cache/context.db')).toBeGreaterThan(200);
  });
});

describe('times and parents', () => {
  interface Recommendation {
    generated_at_utc: string;
    run_id: string;
    features_json: string;
  }
  const recommendations = (name: string): Recommendation[] =>
    query<Recommendation>(name, 'ai_recommendations.db', 'SELECT * FROM ai_recommendations');

  /** Seconds between the end of the engine's work and the storing of the run, if the row's time is India's. */
  function storing(row: Recommendation): number {
    const stored = Date.parse(`${row.run_id.split(':').slice(2).join(':')}Z`);
    const elapsed = Number(/"elapsed_seconds": ([\d.]+)/.exec(row.features_json)?.[1]);
    return (330 * 60_000 - (Date.parse(row.generated_at_utc) - stored)) / 1000 - elapsed;
  }

  test('every lying time is proven by its row, and the true ones are not', async () => {
    await write('honest', { traps: false });
    for (const row of recommendations('honest')) {
      expect(row.generated_at_utc).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/);
      expect(storing(row)).toBeGreaterThanOrEqual(0);
      expect(storing(row)).toBeLessThanOrEqual(120);
    }
    const unproven = recommendations('default').filter((row) => storing(row) > 120);
    expect(unproven.length).toBeGreaterThan(0);
    expect(unproven.length).toBeLessThan(20);
  });

  test('a recommendation is of a run, an outcome of a pick', () => {
    const runs = new Set(
      query<{ run_id: string }>('default', 'top_picks_runs.db', 'SELECT run_id FROM top_picks_runs').map(
        ({ run_id }) => run_id,
      ),
    );
    for (const row of recommendations('default')) expect(runs.has(row.run_id)).toBe(true);
    const gone = (table: string): unknown[] =>
      query(
        'default',
        'ai_recommendations.db',
        `SELECT * FROM ${table} WHERE pick_uuid NOT IN (SELECT pick_uuid FROM pick_events)`,
      );
    expect(gone('pick_outcomes')).toHaveLength(0);
    expect(gone('pick_agent_contributions')).toHaveLength(1);
  });

  test('some of the context memory is over, some is not, and the scores are fresh', () => {
    const expiries = query<{ expires_at: string }>(
      'default',
      'context.db',
      'SELECT expires_at FROM context_memory',
    );
    const left = expiries.filter(
      ({ expires_at }) => Date.parse(`${expires_at.replace(' ', 'T')}Z`) > NOW.getTime(),
    );
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(expiries.length);
    const scores = JSON.parse(
      readFileSync(join(root, 'default', 'data/global_scores/score_cache.json'), 'utf8'),
    ) as { timestamp: string };
    expect(NOW.getTime() - Date.parse(scores.timestamp)).toBeLessThan(6 * 3_600_000);
    const ages = readdirSync(join(root, 'default', 'cache'))
      .filter((file) => file.endsWith('.json'))
      .map(
        (file) =>
          /"timestamp": "([^"]+)"/.exec(readFileSync(join(root, 'default', 'cache', file), 'utf8'))?.[1],
      )
      .map((time) => (NOW.getTime() - Date.parse(time!)) / 86_400_000);
    expect(ages.some((age) => age > 8)).toBe(true);
    expect(ages.some((age) => age < 0.01)).toBe(true);
  });
});

describe('the traps', () => {
  const text = (name: string): string =>
    files(name)
      .map((file) => readFileSync(join(root, name, file), 'latin1'))
      .join('\n');

  test('are there by default and gone without them', async () => {
    const clean = await write('clean', { traps: false });
    expect(text('default')).toContain('NaN');
    expect(text('default')).toContain('\\u0000');
    expect(text('clean')).not.toContain('NaN');
    expect(text('clean')).not.toContain('\\u0000');
    expect(rowsOf(clean)['top_picks_runs']).toBe(rowsOf(summary)['top_picks_runs']! - 1);
    const empty = "SELECT * FROM ai_recommendations WHERE target_price = '' OR evaluated_at_utc = ''";
    expect(query('default', 'ai_recommendations.db', empty).length).toBeGreaterThan(0);
    expect(query('clean', 'ai_recommendations.db', empty)).toHaveLength(0);
  });

  test('leave one price file without times and one line half written', () => {
    const prices = summary.sources.find(({ id }) => id === 'price_history')!.files;
    const untimed = prices.filter(
      (file) => !readFileSync(join(root, 'default', file), 'utf8').includes('"columns": ["time"'),
    );
    expect(untimed).toHaveLength(1);
    const lines = summary.sources.find(({ id }) => id === 'memory_analyses')!.files;
    const half = lines.filter((file) => !readFileSync(join(root, 'default', file), 'utf8').endsWith('}\n'));
    expect(half).toEqual(['cache/memory/analyses_RELIANCE.jsonl']);
  });
});

describe('refusals', () => {
  test('a directory that is not empty', async () => {
    const refused = writeSample(join(root, 'default'));
    await expect(refused).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    await expect(refused).rejects.toThrow(join(root, 'default'));
  });

  test('a file where the directory should be', async () => {
    writeFileSync(join(root, 'a-file'), '');
    await expect(writeSample(join(root, 'a-file'))).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    await expect(writeSample(join(root, 'a-file', 'below'))).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
  });

  test.each([{ scale: 0 }, { scale: 1.5 }, { scale: Number.NaN }, { scale: 1e9 }, { seed: -1 }, { seed: 0 }])(
    '%o',
    async (options) => {
      await expect(writeSample(join(root, 'never'), options)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );
});

test('the table for measuring has 8 columns, ids from 1, and the same rows for a seed', async () => {
  const read = (file: string): Record<string, unknown>[] => {
    const db = new Sqlite(join(root, file), { readonly: true });
    const rows = db.prepare('SELECT * FROM agent_analyses ORDER BY id').all() as Record<string, unknown>[];
    db.close();
    return rows;
  };
  await writeAnalysesDatabase(join(root, 'a.db'), { rows: 500, seed: 9 });
  await writeAnalysesDatabase(join(root, 'b.db'), { rows: 400, seed: 9 });
  const rows = read('a.db');
  expect(rows.map((row) => row['id'])).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  expect(Object.keys(rows[0]!)).toEqual(
    'id symbol agent_type score confidence signals reasoning created_at'.split(' '),
  );
  const average = rows.reduce((sum, row) => sum + String(row['signals']).length, 0) / rows.length;
  expect(average).toBeGreaterThan(275);
  expect(average).toBeLessThan(295);
  expect(read('b.db')).toEqual(rows.slice(0, 400));
});
