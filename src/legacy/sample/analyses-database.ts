import { rmSync } from 'node:fs';
import { LegacyDatabase } from './database.ts';
import type { LegacySchema } from './ddl.ts';
import { AGENTS, CONFIDENCES, symbolsAt } from './market.ts';
import { dumps, float } from './python-json.ts';
import { createRandom, type Random } from './random.ts';
import { type Micros, SECOND, sqliteTime } from './times.ts';

/** An older `agent_analyses`, before the columns of metadata and contexts. */
const SCHEMA: LegacySchema = {
  tables: [
    `CREATE TABLE agent_analyses (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                symbol TEXT NOT NULL,
                agent_type TEXT NOT NULL,
                score REAL,
                confidence TEXT,
                signals TEXT,  -- JSON
                reasoning TEXT,
                created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
            )`,
  ],
  indexes: [],
};

/** 2020-01-01: far enough back that even tens of millions of rows end before today. */
const START: Micros = 1_577_836_800 * SECOND;
const STEP: Micros = 4 * SECOND;
const LARGEST_SCALE = 1 << 10;

/** A JSON document of about 285 bytes. */
function signals(random: Random): string {
  return dumps([
    {
      type: 'rsi',
      value: float(20 + random.next() * 60),
      direction: random.chance(0.5) ? 'BULLISH' : 'BEARISH',
      weight: float(random.decimal(0, 1, 3)),
      description: 'Relative strength at an extreme, volume high',
    },
    {
      type: 'macd',
      value: float(random.decimal(-4, 4, 4)),
      direction: random.chance(0.5) ? 'BULLISH' : 'BEARISH',
      weight: float(random.decimal(0, 1, 3)),
      description: 'Signal line crossed with rising histogram',
    },
  ]);
}

/**
 * Writes a database with one large table, for measuring: `agent_analyses` with 8 columns and `rows` rows of about 400
 * bytes, ids 1 to `rows`. The same seed gives the same rows, and a longer table begins with those of a shorter one.
 */
export async function writeAnalysesDatabase(
  file: string,
  { rows, seed }: { rows: number; seed: number },
): Promise<void> {
  rmSync(file, { force: true });
  const random = createRandom(seed, 'analyses-database');
  const symbols = symbolsAt(LARGEST_SCALE);
  const db = new LegacyDatabase(file, SCHEMA);
  try {
    const columns = 'symbol agent_type score confidence signals reasoning created_at';
    db.prepare('agent_analyses', columns.split(' '));
    for (let i = 0; i < rows; i += 1) {
      db.insert('agent_analyses', [
        random.pick(symbols),
        random.pick(AGENTS),
        random.decimal(5, 95, 2),
        random.pick(CONFIDENCES),
        signals(random),
        'RSI at extreme \u2014 watch \u20b9 levels',
        sqliteTime(START + i * STEP),
      ]);
      if (db.batchFull) await db.commitBatch();
    }
    db.finish();
  } finally {
    db.close();
  }
}
