import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Statistics } from './statistics.ts';

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
}

export interface Answer {
  readonly status: number;
  // What it is, the caller knows and checks.
  readonly body: Record<string, unknown>;
}

/** A service that hangs for longer than this is taken for gone. */
const TIMEOUT_MS = 30_000;
const PAUSE_MS = 50;
/** A write that is refused for so long is a failure of the whole, whatever the fault. */
const PATIENCE_MS = 60_000;
/** Come back later: the tiers are away, or the process is. */
const awayStatuses = new Set([429, 503, 504]);

/** One caller that goes from service to service in turn, and to the other one where it was refused. */
export class Client {
  readonly #ports: readonly number[];
  readonly #statistics: Statistics;
  readonly #agent = new Agent({ keepAlive: true });
  #turn: number;
  #refusedSince: number | undefined;

  constructor(ports: readonly number[], statistics: Statistics, turn: number) {
    this.#ports = ports;
    this.#statistics = statistics;
    this.#turn = turn;
  }

  /** @returns undefined when whoever was asked is away, or says that a tier is */
  async ask(call: Call): Promise<Answer | undefined> {
    this.#turn += 1;
    const port = this.#ports[this.#turn % this.#ports.length]!;
    const startedAt = performance.now();
    const answer = await this.#send(port, call);
    const code = typeof answer === 'string' ? answer : awayCode(answer);
    const now = performance.now();
    if (code === undefined) {
      this.#statistics.answered(now - startedAt);
      if (this.#refusedSince !== undefined) this.#statistics.stretch(this.#refusedSince, now);
      this.#refusedSince = undefined;
      return answer as Answer;
    }
    this.#refusedSince ??= startedAt;
    this.#statistics.refused(code);
    await delay(PAUSE_MS);
    return undefined;
  }

  /** Asks until there is an answer. @throws after a minute without one */
  async insist(call: Call): Promise<Answer> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.ask(call);
      if (answer !== undefined) return answer;
      if (performance.now() > deadline) throw new Error(`${call.method} ${call.path}: no answer in a minute`);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @returns a text where there is no answer: the code of the failure */
  #send(port: number, { method, path, body, key }: Call): Promise<Answer | string> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = {
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      };
      const options = { host: '127.0.0.1', port, method, path, headers, agent: this.#agent };
      const sent = request({ ...options, timeout: TIMEOUT_MS }, (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (answer += part));
        response.on('error', (error) => resolve(codeOf(error)));
        response.on('end', () => {
          try {
            const parsed = (answer === '' ? {} : JSON.parse(answer)) as Answer['body'];
            resolve({ status: response.statusCode!, body: parsed });
          } catch (error) {
            // An answer is whole or it breaks off, which is an error of the connection: this is no JSON.
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
      sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
      sent.on('error', (error) => resolve(codeOf(error)));
      sent.end(text);
    });
  }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** The code of an answer that says: come back later. Without a code it is no such answer. */
function awayCode({ status, body }: Answer): string | undefined {
  const { code } = body;
  return awayStatuses.has(status) && typeof code === 'string' ? code : undefined;
}
