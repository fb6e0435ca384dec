import { LegacyDatabase } from './database.ts';
import { CONTEXT_SCHEMA } from './ddl.ts';
import { AGENTS, CONFIDENCES } from './market.ts';
import { dumps, float, type PyValue } from './python-json.ts';
import type { Sample } from './sample.ts';
import { adapterTime, HOUR, historyStart, MINUTE, SECOND, sqliteTime } from './times.ts';

const FILE = 'cache/context.db';
const ANALYSES_PER_SCALE = 150;
const MEMORY_ROWS = 40;

export const PATTERNS = ['hammer', 'doji', 'engulfing', 'double bottom', 'ascending triangle'] as const;

/** Ids as they were seen, with characters that a careless key or pattern would trip over. */
export const USER_IDS = [
  'user-0',
  'user-1',
  'user-2',
  'user-3',
  'user-4',
  'user-5',
  'desk:mumbai',
  'ops*{1}',
];

const COLUMNS = {
  agent_analyses:
    'symbol agent_type score confidence signals reasoning metadata global_context policy_context created_at',
  context_memory: 'context_type key value ttl created_at expires_at',
  user_preferences: 'user_id pref_key pref_value updated_at',
  agent_learnings: 'agent_type pattern_recognized accuracy sample_size last_updated',
} as const;

class ContextDatabase {
  readonly db: LegacyDatabase;
  readonly #sample: Sample;

  constructor(sample: Sample) {
    this.#sample = sample;
    this.db = new LegacyDatabase(sample.path(FILE), CONTEXT_SCHEMA);
    for (const [table, columns] of Object.entries(COLUMNS)) this.db.prepare(table, columns.split(' '));
  }

  async insert(table: keyof typeof COLUMNS, values: Parameters<LegacyDatabase['insert']>[1]): Promise<void> {
    this.db.insert(table, values);
    this.#sample.count(table, FILE, 1);
    if (!this.db.batchFull) return;
    await this.db.commitBatch();
    this.#sample.progress(FILE);
  }
}

/** Analyses grow with the scale. Traps: NaN in signals, a NUL in metadata, an empty string for a score. */
async function writeAnalyses(sample: Sample, context: ContextDatabase): Promise<void> {
  const { now, scale, symbols } = sample.settings;
  const random = sample.random('agent_analyses');
  const count = ANALYSES_PER_SCALE * scale;
  const start = historyStart(now, scale);
  for (let i = 0; i < count; i += 1) {
    const rsi = sample.trap(i, 400, 60) ? Number.NaN : 20 + random.next() * 60;
    const note: PyValue = sample.trap(i, 5000, 99) ? { i, note: 'headline\u0000' } : { i };
    const created = start + Math.floor(((now - start) * (i + random.next())) / count);
    await context.insert('agent_analyses', [
      random.pick(symbols),
      random.pick(AGENTS),
      sample.trap(i, 5000, 33) ? '' : random.decimal(10, 90, 2),
      random.pick(CONFIDENCES),
      dumps([{ type: 'rsi', value: float(rsi) }]),
      'RSI at extreme \u2014 watch \u20b9 levels',
      dumps(note),
      dumps({ vix: float(random.decimal(11, 24, 2)) }),
      '{"repo_rate": 6.5}',
      sqliteTime(created),
    ]);
  }
}

/** Some entries have a day left, some minutes, and some were over long ago. */
async function writeMemory(sample: Sample, context: ContextDatabase): Promise<void> {
  const { now, scale } = sample.settings;
  const random = sample.random('context_memory');
  const count = MEMORY_ROWS + 10 * Math.floor(Math.log2(scale));
  for (let i = 0; i < count; i += 1) {
    const ttl = [86_400, 3600, 1][i % 3]!;
    const age = random.int(5 * MINUTE, ttl === 86_400 ? 12 * HOUR : 20 * MINUTE);
    const expires = now - age + ttl * SECOND;
    await context.insert('context_memory', [
      random.pick(['global', 'policy', 'user']),
      `k${i}`,
      dumps({ n: i, s: '\u00e9', weight: float(random.decimal(0, 1, 2)) }),
      ttl,
      sqliteTime(now - age),
      adapterTime(expires),
    ]);
  }
}

async function writePreferences(sample: Sample, context: ContextDatabase): Promise<void> {
  const { now } = sample.settings;
  const random = sample.random('user_preferences');
  const levels = ['conservative', 'moderate', 'aggressive'];
  for (const userId of USER_IDS) {
    const preferences: [key: string, value: PyValue][] = [
      ['risk_profile', random.pick(levels)],
      ['preferred_sectors', ['IT', 'Banks']],
      ['notify', random.chance(0.5)],
      ['max_position_pct', float(random.int(5, 25))],
    ];
    for (const [key, value] of preferences) {
      const updated = adapterTime(now - random.int(HOUR, 400 * HOUR));
      await context.insert('user_preferences', [userId, key, dumps(value), updated]);
    }
  }
}

async function writeLearnings(sample: Sample, context: ContextDatabase): Promise<void> {
  const { now, scale } = sample.settings;
  const random = sample.random('agent_learnings');
  const start = historyStart(now, scale);
  const count = AGENTS.length * scale;
  for (let i = 0; i < count; i += 1) {
    const updated = start + Math.floor(((now - start) * (i + random.next())) / count);
    const pattern = dumps({ pattern: random.pick(PATTERNS) });
    const agent = AGENTS[i % AGENTS.length]!;
    const values = [agent, pattern, random.next(), random.int(10, 500), sqliteTime(updated)];
    await context.insert('agent_learnings', values);
  }
}

/** `cache/context.db`: analyses, memory with a life, preferences and learnings. */
export async function writeContext(sample: Sample): Promise<void> {
  const context = new ContextDatabase(sample);
  try {
    await writeAnalyses(sample, context);
    await writeMemory(sample, context);
    await writePreferences(sample, context);
    await writeLearnings(sample, context);
    context.db.finish();
    sample.progress(FILE);
  } finally {
    context.db.close();
  }
}
