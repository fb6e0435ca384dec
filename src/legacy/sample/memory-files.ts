import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { USER_IDS } from './context.ts';
import { AGENTS } from './market.ts';
import { dumps, float } from './python-json.ts';
import type { Sample } from './sample.ts';
import { HOUR, historyStart, utcWithZ } from './times.ts';

const FOLDER = 'cache/memory';
const LINES_PER_SCALE = 60;
const FLUSH_CHARACTERS = 256 * 1024;

/** Collects text and writes it in large pieces: a file of any length takes the memory of one piece. */
async function writePieces(path: string, texts: Iterable<string>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  try {
    let piece = '';
    for (const text of texts) {
      piece += text;
      if (piece.length < FLUSH_CHARACTERS) continue;
      writeSync(file, piece);
      piece = '';
      await turnOfTheLoop();
    }
    writeSync(file, piece);
  } finally {
    closeSync(file);
  }
}

interface SymbolLines {
  /** Place of the symbol among those of the sample. */
  index: number;
  symbol: string;
  file: string;
  count: number;
}

/** The lines of one symbol, oldest first. Traps: NaN now and then; the last line of the first file is half there. */
function* linesOf(sample: Sample, { index, symbol, file, count }: SymbolLines): Generator<string> {
  const { now, scale, traps } = sample.settings;
  const random = sample.random(`memory/${symbol}`);
  const start = historyStart(now, scale);
  for (let i = 0; i < count; i += 1) {
    // The step between symbols spreads the rare lines over the files: short files have none.
    const score = sample.trap(i + index * 37, 300, 2) ? Number.NaN : random.decimal(5, 95, 2);
    const line = dumps({
      symbol,
      agent_type: random.pick(AGENTS),
      result: { score: float(score), signals: ['rsi'] },
      timestamp: utcWithZ(start + Math.floor(((now - start) * (i + random.next())) / count)),
    });
    sample.count('memory_analyses', file, 1);
    // Trap: the process died while it appended.
    const half = traps && index === 0 && i === count - 1;
    yield half ? line.slice(0, line.length >> 1) : `${line}\n`;
  }
}

async function writeAnalysisLines(sample: Sample): Promise<void> {
  const { scale, symbols } = sample.settings;
  const total = LINES_PER_SCALE * scale;
  for (const [index, symbol] of symbols.entries()) {
    const count = Math.floor(total / symbols.length) + (index < total % symbols.length ? 1 : 0);
    const file = `${FOLDER}/analyses_${symbol}.jsonl`;
    await writePieces(sample.path(file), linesOf(sample, { index, symbol, file, count }));
    sample.progress(file);
  }
}

function writeUserFiles(sample: Sample): void {
  const random = sample.random('memory_preferences');
  for (const id of USER_IDS.slice(-4)) {
    const file = `${FOLDER}/user_${id}.json`;
    const at = (): string => utcWithZ(sample.settings.now - random.int(HOUR, 400 * HOUR));
    sample.writeJson(file, {
      risk_profile: { value: { level: 'moderate', max_pct: float(random.int(5, 25)) }, updated_at: at() },
      theme: { value: random.pick(['dark', 'light']), updated_at: at() },
    });
    sample.count('memory_preferences', file, 2);
    sample.progress(file);
  }
}

/** `cache/memory`: the agents' analyses by symbol, and the preferences of users. */
export async function writeMemoryFiles(sample: Sample): Promise<void> {
  await writeAnalysisLines(sample);
  writeUserFiles(sample);
}
