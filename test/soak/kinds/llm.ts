import type { Call, Client } from '../client.ts';
import { Journal, moneyOf, Sum, type Total } from '../oracle.ts';
import { isGood, type Kind, pick, type Tables, type Tools } from './kind.ts';

const DAYS = 3;
const BATCH_MAX = 5;
const NAME = 'LLM spend';

/** What calls of language models cost: no answer may be a digit off. */
export class LlmRequests implements Kind {
  readonly weights = { write: 20, read: 10 };
  readonly #tools: Tools;
  readonly #days: readonly string[];
  readonly #sums = new Map<string, Sum>();
  readonly #requests = new Journal<{ day: string; cost: string }>('LLM requests');
  #batches = 0;

  constructor(tools: Tools) {
    this.#tools = tools;
    // Days of the past, so that none of them ends while the soak runs.
    this.#days = Array.from({ length: DAYS }, (_, index) =>
      new Date(Date.now() - (index + 1) * 86_400_000).toISOString().slice(0, 10),
    );
    for (const day of this.#days) this.#sums.set(day, new Sum(`spend of ${day}`));
  }

  get acknowledged(): number {
    return this.#requests.acknowledged.length;
  }

  async write(client: Client, writer: number): Promise<void> {
    const day = pick(this.#days)!;
    const sum = this.#sums.get(day)!;
    const batch = `llm-${writer}-${(this.#batches += 1)}`;
    const requests = Array.from({ length: 1 + Math.floor(Math.random() * BATCH_MAX) }, (_, index) => ({
      model: pick(['gpt-4o', 'claude-sonnet-4', 'gemini-2.0-flash'])!,
      tokens_input: 1_200,
      tokens_output: 300,
      cost_usd: `0.${String(1 + Math.floor(Math.random() * 999_999_999)).padStart(12, '0')}`,
      created_at: `${day}T12:00:00Z`,
      tags: ['soak'],
      user_id: `user-${writer}`,
      response_id: `${batch}-${index}`,
    }));
    const total: Total = {
      cost: requests.reduce((cost, { cost_usd: one }) => cost + moneyOf(one), 0n),
      count: requests.length,
    };
    sum.send(total);
    const sentAt = performance.now();
    for (const { response_id: id, cost_usd: cost } of requests)
      this.#requests.send(id, { day, cost }, sentAt);
    const call: Call = { method: 'POST', path: '/v1/llm/requests', body: { requests }, key: batch };
    const answer = await client.insist(call);
    if (!isGood(this.#tools.findings, NAME, call, answer)) return;
    sum.acknowledge(total);
    for (const { response_id: id } of requests) {
      this.#requests.acknowledge(id, performance.now());
      this.#tools.count();
    }
  }

  async read(client: Client): Promise<void> {
    await this.#check(client, pick(this.#days)!, false);
  }

  async readBack(client: Client): Promise<void> {
    // Nothing is sent any more, so that the least is the most: to the last digit.
    for (const day of this.#days) await this.#check(client, day, true);
  }

  async #check(client: Client, day: string, patient: boolean): Promise<void> {
    const sum = this.#sums.get(day)!;
    const floor = sum.acknowledged;
    const call: Call = { method: 'GET', path: `/v1/llm/spend?date=${day}` };
    const answer = patient ? await client.insist(call) : await client.ask(call);
    if (answer === undefined || !isGood(this.#tools.findings, NAME, call, answer)) return;
    const { total_cost_usd: cost, total_requests: count } = answer.body;
    this.#tools.findings.note(NAME, sum.check({ cost: moneyOf(String(cost)), count: Number(count) }, floor));
  }

  async inPostgres(tables: Tables): Promise<void> {
    const { findings } = this.#tools;
    const { rows } = await tables.query<{ id: string; day: string; cost: string }>(
      `select response_id as id, (created_at at time zone 'UTC')::date::text as day, cost_usd::text as cost
       from llm_requests`,
    );
    const now = performance.now();
    const span = { startedAt: now, endedAt: now };
    for (const { id, day, cost } of rows) {
      const sent = this.#requests.content(id);
      const isSame = sent?.day === day && moneyOf(sent.cost) === moneyOf(cost);
      findings.note(`${NAME} in PostgreSQL`, this.#requests.check(id, isSame ? 'same' : 'other', span));
    }
    const ids = rows.map(({ id }) => id);
    findings.note(
      `${NAME} in PostgreSQL`,
      this.#requests.checkList(ids, span, () => true),
    );
    const totals = await tables.query<{ day: string; cost: string; count: string }>(
      "select day::text, cost_usd::text as cost, requests::text as count from llm_daily_totals where kind = 'all'",
    );
    for (const { day, cost, count } of totals.rows) {
      const sum = this.#sums.get(day)!;
      const total = { cost: moneyOf(cost), count: Number(count) };
      findings.note(`${NAME} in PostgreSQL`, sum.check(total, sum.acknowledged));
    }
  }
}
