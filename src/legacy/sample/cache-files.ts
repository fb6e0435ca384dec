import { AGENTS, CONFIDENCES } from './market.ts';
import { float, type PyValue } from './python-json.ts';
import type { Random } from './random.ts';
import type { Sample } from './sample.ts';
import { DAY, HOUR, type Micros, MINUTE, SECOND, utcWithZ } from './times.ts';

const SCORES_FILE = 'data/global_scores/score_cache.json';

function scoreOf(random: Random, symbol: string, analyzed: Micros): PyValue {
  const agents = AGENTS.map((agent) => ({
    agent,
    score: float(random.decimal(0, 100, 1)),
    confidence: random.pick(CONFIDENCES),
    signals: [],
    reasoning: 'ok',
    metadata: {},
    weight: float(0.1),
  }));
  return {
    symbol,
    blend_score: float(random.decimal(30, 85, 2)),
    confidence: random.pick(CONFIDENCES),
    recommendation: random.pick(['Strong Buy', 'Buy', 'Hold', 'Sell']),
    is_actionable: random.chance(0.6),
    recommendation_note: null,
    risk_reward_ratio: float(random.pick([1.5, 1.8, 2])),
    color_scheme: { text: '#15803d' },
    agents,
    key_signals: [],
    reasoning: 'ok',
    analyzed_at: utcWithZ(analyzed),
  };
}

/** `data/global_scores/score_cache.json`: every symbol's score, an hour old of the six it lives. */
export function writeScores(sample: Sample): void {
  const { now, symbols } = sample.settings;
  const random = sample.random('global_scores');
  const scored = now - HOUR - random.int(0, SECOND);
  const scores = symbols.map((symbol) => [symbol, scoreOf(random, symbol, scored)]);
  sample.writeJson(SCORES_FILE, {
    timestamp: utcWithZ(scored),
    scores: Object.fromEntries(scores),
    ttl_hours: 6,
  });
  sample.count('global_scores', SCORES_FILE, symbols.length);
  sample.progress(SCORES_FILE);
}

/** `cache/*.json`: three fresh entries, one of three days ago that still serves, one that is too old to. */
export function writeGeneralCache(sample: Sample): void {
  const { now, traps } = sample.settings;
  const random = sample.random('general_cache');
  const indices = ['S&P 500', 'NASDAQ', 'Hang Seng'].map((name) => ({
    name,
    price: float(random.decimal(4000, 19_000, 2)),
    chg_pct: float(random.decimal(-1, 1, 2)),
  }));
  // Trap: a quote without a previous close divides 0 by 0.
  const change = float(traps ? Number.NaN : random.decimal(-1, 1, 2));
  const entries: [name: string, age: Micros, data: PyValue][] = [
    ['global_indices_summary', 20 * SECOND, { indices, source: 'Demo', region: 'Global' }],
    ['quotes_NIFTY_last', 5 * MINUTE, { price: float(22_000.5), change_pct: change }],
    ['movers_nifty50', 30 * MINUTE, ['TCS', 'INFY', 'M&M']],
    ['option_chain_BANKNIFTY', 3 * DAY, { expiry: 'weekly', strikes: [48_000, 48_100, 48_200] }],
    ['fii_dii_summary', 9 * DAY, { fii_net: float(-1250), dii_net: float(980.4) }],
  ];
  for (const [name, age, data] of entries) {
    const file = `cache/${name}.json`;
    sample.writeJson(file, { timestamp: utcWithZ(now - age - random.int(0, SECOND)), data });
    sample.count('general_cache', file, 1);
    sample.progress(file);
  }
}
