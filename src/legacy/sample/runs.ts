import { AGENTS, CONFIDENCES, MODES, type Mode, UNIVERSES } from './market.ts';
import { type Random, roundTo } from './random.ts';
import type { Sample } from './sample.ts';
import { closedSessions, DAY, HOUR, type Micros, MINUTE, SECOND } from './times.ts';

const RUNS_PER_SCALE = 60;
const SESSIONS_PER_SCALE = 21;
/** About two years: from there on a larger sample is a busier deployment, not an older one. */
const MAX_SESSIONS = 500;
const MAX_PICKS = 5;

const RECOMMENDATIONS = ['Strong Buy', 'Buy', 'Buy', 'Sell', 'Strong Sell'] as const;
const TRIGGERS = ['preopen', 'hourly', 'hourly', 'manual', 'scheduler'] as const;

/** How a pick's day went on, once that is known. */
export interface PickResult {
  close: number;
  high: number;
  low: number;
  /** When a scalping position was left, or when the end of the day was computed. */
  ended: Micros;
  reason: 'TARGET_HIT' | 'STOP_LOSS' | 'EOD';
}

export interface Pick {
  uuid: string;
  rank: number;
  symbol: string;
  recommendation: (typeof RECOMMENDATIONS)[number];
  direction: 'LONG' | 'SHORT';
  confidence: (typeof CONFIDENCES)[number];
  price: number;
  target: number;
  stop: number | null;
  /** Whether the payload carries the exit strategy; the pick log knows target and stop in any case. */
  hasExitStrategy: boolean;
  scoreBlend: number;
  blendScore: number;
  scores: [agent: (typeof AGENTS)[number], score: number][];
  riskReward: number | null;
  result: PickResult | null;
}

/** One run of the top picks engine: the row that the runs table, the recommendations and the pick log share. */
export interface Run {
  index: number;
  runId: string;
  universe: (typeof UNIVERSES)[number];
  mode: Mode;
  trigger: (typeof TRIGGERS)[number];
  analyzed: number;
  filtered: number;
  elapsedSeconds: number;
  /** When the engine began: the time it writes as India's wall clock. */
  generated: Micros;
  /** When the run was stored: the time in its id. */
  stored: Micros;
  picks: Pick[];
}

function resultOf(
  random: Random,
  run: Pick,
  mode: Mode,
  generated: Micros,
  close: Micros,
): PickResult | null {
  if (!random.chance(0.6)) return null;
  const move = random.decimal(-2.5, 3, 4) * (run.direction === 'LONG' ? 1 : -1);
  const closed = roundTo(run.price * (1 + move / 100), 2);
  const high = roundTo(Math.max(run.price, closed) * (1 + random.next() * 0.01), 2);
  const low = roundTo(Math.min(run.price, closed) * (1 - random.next() * 0.01), 2);
  if (mode !== 'Scalping') {
    return { close: closed, high, low, ended: close + 30 * MINUTE + random.int(0, SECOND), reason: 'EOD' };
  }
  const won = run.direction === 'LONG' ? closed >= run.price : closed < run.price;
  const ended = generated + random.int(2, 9) * MINUTE + random.int(0, SECOND);
  return { close: closed, high, low, ended, reason: won ? 'TARGET_HIT' : 'STOP_LOSS' };
}

function makePick(random: Random, symbol: string, rank: number): Pick {
  const recommendation = random.pick(RECOMMENDATIONS);
  const direction = recommendation.includes('Sell') ? 'SHORT' : 'LONG';
  const sign = direction === 'LONG' ? 1 : -1;
  const price = random.decimal(200, 3800, 2);
  const first = random.int(0, AGENTS.length - 1);
  return {
    uuid: random.uuidHex(),
    rank,
    symbol,
    recommendation,
    direction,
    confidence: random.pick(CONFIDENCES),
    price,
    target: roundTo(price * (1 + sign * 0.03), 2),
    stop: random.chance(0.9) ? roundTo(price * (1 - sign * 0.02), 2) : null,
    hasExitStrategy: random.chance(0.6),
    scoreBlend: roundTo(90 - rank * 4 - random.next() * 3, 1),
    blendScore: random.decimal(40, 90, 1),
    scores: [0, 2, 4, 6].map((k) => [AGENTS[(first + k) % AGENTS.length]!, random.decimal(5, 95, 1)]),
    riskReward: random.chance(0.7) ? 1.5 : null,
    result: null,
  };
}

/** A few different symbols of those the deployment follows. */
function chooseSymbols(random: Random, symbols: readonly string[], count: number): string[] {
  const chosen = new Set<string>();
  while (chosen.size < count) chosen.add(random.pick(symbols));
  return [...chosen];
}

function makeRun(
  random: Random,
  index: number,
  generated: Micros,
  close: Micros,
  symbols: readonly string[],
): Run {
  const universe = random.pick(UNIVERSES);
  const mode = random.pick(MODES);
  const elapsedSeconds = random.decimal(30, 110, 6);
  // The engine's own time is followed by half a second to 18 seconds of storing, as in real files.
  const stored = generated + Math.round(elapsedSeconds * SECOND) + random.int(SECOND / 2, 18 * SECOND);
  const picks = chooseSymbols(random, symbols, random.int(0, MAX_PICKS)).map((symbol, k) =>
    makePick(random, symbol, k + 1),
  );
  for (const pick of picks) pick.result = resultOf(random, pick, mode, generated, close);
  const stamp =
    new Date(Math.floor(stored / 1000)).toISOString().slice(0, 20) + String(stored % SECOND).padStart(6, '0');
  return {
    index,
    runId: `${universe}:${mode}:${stamp}`,
    universe,
    mode,
    trigger: random.pick(TRIGGERS),
    analyzed: universe === 'nifty50' ? 50 : 12,
    filtered: random.int(5, 12),
    elapsedSeconds,
    generated,
    stored,
    picks,
  };
}

export function runCount(sample: Sample): number {
  return RUNS_PER_SCALE * sample.settings.scale;
}

/** The runs of a deployment, oldest first, one at a time: their number has no bearing on memory. */
export function* makeRuns(sample: Sample): Generator<Run> {
  const { now, scale, symbols } = sample.settings;
  const random = sample.random('runs');
  const count = runCount(sample);
  const sessions = closedSessions(now, Math.min(MAX_SESSIONS, SESSIONS_PER_SCALE * scale));
  for (let index = 0; index < count; index += 1) {
    const position = (index * sessions.length) / count;
    const open = sessions[Math.floor(position)]!;
    const generated = open + Math.round((position % 1) * 6 * HOUR) + random.int(MINUTE, 2 * MINUTE);
    yield makeRun(random, index, generated, open + DAY / 4 + 15 * MINUTE, symbols);
  }
}
