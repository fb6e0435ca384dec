import { ErrorReply } from 'redis';
import type { Endpoint } from '../../../core/config-values.ts';
import { messageOf, type StockroomError } from '../../../core/errors.ts';
import { hotBreaker, hotConnection, hotFailure } from '../../../core/hot-diagnostics.ts';
import { pause, within } from '../../../core/wait.ts';
import { Breaker } from './breaker.ts';
import { type Call, Deadlines } from './deadlines.ts';
import { type Absence, redisCode, refused, timedOut, unavailable, unconnected } from './replies.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

export type Reply = unknown;

export interface NodeOptions extends SessionOptions {
  /** What it is called until it is known where the server is. */
  readonly location: string;
  /** Where the server is now; asked again before every connection. */
  readonly resolve: () => Promise<Endpoint>;
  readonly listener: NodeListener;
  /** Follows a redirection of Cluster. @returns undefined: the error stands */
  readonly redirect?: (args: readonly string[], code: string, rest: string) => Promise<Reply> | undefined;
}

export interface NodeListener {
  /** Null: every key. */
  invalidated(key: string | null): void;
  /** It answers, or does no longer. */
  changed(node: RedisNode): void;
}

/**
 * One Redis server: the only connection to it, mended for as long as the node is open. Calls and invalidations share that
 * connection on purpose: their order is that of the server, its heartbeat vouches for both, and our own writes are not told to us
 * (NOLOOP), so that what was written may stay in the process.
 */
export class RedisNode {
  readonly #options: NodeOptions;
  readonly #deadlines: Deadlines;
  readonly #breaker: Breaker;
  #session: Session | undefined;
  #location: string;
  #lastFailure: Absence = { why: 'not connected yet' };
  #trustedUntil = 0;
  #waiting: (() => void)[] = [];
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#location = options.location;
    this.#breaker = new Breaker(options.settings, (state) =>
      hotBreaker.publish(() => ({ location: this.#location, state })),
    );
    const { settings } = options;
    this.#deadlines = new Deadlines(
      settings,
      () => this.#breaker.failed(performance.now()),
      ({ behind }) =>
        this.#late(behind, timedOut(this.#location, `no answer within ${settings.timeoutMs} ms`)),
    );
    this.#running = this.#run();
  }

  get location(): string {
    return this.#location;
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  get breaker(): Breaker {
    return this.#breaker;
  }

  /** What the server wrote belongs to this life of it; undefined while it is not connected. */
  get incarnation(): string | undefined {
    return this.#session?.incarnation;
  }

  get version(): string {
    return this.#session?.version ?? 'unknown';
  }

  get invalidation(): 'tracking' | 'messages' | undefined {
    return this.#session?.invalidation;
  }

  /** See `Coherence.trustedUntil`. */
  get trustedUntil(): number {
    return this.#session === undefined ? 0 : this.#trustedUntil;
  }

  /**
   * @param decode makes the result of the reply; it must not throw
   * @param behind a command that is sent right behind when the call is given up: it may still be on its way
   * @throws StockroomError HOT_UNAVAILABLE, HOT_TIMEOUT, HOT_REFUSED
   */
  send<T = Reply>(
    args: readonly string[],
    decode?: (reply: never) => T,
    behind?: readonly string[],
  ): Promise<T> {
    const session = this.#session;
    if (session === undefined) return this.#fail(unavailable(this.#location, this.#lastFailure));
    if (!this.#breaker.closed)
      return this.#fail(unavailable(this.#location, { why: 'it does not answer in time' }));
    return this.#await(session.client.sendCommand(args), args, decode, behind);
  }

  /** Commands that must follow one another directly: ASKING and what it is for. @returns the last reply */
  sendChain(chain: readonly (readonly string[])[]): Promise<Reply> {
    const session = this.#session;
    if (session === undefined) return this.#fail(unavailable(this.#location, this.#lastFailure));
    const replies = chain.map((args) => session.client.sendCommand(args));
    const last = replies.pop()!;
    for (const reply of replies) reply.catch(() => undefined); // The last one fails for the same reason.
    return this.#await<Reply>(last, chain.at(-1)!);
  }

  /** Waits until it is connected, or has failed to connect, for so long at the most. @returns whether it is connected */
  async connectedWithin(ms: number): Promise<boolean> {
    if (this.#session === undefined)
      await within(new Promise<void>((resolve) => this.#waiting.push(resolve)), ms);
    return this.connected;
  }

  /** Gives the connection up; another one is made, to where `resolve` says then. */
  reconnect(why: string): void {
    this.#session?.end(why);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#session?.end('closed');
    await this.#running;
  }

  /** On the way of every call: one promise beside the client's, and no timer. */
  #await<T>(
    reply: Promise<Reply>,
    args: readonly string[],
    decode?: (reply: never) => T,
    behind?: readonly string[],
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = this.#deadlines.add(reject, behind);
      const succeed = (value: Reply): void => {
        if (!this.#deadlines.settle(call)) return;
        if (!call.slow) this.#breaker.succeeded();
        resolve(decode === undefined ? (value as T) : decode(value as never));
      };
      reply.then(succeed, (error: unknown) => this.#failed(call, args, error, succeed));
    });
  }

  #failed(call: Call, args: readonly string[], error: unknown, succeed: (value: Reply) => void): void {
    if (call.done) return;
    // An error that Redis sent is an answer; any other (a closed socket, a full queue) is none.
    const answered = error instanceof ErrorReply;
    const { code, rest } = redisCode(error);
    // The deadline goes on: it bounds the call with all its redirections.
    const redirected = answered ? this.#options.redirect?.(args, code, rest) : undefined;
    if (redirected !== undefined) {
      redirected.then(succeed, (failure: Error) => this.#end(call, failure));
      return;
    }
    if (answered && !call.slow) this.#breaker.succeeded();
    if (answered && code === 'READONLY') this.reconnect('it is no master any more');
    const failure = answered
      ? refused(this.#location, error)
      : timedOut(this.#location, messageOf(error), error);
    this.#end(call, this.#failure(failure));
  }

  #end(call: Call, failure: Error): void {
    if (this.#deadlines.settle(call)) call.reject(failure);
  }

  /** On the same connection, and past the breaker. */
  #late(behind: readonly string[] | undefined, error: StockroomError): StockroomError {
    if (behind !== undefined) this.#session?.client.sendCommand(behind).catch(() => undefined);
    return this.#failure(error);
  }

  #fail(error: StockroomError): Promise<never> {
    return Promise.reject(this.#failure(error));
  }

  #failure(error: StockroomError): StockroomError {
    hotFailure.publish(() => ({ location: this.#location, code: error.code }));
    return error;
  }

  async #run(): Promise<void> {
    const { settings } = this.#options;
    for (let failures = 0; !this.#closing.signal.aborted; failures += 1) {
      try {
        const endpoint = await this.#options.resolve();
        this.#location = `${endpoint.host}:${endpoint.port}`;
        const session = await openSession(endpoint, this.#options);
        failures = 0;
        this.#up(session);
        const beats = this.#beat(session);
        const why = await session.ended;
        this.#down(why);
        await beats;
      } catch (error) {
        this.#lastFailure = unconnected(error, this.#options.setting);
        this.#options.listener.changed(this);
        this.#tellWaiting();
      }
      await this.#pause(failures === 0 ? 0 : settings.reconnectMinMs * 2 ** Math.min(failures - 1, 16));
    }
  }

  #up(session: Session): void {
    if (this.#closing.signal.aborted) session.end('closed');
    this.#session = session;
    this.#breaker.reset();
    session.onInvalidated((key) => this.#options.listener.invalidated(key));
    this.#trustedUntil = session.armedAt + this.#options.settings.heartbeatMs;
    this.#options.listener.changed(this);
    this.#tellWaiting();
    const { invalidation } = session;
    hotConnection.publish(() => ({ location: this.#location, up: true, reason: undefined, invalidation }));
  }

  #down(why: string): void {
    this.#session = undefined;
    this.#trustedUntil = 0;
    this.#lastFailure = { why };
    this.#options.listener.changed(this);
    if (this.#closing.signal.aborted) return;
    hotConnection.publish(() => ({
      location: this.#location,
      up: false,
      reason: why,
      invalidation: undefined,
    }));
  }

  #tellWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell();
  }

  /** PINGs for as long as the session lasts, and ends it when one stays without an answer. */
  async #beat(session: Session): Promise<void> {
    const { heartbeatMs, slowMs } = this.#options.settings;
    const over = new AbortController();
    void session.ended.then(() => over.abort());
    for (;;) {
      await pause(heartbeatMs / 4, over.signal);
      if (over.signal.aborted) return;
      const sentAt = performance.now();
      const probing = this.#breaker.probe(sentAt);
      const answered = await within(session.ping(), heartbeatMs * 2);
      const now = performance.now();
      if (probing) this.#breaker.probed(answered === true && now - sentAt < slowMs, now);
      if (over.signal.aborted) return;
      if (answered === false) return session.end('a PING failed or was refused');
      if (answered === undefined) return session.end(`no answer to a PING within ${heartbeatMs * 2} ms`);
      this.#trustedUntil = sentAt + heartbeatMs;
      this.#options.listener.changed(this);
    }
  }

  async #pause(ms: number): Promise<void> {
    const bounded = Math.min(ms, this.#options.settings.reconnectMaxMs);
    await pause(bounded * (0.5 + Math.random() / 2), this.#closing.signal);
  }
}
