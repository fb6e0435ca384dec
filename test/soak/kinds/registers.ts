import type { Call, Client } from '../client.ts';
import { Register } from '../oracle.ts';
import { isGood, type Kind, pick, type Tables, type Tools } from './kind.ts';

/** Values that are written over: where each stands, and what may be read meanwhile. */
export interface RegisterSpec {
  readonly name: string;
  /** How long after its acknowledgement a write may go unseen by a read through another process. */
  readonly boundMs: number;
  put(key: string, version: number, writer: number): Call;
  get(key: string, writer: number): Call;
  /** @returns undefined: what was read is not whole */
  versionOf(body: Record<string, unknown>): number | undefined;
  /** Whether a success says that every process sees it; always when absent. */
  isAcknowledged?(body: Record<string, unknown>): boolean;
  /** Gives the columns key and version, a row a key. */
  readonly sql: string;
}

interface Kept {
  readonly key: string;
  readonly writer: number;
  readonly register: Register;
}

const KEYS_PER_WRITER = 3;

export class Registers implements Kind {
  readonly weights: Kind['weights'];
  readonly #spec: RegisterSpec;
  readonly #tools: Tools;
  readonly #registers: readonly Kept[];
  readonly #turns: number[] = [];

  constructor(spec: RegisterSpec, tools: Tools, weights: Kind['weights']) {
    this.#spec = spec;
    this.#tools = tools;
    this.weights = weights;
    this.#registers = Array.from({ length: tools.writers * KEYS_PER_WRITER }, (_, index) => {
      const writer = Math.floor(index / KEYS_PER_WRITER);
      const key = `W${writer}K${index % KEYS_PER_WRITER}`;
      return { key, writer, register: new Register(`${spec.name} ${key}`) };
    });
  }

  get acknowledged(): number {
    return this.#registers.reduce((sum, { register }) => sum + register.acknowledged, 0);
  }

  async write(client: Client, writer: number): Promise<void> {
    const turn = (this.#turns[writer] = (this.#turns[writer] ?? 0) + 1);
    const { key, register } = this.#registers[writer * KEYS_PER_WRITER + (turn % KEYS_PER_WRITER)]!;
    const version = register.send(performance.now());
    const call = this.#spec.put(key, version, writer);
    const answer = await client.insist(call);
    if (!isGood(this.#tools.findings, this.#spec.name, call, answer)) return;
    this.#tools.count();
    if (this.#spec.isAcknowledged?.(answer.body) === false) return;
    register.acknowledge(version, performance.now());
  }

  async read(client: Client): Promise<void> {
    await this.#check(client, pick(this.#registers)!, this.#spec.boundMs, false);
  }

  async readBack(client: Client): Promise<void> {
    for (const each of this.#registers) await this.#check(client, each, 0, true);
  }

  async #check(
    client: Client,
    { key, writer, register }: Kept,
    boundMs: number,
    patient: boolean,
  ): Promise<void> {
    const { findings } = this.#tools;
    const call = this.#spec.get(key, writer);
    const startedAt = performance.now();
    const answer = patient ? await client.insist(call) : await client.ask(call);
    if (answer === undefined) return;
    const span = { startedAt, endedAt: performance.now() };
    if (answer.status !== 404 && !isGood(findings, this.#spec.name, call, answer)) return;
    const version = answer.status === 404 ? 0 : this.#spec.versionOf(answer.body);
    if (version === undefined) {
      const wrong = `${key} is none of what was written: ${JSON.stringify(answer.body).slice(0, 300)}`;
      findings.note(this.#spec.name, { staleMs: 0, wrong });
      return;
    }
    findings.note(this.#spec.name, register.check(version, span, boundMs));
  }

  async inPostgres(tables: Tables): Promise<void> {
    const { rows } = await tables.query<{ key: string; version: string }>(this.#spec.sql);
    const now = performance.now();
    for (const { key, register } of this.#registers) {
      const found = rows.filter((row) => row.key === key);
      const verdict =
        found.length > 1
          ? { staleMs: 0, wrong: `${register.name} stands ${found.length} times` }
          : register.check(Number(found[0]?.version ?? 0), { startedAt: now, endedAt: now }, 0);
      this.#tools.findings.note(`${this.#spec.name} in PostgreSQL`, verdict);
    }
  }
}
