import { isDeepStrictEqual } from 'node:util';
import type { Call, Client } from '../client.ts';
import { Journal, Register } from '../oracle.ts';
import { isGood, type Kind, pagesOf, pick, pickRecent, type Tables, type Tools } from './kind.ts';
import { VIEW_BOUND_MS } from './register-specs.ts';

const ITEMS = 3;
const modes = ['Swing', 'Intraday'] as const;
/** How far back the lists go that are read meanwhile. */
const RECENT_MS = 10_000;
const NAME = 'top-picks runs';

interface Sent {
  readonly universe: string;
  readonly generatedMs: number;
}

interface SentRun extends Sent {
  readonly payload: object;
}

/** Runs of the engine: each is saved with its recommendations and its picks, all of it or nothing. */
export class Runs implements Kind {
  readonly weights = { write: 12, read: 30 };
  readonly #tools: Tools;
  readonly #runs = new Journal<SentRun>(NAME);
  /** Ids are those of their run with the rank. */
  readonly #items = new Journal<Sent>('what belongs to runs');
  readonly #latest = new Map<string, Register>();
  #lastMs = 0;

  constructor(tools: Tools) {
    this.#tools = tools;
    for (let writer = 0; writer < tools.writers; writer += 1) {
      for (const mode of modes)
        this.#latest.set(`soak${writer}:${mode}`, new Register(`latest soak${writer} ${mode}`));
    }
  }

  get acknowledged(): number {
    return this.#runs.acknowledged.length;
  }

  async write(client: Client, writer: number): Promise<void> {
    const universe = `soak${writer}`;
    const mode = pick(modes)!;
    const latest = this.#latest.get(`${universe}:${mode}`)!;
    const generatedMs = (this.#lastMs = Math.max(this.#lastMs + 1, Date.now()));
    const now = performance.now();
    const version = latest.send(now);
    const runId = `${universe}:${mode}:${version}`;
    const items = Array.from({ length: ITEMS }, (_, index) => ({
      symbol: `S${writer}${index}`,
      recommendation: 'Buy',
      rank: index + 1,
      price: 100 + index,
      score_blend: version,
      confidence: 'High',
      exit_strategy: { stop_loss_price: 90, target_price: 120 },
      scores: { technical: 61.5, sentiment: 48 },
    }));
    const generated = { generated_at: new Date(generatedMs).toISOString() };
    const payload = {
      run_id: runId,
      universe,
      mode,
      ...generated,
      trigger: 'soak',
      total_analyzed: 50,
      items,
    };
    this.#runs.send(runId, { universe, generatedMs, payload }, now);
    const ids = items.map(({ rank }) => `${runId}#${rank}`);
    for (const id of ids) this.#items.send(id, { universe, generatedMs }, now);
    const call: Call = { method: 'POST', path: '/v1/top-picks/runs', body: payload, key: `key ${runId}` };
    const answer = await client.insist(call);
    if (!isGood(this.#tools.findings, NAME, call, answer)) return;
    const ackedAt = performance.now();
    latest.acknowledge(version, ackedAt);
    this.#runs.acknowledge(runId, ackedAt);
    for (const id of ids) this.#items.acknowledge(id, ackedAt);
    this.#tools.count();
  }

  async read(client: Client): Promise<void> {
    const dice = Math.random();
    if (dice < 0.6) return this.#readLatest(client, pick([...this.#latest.keys()])!, VIEW_BOUND_MS, false);
    if (dice < 0.85) return this.#readRun(client);
    return this.#readLists(client, `soak${Math.floor(Math.random() * this.#tools.writers)}`, RECENT_MS);
  }

  async readBack(client: Client): Promise<void> {
    for (const name of this.#latest.keys()) await this.#readLatest(client, name, 0, true);
    for (let writer = 0; writer < this.#tools.writers; writer += 1) {
      await this.#readLists(client, `soak${writer}`, undefined);
    }
  }

  async #readLatest(client: Client, name: string, boundMs: number, patient: boolean): Promise<void> {
    const [universe, mode] = name.split(':');
    const call: Call = { method: 'GET', path: `/v1/top-picks/latest?universe=${universe}&mode=${mode}` };
    const startedAt = performance.now();
    const answer = patient ? await client.insist(call) : await client.ask(call);
    if (answer === undefined) return;
    const span = { startedAt, endedAt: performance.now() };
    const { findings } = this.#tools;
    if (answer.status !== 404 && !isGood(findings, 'latest picks', call, answer)) return;
    const { run_id: runId, items } = answer.body as { run_id?: string; items?: { score_blend: number }[] };
    const version = Number(runId?.split(':')[2] ?? 0);
    const isWhole = version === 0 || (items?.length === ITEMS && items[0]!.score_blend === version);
    const torn = { staleMs: 0, wrong: `${name}: ${runId} has picks of another run` };
    findings.note('latest picks', isWhole ? this.#latest.get(name)!.check(version, span, boundMs) : torn);
  }

  async #readRun(client: Client): Promise<void> {
    const id = pickRecent(this.#runs.acknowledged);
    if (id === undefined) return;
    const call: Call = { method: 'GET', path: `/v1/top-picks/runs/${encodeURIComponent(id)}` };
    const startedAt = performance.now();
    const answer = await client.ask(call);
    if (answer === undefined) return;
    const span = { startedAt, endedAt: performance.now() };
    if (answer.status !== 404 && !isGood(this.#tools.findings, NAME, call, answer)) return;
    const isSame = isDeepStrictEqual(answer.body['payload'], this.#runs.content(id)!.payload);
    const found = isSame ? 'same' : 'other';
    this.#tools.findings.note(NAME, this.#runs.check(id, answer.status === 404 ? 'absent' : found, span));
  }

  /** Runs, recommendations and picks of a universe, in small pages while others write; without a time all of them. */
  async #readLists(client: Client, universe: string, recentMs: number | undefined): Promise<void> {
    const fromMs = recentMs === undefined ? 0 : Date.now() - recentMs;
    // The two clocks are not read at once.
    const sinceAt = recentMs === undefined ? 0 : performance.now() - recentMs - 100;
    const query = `universe=${universe}&from=${new Date(fromMs).toISOString()}&limit=${recentMs === undefined ? 500 : 7}`;
    const lists = [
      { path: '/v1/top-picks/runs', of: this.#runs, id: (item: Item) => String(item['run_id']) },
      {
        path: '/v1/recommendations',
        of: this.#items,
        id: (item: Item) => `${String(item['run_id'])}#${String(item['rank_in_run'])}`,
      },
      { path: '/v1/picks', of: this.#items, id: itemOfPick },
    ] as const;
    for (const { path, of, id } of recentMs === undefined ? lists : [pick(lists)!]) {
      const startedAt = performance.now();
      const items = await pagesOf(this.#tools.findings, client, `${path}?${query}`, recentMs === undefined);
      if (items === undefined) return;
      const span = { startedAt, endedAt: performance.now() };
      const isIn = (sent: Sent): boolean => sent.universe === universe && sent.generatedMs >= fromMs;
      this.#tools.findings.note(
        `list ${path}`,
        (of as Journal<Sent>).checkList(items.map(id), span, isIn, sinceAt),
      );
    }
  }

  async inPostgres(tables: Tables): Promise<void> {
    const { findings } = this.#tools;
    const now = performance.now();
    const span = { startedAt: now, endedAt: now };
    const runs = await tables.query<{ id: string; payload: unknown }>(
      'select run_id as id, payload from top_picks_runs',
    );
    for (const { id, payload } of runs.rows) {
      const found = isDeepStrictEqual(payload, this.#runs.content(id)?.payload) ? 'same' : 'other';
      findings.note(`${NAME} in PostgreSQL`, this.#runs.check(id, found, span));
    }
    const ids = runs.rows.map(({ id }) => id);
    findings.note(
      `${NAME} in PostgreSQL`,
      this.#runs.checkList(ids, span, () => true),
    );
    const more = {
      recommendations: "select run_id || '#' || rank_in_run as id from ai_recommendations",
      'picks of runs':
        "select (extra_context->>'run_id') || '#' || (extra_context->>'rank') as id from pick_events where universe like 'soak%'",
    };
    for (const [name, sql] of Object.entries(more)) {
      const { rows } = await tables.query<{ id: string }>(sql);
      const verdict = this.#items.checkList(
        rows.map(({ id }) => id),
        span,
        () => true,
      );
      findings.note(`${name} in PostgreSQL`, verdict);
    }
  }
}

type Item = Readonly<Record<string, unknown>>;

function itemOfPick(item: Item): string {
  const { run_id: runId, rank } = item['extra_context'] as { run_id: string; rank: number };
  return `${runId}#${rank}`;
}
