import { randomBytes } from 'node:crypto';
import type { Call, Client } from '../client.ts';
import { Journal } from '../oracle.ts';
import { isGood, type Kind, pagesOf, pickRecent, type Tables, type Tools } from './kind.ts';

const NAME = 'picks';

/** Picks and what became of them: each has one outcome, which is put after it was logged. */
export class Picks implements Kind {
  readonly weights = { write: 12, read: 10 };
  readonly #tools: Tools;
  /** The prices of the signals, by UUID. */
  readonly #picks = new Journal<number>(NAME);
  /** The closes of the outcomes, by the UUID of their pick. */
  readonly #outcomes = new Journal<number>('outcomes');
  #count = 0;

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  get acknowledged(): number {
    return this.#picks.acknowledged.length + this.#outcomes.acknowledged.length;
  }

  async write(client: Client, writer: number): Promise<void> {
    const uuid = randomBytes(16).toString('hex');
    const price = 100 + (this.#count += 1) / 8;
    this.#picks.send(uuid, price, performance.now());
    const contributions = [{ agent_name: 'technical', score: 61.5, confidence: 'High' }];
    const pick = { pick_uuid: uuid, symbol: `P${writer}`, mode: 'Swing', signal_price: price, contributions };
    const signal = { signal_ts: '2024-03-15T06:00:00Z', universe: 'loose' };
    const log: Call = {
      method: 'POST',
      path: '/v1/picks',
      body: { ...pick, ...signal },
      key: `pick ${uuid}`,
    };
    if (!isGood(this.#tools.findings, NAME, log, await client.insist(log))) return;
    this.#picks.acknowledge(uuid, performance.now());
    this.#tools.count();
    const close = price + 1;
    this.#outcomes.send(uuid, close, performance.now());
    const body = { price_close: close, horizon_end_ts: '2024-03-18T10:00:00Z' };
    const put: Call = { method: 'PUT', path: `/v1/picks/${uuid}/outcomes/1D`, body };
    if (!isGood(this.#tools.findings, 'outcomes', put, await client.insist(put))) return;
    this.#outcomes.acknowledge(uuid, performance.now());
    this.#tools.count();
  }

  async read(client: Client): Promise<void> {
    const uuid = pickRecent(this.#picks.acknowledged);
    if (uuid === undefined) return;
    const call: Call = { method: 'GET', path: `/v1/picks/${uuid}` };
    const startedAt = performance.now();
    const answer = await client.ask(call);
    if (answer === undefined) return;
    if (answer.status !== 404 && !isGood(this.#tools.findings, NAME, call, answer)) return;
    this.#check(uuid, answer.status === 404 ? undefined : answer.body, startedAt);
  }

  #check(uuid: string, item: Readonly<Record<string, unknown>> | undefined, startedAt: number): void {
    const { findings } = this.#tools;
    const span = { startedAt, endedAt: performance.now() };
    const compared = (found: unknown, sent: unknown): 'same' | 'other' | 'absent' => {
      if (found === undefined) return 'absent';
      return found === sent ? 'same' : 'other';
    };
    const found = compared(item?.['signal_price'], this.#picks.content(uuid));
    findings.note(NAME, this.#picks.check(uuid, found, span));
    if (item === undefined) return;
    const outcomes = item['outcomes'] as { price_close: number }[];
    const close = outcomes.length > 1 ? Number.NaN : outcomes[0]?.price_close;
    findings.note(
      'outcomes',
      this.#outcomes.check(uuid, compared(close, this.#outcomes.content(uuid)), span),
    );
  }

  async readBack(client: Client): Promise<void> {
    const startedAt = performance.now();
    const items = await pagesOf(this.#tools.findings, client, '/v1/picks?universe=loose&limit=500', true);
    if (items === undefined) return;
    const span = { startedAt, endedAt: performance.now() };
    const ids = items.map((item) => String(item['pick_uuid']));
    this.#tools.findings.note(
      'list /v1/picks',
      this.#picks.checkList(ids, span, () => true),
    );
    for (const item of items) this.#check(String(item['pick_uuid']), item, startedAt);
  }

  async inPostgres(tables: Tables): Promise<void> {
    const now = performance.now();
    const span = { startedAt: now, endedAt: now };
    const picks = await tables.query<{ id: string }>(
      "select pick_uuid as id from pick_events where universe = 'loose'",
    );
    const outcomes = await tables.query<{ id: string }>('select pick_uuid as id from pick_outcomes');
    for (const [journal, { rows }] of [
      [this.#picks, picks],
      [this.#outcomes, outcomes],
    ] as const) {
      const ids = rows.map(({ id }) => id);
      this.#tools.findings.note(
        `${journal.name} in PostgreSQL`,
        journal.checkList(ids, span, () => true),
      );
    }
  }
}
