import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { messageOf, StockroomError } from '../../../core/errors.ts';

/** Answers of the worker: see worker.js. */
type Answer = { ready: true } | { failed: string } | { id: number; bytes: Uint8Array };

interface Waiting {
  resolve(bytes: Uint8Array): void;
  reject(error: StockroomError): void;
}

export interface EngineOptions {
  /** Where PGlite keeps its data: a directory, or `memory://`. */
  readonly dataDir: string;
  /** A file with the data that a new database begins with: see `makeTemplate`. */
  readonly template?: string | undefined;
  /** Settings of PostgreSQL. */
  readonly settings: Readonly<Record<string, string>>;
  /** Where it is, for people. */
  readonly location: string;
}

/** How long PostgreSQL may take to start: it replays its log after a kill. */
const startTimeoutMs = 120_000;

/**
 * The thread in which PostgreSQL runs. It keeps the process alive only while it owes an answer, so that a program that
 * has nothing else to do can end.
 */
export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #location: string;
  #lastId = 0;
  #failure: StockroomError | undefined;
  #closing = false;

  private constructor(worker: Worker, location: string) {
    this.#worker = worker;
    this.#location = location;
  }

  /** @throws StockroomError EMBEDDED_FAILED */
  static async start({ location, ...workerData }: EngineOptions): Promise<Engine> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData,
      name: 'stockroom-postgresql',
      // Flags of the process (loaders, inspectors) are not meant for this file, and some stop it.
      execArgv: [],
    });
    const engine = new Engine(worker, location);
    await engine.#started();
    return engine;
  }

  /** Sends bytes of the protocol, which are handed over and gone here, and gives those of the reply. */
  call(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    return this.#request((id) => ({ id, bytes }), [bytes.buffer]);
  }

  /** All data of the database as a tar archive. */
  dump(): Promise<Uint8Array> {
    return this.#request((id) => ({ id, dump: true }));
  }

  /**
   * Ends the thread; what is in flight fails. A directory is then as after a kill, which PostgreSQL survives.
   *
   * @returns the error with which every call fails from now on
   */
  async kill(reason: string): Promise<StockroomError> {
    const failure = this.#fail(reason);
    await this.#worker.terminate();
    return failure;
  }

  /** Shuts PostgreSQL down and ends the thread, at the latest after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    if (this.#failure === undefined) {
      const late = new AbortController();
      await Promise.race([
        this.#request((id) => ({ id, close: true })),
        delay(timeoutMs, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
      late.abort();
    }
    await this.#worker.terminate();
  }

  #request(message: (id: number) => object, handOver: ArrayBuffer[] = []): Promise<Uint8Array> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#lastId += 1;
    const id = this.#lastId;
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(message(id), handOver);
    });
  }

  #started(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        void this.kill(`it did not start within ${startTimeoutMs} ms`);
      }, startTimeoutMs);
      const settle = (failure: StockroomError | undefined): void => {
        clearTimeout(timer);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      this.#waiting.set(0, { resolve: () => settle(undefined), reject: settle });
      this.#worker.on('message', (answer: Answer) => this.#receive(answer));
      this.#worker.on('error', (error) => this.#fail(messageOf(error)));
      this.#worker.on('exit', (code) => this.#fail(`its thread ended with code ${code}`));
    });
  }

  #receive(answer: Answer): void {
    if ('failed' in answer) {
      this.#fail(answer.failed);
      return;
    }
    const [id, bytes] = 'ready' in answer ? [0, new Uint8Array(0)] : [answer.id, answer.bytes];
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    waiting?.resolve(bytes);
  }

  #fail(reason: string): StockroomError {
    // Only the first failure says why; those that follow come from it.
    if (this.#failure !== undefined) return this.#failure;
    const failure = this.#closing
      ? new StockroomError('UNAVAILABLE', 'The durable tier was closed.')
      : new StockroomError(
          'EMBEDDED_FAILED',
          `The embedded database at ${this.#location} stopped: ${reason}. Start Stockroom again; ` +
            'what was committed is kept. For more load, set DATABASE_URL to a PostgreSQL server.',
          { details: { location: this.#location } },
        );
    this.#failure = failure;
    for (const waiting of this.#waiting.values()) waiting.reject(failure);
    this.#waiting.clear();
    return failure;
  }
}
