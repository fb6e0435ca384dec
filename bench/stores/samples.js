// What both sides write and are asked for: the n-th of each kind is always the same, in the shapes of a real deployment.

export const SYMBOLS = 500;
export const LLM_REQUESTS = 20_000;
export const LLM_DAYS = 30;
export const RUNS = 50;
export const ANALYSES = 2_000;
export const MEMORIES = 500;
export const PICKS = 500;
export const PRICED_SYMBOLS = 50;
export const CACHED_KEYS = 100;
export const SESSIONS = 100;

const DAY_MS = 86_400_000;
const PICKS_A_RUN = 10;
const models = /** @type {const} */ ([
  { model: 'gpt-4', input: 0.03, output: 0.06 },
  { model: 'gpt-4-turbo', input: 0.01, output: 0.03 },
  { model: 'gpt-3.5-turbo', input: 0.0015, output: 0.002 },
]);
const agents = ['technical', 'global', 'policy', 'options', 'sentiment', 'microstructure', 'risk', 'regime'];
const universes = /** @type {const} */ (['nifty50', 'banknifty']);
const modes = /** @type {const} */ (['Intraday', 'Swing', 'Scalping']);

/** From 0 to 1, spread evenly. @param {number} n @param {number} [k] which figure of the n-th */
export const spread = (n, k = 0) => (Math.imul(n + 1, 2_654_435_761 + 2 * k * 40_503) >>> 0) / 2 ** 32;
/** @param {number} value */
const cents = (value) => Math.round(value * 100) / 100;
/** @param {number} n */
export const symbolOf = (n) => `STOCK${String(n % SYMBOLS).padStart(3, '0')}`;
/** @param {number} n */
export const universeOf = (n) => universes[n % universes.length] ?? 'nifty50';
/** @param {number} n */
export const modeOf = (n) => modes[n % modes.length] ?? 'Intraday';

/** @param {number} n @returns {'SHORT' | 'LONG'} */
const directionOf = (n) => (n % 4 === 0 ? 'SHORT' : 'LONG');

/** @param {number} n */
export function llmRequest(n) {
  const { model, input, output } = models[n % models.length] ?? models[0];
  const [tokens_input, tokens_output] = [500 + (n % 1_500), 100 + (n % 400)];
  return {
    model,
    tokens_input,
    tokens_output,
    cost: (tokens_input * input + tokens_output * output) / 1_000,
  };
}

/** When the n-th request of the preloaded month was made. @param {number} n @param {number} baseMs */
export const llmTime = (n, baseMs) =>
  new Date(baseMs - Math.floor(((n + 1) * LLM_DAYS * DAY_MS) / (LLM_REQUESTS + 1)));

/** @param {number} n @param {number} rank */
function item(n, rank) {
  const price = cents(100 + 2_000 * spread(n, rank));
  return {
    symbol: symbolOf(n * PICKS_A_RUN + rank),
    rank,
    recommendation: rank % 4 === 0 ? 'Sell' : 'Buy',
    price,
    blend_score: cents(100 * spread(n, rank + 20)),
    confidence: 'High',
    risk_profile: 'moderate',
    scores: Object.fromEntries(agents.map((agent, index) => [agent, cents(100 * spread(n, index + 30))])),
    key_signals: [
      { type: 'Three White Soldiers', direction: 'BULLISH', confidence: 78, agent: 'pattern_recognition' },
    ],
    exit_strategy: { stop_loss_price: cents(price * 0.97), target_price: cents(price * 1.05) },
    reasoning: 'Momentum above the weekly pivot with rising volume; the sector is ahead of its index.',
    risk_reward_ratio: 1.5,
  };
}

/** What the engine gives of a run of ten picks. @param {number} n */
export function topPicks(n) {
  return {
    universe: universeOf(n),
    mode: modeOf(n),
    trigger: 'hourly',
    total_analyzed: 50,
    filtered_count: 41,
    elapsed_seconds: 3.2,
    policy_version: '1.0',
    items: Array.from({ length: PICKS_A_RUN }, (_, index) => item(n, index + 1)),
  };
}

/** @param {number} n */
export const analysis = (n) => ({
  symbol: symbolOf(n),
  agent_type: agents[n % agents.length] ?? 'technical',
  score: cents(100 * spread(n)),
  confidence: 'High',
  signals: [{ type: 'rsi', value: 100 * spread(n, 1) }],
  reasoning: 'Momentum above the weekly pivot with rising volume; the sector is ahead of its index.',
  metadata: { bars: 250, elapsed_ms: 42 },
  global_context: { nifty: 0.4, vix: 13.2 },
  policy_context: { rate: 6.5 },
});

/** @param {number} n */
export const memory = (n) => ({
  type: 'market_context',
  key: `context:${n % MEMORIES}`,
  value: {
    n: n % MEMORIES,
    regime: 'bull',
    breadth: cents(100 * spread(n % MEMORIES)),
    notes: ['calm', 'trending'],
  },
});
export const MEMORY_SECONDS = 36_000;

/** @param {number} n */
export const pick = (n) => ({
  symbol: symbolOf(n),
  direction: directionOf(n),
  source: 'API',
  mode: modeOf(n),
  signal_price: cents(100 + 2_000 * spread(n)),
  recommended_target: cents(110 + 2_000 * spread(n)),
  recommended_stop: cents(95 + 2_000 * spread(n)),
  time_horizon: 'intraday',
  blend_score: cents(100 * spread(n, 1)),
  recommendation: 'Buy',
  confidence: 'High',
  regime: 'bull',
  universe: universeOf(n),
  extra_context: { rank: 1, rr: 1.5 },
  contributions: agents.slice(0, 4).map((agent_name, index) => ({
    agent_name,
    score: cents(100 * spread(n, index + 2)),
    confidence: 'High',
    metadata: { weight: 0.25 },
  })),
});

/** @param {number} n @param {number} baseMs */
export const score = (n, baseMs) => ({
  symbol: symbolOf(n),
  // No two are equal: both sides have one order.
  blend_score: cents(((n * 37) % SYMBOLS) / 5.01),
  confidence: 'High',
  recommendation: 'Buy',
  is_actionable: true,
  recommendation_note: null,
  risk_reward_ratio: 1.8,
  color_scheme: { text: '#15803d' },
  agents: agents.map((agent, index) => ({ agent, score: cents(100 * spread(n, index)) })),
  key_signals: [],
  reasoning: 'ok',
  analyzed_at: new Date(baseMs).toISOString(),
});

/** @param {number} n */
export function levels(n) {
  const p = cents(100 + 2_000 * spread(n));
  return { p, r1: p + 10, r2: p + 20, r3: p + 30, s1: p - 10, s2: p - 20, s3: p - 30 };
}
export const LEVELS_SCOPE = 'M';

/** A year of candles of days, until yesterday. @param {number} n @param {number} baseMs */
export function year(n, baseMs) {
  const toMs = Math.floor(baseMs / DAY_MS) * DAY_MS;
  const candles = [];
  for (let day = toMs - 365 * DAY_MS; day < toMs; day += DAY_MS) {
    const date = new Date(day);
    if (date.getUTCDay() === 0 || date.getUTCDay() === 6) continue;
    const open = cents(1_000 + 100 * spread(n, (day / DAY_MS) % 1_000));
    const volume = 1_000_000 + (n % PRICED_SYMBOLS);
    const figures = {
      open,
      high: cents(open + 12.5),
      low: cents(open - 9.5),
      close: cents(open + 3.25),
      volume,
    };
    candles.push({ time: date.toISOString().slice(0, 10), ...figures });
  }
  return { from: new Date(toMs - 365 * DAY_MS).toISOString(), to: new Date(toMs).toISOString(), candles };
}

/** @param {number} n */
export const cached = (n) => ({
  key: `quotes:NIFTY:${n % CACHED_KEYS}`,
  value: {
    n: n % CACHED_KEYS,
    last: cents(20_000 * spread(n % CACHED_KEYS)),
    movers: ['STOCK001', 'STOCK002'],
  },
});

/** @param {number} n */
export const session = (n) => ({
  session: `user-${n % SESSIONS}`,
  key: 'state',
  value: { n: n % SESSIONS, step: 'rank', watchlist: ['STOCK001', 'STOCK002', 'STOCK003'], risk: 'moderate' },
});
