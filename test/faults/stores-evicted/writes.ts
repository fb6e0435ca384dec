import { codeOf } from '../../../src/core/errors.ts';
import { pickInput } from '../../../src/stores/pick-log/schema.ts';
import { outcomeInput } from '../../../src/stores/pick-log/outcome-schema.ts';
import type { Stores } from '../../../src/system/stores.ts';

/** Which one, and what: small numbers, so that plans meet the same rows and keys again and again. */
export interface Choice {
  readonly which: number;
  readonly what: number;
}

/** What the writes of a run were told, for its later writes and reads. */
export interface Told {
  readonly recommendations: (number | string)[];
  readonly runs: string[];
  readonly picks: string[];
}

export type Write = (stores: Stores, choice: Choice, told: Told) => Promise<unknown>;

/** Odd ones too: what separates parts of a key, and what Cluster takes for a tag. */
export const symbols = ['TCS', 'M&M', 'A:{B}%'];
export const modes = ['Swing', 'Scalping', 'Intraday'];
export const universes = ['nifty50', 'bank nifty', 'all:of:them'];
export const agents = ['technical', 'macro:eu', 'risk'];
export const models = ['gpt-4', 'nobody-knows', 'claude-3-opus'];

const DAY_MS = 86_400_000;
const begun = Date.now();

/** Today and days before it, as of the start: their keys still live. */
export function dayOf({ what }: Pick<Choice, 'what'>): string {
  return new Date(begun - (what % 3) * DAY_MS).toISOString().slice(0, 10);
}

/** Of equal choices the same: later writes are of earlier times as often as of later ones. */
export function timeOf({ which, what }: Choice): string {
  return `${dayOf({ what })}T0${what % 10}:${10 + which}:00.000000Z`;
}

export function nameOf<T>(names: readonly T[], at: number): T {
  return names[at % names.length]!;
}

const call = (choice: Choice) => ({
  model: nameOf(models, choice.which),
  tokens_input: 100 + choice.what,
  tokens_output: choice.what,
  tags: [`tag-${choice.what}`],
  created_at: timeOf(choice),
});

/** A run of the engine; those with an odd choice have an id, so the same one comes again. */
const payload = (choice: Choice) => ({
  ...(choice.what % 2 === 1 ? { run_id: `run:${choice.which}-${choice.what}` } : {}),
  universe: nameOf(universes, choice.which),
  mode: nameOf(modes, choice.which),
  generated_at: timeOf(choice),
  items: symbols.slice(0, choice.what % 4).map((symbol, index) => ({
    symbol,
    recommendation: index === 1 ? 'Strong Sell' : 'Buy',
    entry_price: 100 + choice.what,
    score_blend: 50.5 + index,
  })),
});

const analysis = (choice: Choice) => ({
  symbol: nameOf(symbols, choice.which),
  agent_type: nameOf(agents, choice.what),
  score: choice.what / 3,
  signals: { found: [choice.what, null] },
  ...(choice.what % 2 === 0 ? {} : { reasoning: `because ${choice.what}`, confidence: '' }),
  created_at: timeOf(choice),
});

async function logRun(stores: Stores, choice: Choice, told: Told): Promise<void> {
  const { run_id, items } = await stores.recommendations.logRun(payload(choice));
  told.runs.push(run_id);
  told.recommendations.push(...items.map(({ id }) => id));
}

async function logPick(stores: Stores, choice: Choice, told: Told): Promise<void> {
  const pick = pickInput.parse({
    symbol: nameOf(symbols, choice.which),
    mode: nameOf(modes, choice.what),
    signal_ts: timeOf(choice),
    entry_price: 100 + choice.what,
    contributions: [{ agent_name: nameOf(agents, choice.what), score: choice.what }],
  });
  told.picks.push((await stores.pickLog.log(pick)).pick_uuid);
}

async function compareAndPut({ context }: Stores, { which, what }: Choice): Promise<void> {
  const [type, key] = [nameOf(agents, which), nameOf(symbols, what)];
  // Now and then a version that is not there.
  const version = what % 4 === 3 ? 0 : (await context.memory.entry(type, key)).version;
  await context.memory.put(type, key, { value: { swapped: what }, expected_version: version });
}

async function reprice({ llmCosts }: Stores, { what }: Choice): Promise<void> {
  const rate = `0.00${what + 1}`;
  const [from, to] = [`${dayOf({ what: 2 })}T00:00:00.000000Z`, `${dayOf({ what: 0 })}T23:59:59.000000Z`];
  await llmCosts.putPriceOverride(
    { model: 'nobody-knows', valid_from: from, input_usd_per_1k: rate, output_usd_per_1k: rate },
    'test',
  );
  await llmCosts.reprice({ from, to, only_unpriced: what % 2 === 0 }, 'test');
}

export const writes = {
  logCall: ({ llmCosts }, choice) => llmCosts.log(call(choice)),
  logCallAgain: ({ llmCosts }, { which, what }) =>
    llmCosts.log({ ...call({ which, what }), response_id: `response-${which}-${what}` }),
  logCalls: ({ llmCosts }, { which, what }) =>
    llmCosts.logMany([0, 1, 2].map((place) => call({ which: which + place, what: what + place }))),
  reprice,
  logRun,
  evaluate: async ({ recommendations }, { which, what }, told) => {
    if (told.recommendations.length === 0) return;
    const id = nameOf(told.recommendations, which * 7 + what);
    const exit_time = timeOf({ which: 0, what: Number(id) % 3 });
    await recommendations.evaluate(id, { exit_price: 90 + Number(id), exit_time, exit_reason: 'TARGET' });
  },
  exitScalps: ({ recommendations }, { which, what }) =>
    recommendations.applyScalpingExits(
      [which, which + 1].map((at) => ({
        symbol: nameOf(symbols, at),
        exit_price: 101 + what,
        exit_time: timeOf({ which: at, what }),
        exit_reason: 'STOP',
      })),
    ),
  saveRun: async ({ topPicks }, choice, told) => {
    told.runs.push((await topPicks.save(payload(choice))).run_id);
  },
  logAnalysis: ({ context }, choice) => context.analyses.log(analysis(choice)),
  logAnalyses: ({ context }, { which, what }) =>
    context.analyses.logMany([analysis({ which, what }), analysis({ which: which + 1, what: what + 2 })], {
      idempotencyKey: `analyses-${which}-${what}`,
    }),
  putMemory: ({ context }, { which, what }) =>
    context.memory.put(nameOf(agents, which), nameOf(symbols, what), { value: [which, what, 'ü'] }),
  compareAndPut,
  removeMemory: ({ context }, { which, what }) =>
    context.memory.remove(nameOf(agents, which), nameOf(symbols, what)),
  putPreferences: ({ context }, { which, what }) =>
    context.preferences.putMany(nameOf(agents, which), {
      [nameOf(symbols, what)]: what,
      [nameOf(symbols, what + 1)]: what % 2 === 0 ? null : { what },
    }),
  learn: ({ context }, { which, what }) =>
    context.learnings.learn({
      agent_type: nameOf(agents, which),
      pattern: `pattern ${what % 2}`,
      accuracy: what / 10,
      samples: 1 + which,
    }),
  logPick,
  putOutcome: async ({ pickLog }, { which, what }, told) => {
    if (told.picks.length === 0) return;
    const outcome = outcomeInput.parse({
      price_close: 100 + which,
      horizon_end_ts: timeOf({ which, what: 0 }),
    });
    await pickLog.putOutcome(nameOf(told.picks, what), '1D', outcome);
  },
} satisfies Record<string, Write>;

/** What PostgreSQL refuses for what stands there is an answer. */
const refusals: ReadonlySet<string> = new Set(['CONFLICT', 'NOT_FOUND']);

export async function write(
  stores: Stores,
  name: keyof typeof writes,
  choice: Choice,
  told: Told,
): Promise<void> {
  try {
    await writes[name](stores, choice, told);
  } catch (error) {
    if (!refusals.has(codeOf(error))) throw error;
  }
}
