import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../core/config-values.ts';
import { StockroomError } from '../core/errors.ts';

/** `up` is from the client to the server, `down` from the server to the client. */
export type Direction = 'up' | 'down' | 'both';
type Way = Exclude<Direction, 'both'>;

export interface TcpProxyOptions {
  readonly target: Endpoint;
  /** Address to listen on; 127.0.0.1 when left out. */
  readonly host?: string;
  /** 0, and nothing, is any free port. */
  readonly port?: number;
}

/**
 * A TCP proxy that puts faults between a client and a real server. A fault holds for open connections and for new ones,
 * until another takes its place or `heal`. `delay` and `cutAfter` go together with all others; of `blackHole` and
 * `stall` the later one counts. Every direction of a connection holds 1 MiB at most, and is read no further then.
 */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Connections of which either side is open now. */
  readonly connections: number;
  /** Connections accepted since the start; those that `refuse` reset are among them. */
  readonly accepted: number;
  /**
   * Everything arrives so many whole milliseconds later, what is on its way as well; 0 takes it away. The order is kept,
   * and the rate up to 1 MiB in that time: chunks sent one by one are each as late, not later one by one.
   */
  delay(ms: number, direction?: Direction): void;
  /** Bytes, ends and resets are swallowed: connections stay open and nothing arrives. */
  blackHole(direction?: Direction): void;
  /** Bytes, ends and resets are held back until `heal`; nothing is lost. */
  stall(direction?: Direction): void;
  /**
   * Destroys each connection, both ways, when so many more bytes went through it in a direction, wherever in a message
   * that is. With 0 its next bytes destroy it and none arrives: a request that was carried out and never answered.
   */
  cutAfter(bytes: number, direction?: Direction): void;
  /** Resets every open connection, now. */
  reset(): void;
  /** Resets every open connection, and each new one at once; the port stays taken. */
  refuse(): void;
  /** Ends all faults and delivers what was held. A connection with a hole (something was swallowed) is reset. */
  heal(): void;
  /** Where new connections go from now on. */
  retarget(target: Endpoint): void;
  /** Resets every connection and gives up the port; resolves when all is closed. A second call does nothing more. */
  close(): Promise<void>;
}

const HELD_MAX_BYTES = 1 << 20;
const DELAY_MAX_MS = 3_600_000;
const PORT_MAX = 65_535;

/** What is wrong with one direction of every connection. */
interface Fault {
  passage: 'open' | 'stalled' | 'swallowed';
  delayMs: number;
  /** Of each connection; infinite where none is cut. */
  cutAfterBytes: number;
}

const noFault: Readonly<Fault> = { passage: 'open', delayMs: 0, cutAfterBytes: Number.POSITIVE_INFINITY };

/** @throws StockroomError INVALID_INPUT unless the value is a whole number within the bounds */
export function checkedWhole(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const message = `${name} is ${value}: expected a whole number from ${min} to ${max}`;
  throw new StockroomError('INVALID_INPUT', message, { details: { name, found: value } });
}

const checkTarget = ({ port }: Endpoint) => checkedWhole('port of the target', port, 1, PORT_MAX);

/** For the errors of sockets: 'close' follows each, and is what the flows act on. */
const expected = (): void => undefined;

/** An end in one direction leaves the other open, and no small message waits for another one. */
const socketOptions = { allowHalfOpen: true, noDelay: true };

/** Ends a connection with an RST, so that the other side fails instead of reading an end. */
function resetSocket(socket: Socket): void {
  // Node.js cannot while it connects, nor while its FIN is on the way: the socket would never close.
  const closing = socket.writableEnded && !socket.writableFinished;
  if (socket.connecting || closing) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}

type Event = Buffer | 'end' | 'reset';

/** One direction of one connection: what its source sent, in order, and not yet given to its sink. */
class Flow {
  /** Until the connection is cut. */
  leftBytes: number;
  hasHole = false;
  readonly #fault: Readonly<Fault>;
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #held: { event: Event; atMs: number }[] = [];
  #heldBytes = 0;
  #isCut = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(fault: Readonly<Fault>, source: Socket, sink: Socket) {
    this.leftBytes = fault.cutAfterBytes;
    this.#fault = fault;
    this.#source = source;
    this.#sink = sink;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => this.#take('end'));
    source.on('close', (failed) => {
      if (failed || !source.readableEnded) this.#take('reset');
    });
    sink.on('drain', () => this.pump());
    sink.on('close', () => this.pump()); // Nothing is kept, and no timer, for a side that is gone.
  }

  /** Gives to the sink what may go now; called whenever that may have changed. */
  pump(): void {
    clearTimeout(this.#timer);
    for (let next = this.#held[0]; next !== undefined && !this.#mustWait(next.atMs); next = this.#held[0]) {
      this.#held.shift();
      if (typeof next.event !== 'string') this.#heldBytes -= next.event.length;
      this.#deliver(next.event);
    }
    if (this.#heldBytes < HELD_MAX_BYTES) this.#source.resume();
    else this.#source.pause();
  }

  #take(event: Event): void {
    this.#held.push({ event, atMs: performance.now() });
    if (typeof event !== 'string') this.#heldBytes += event.length;
    this.pump();
  }

  #mustWait(atMs: number): boolean {
    const { passage, delayMs } = this.#fault;
    if (this.#sink.destroyed) return false;
    if (passage === 'stalled') return true;
    if (passage === 'open' && this.#sink.writableNeedDrain) return true;
    const leftMs = delayMs === 0 ? 0 : atMs + delayMs - performance.now();
    if (leftMs <= 0) return false;
    this.#timer = setTimeout(() => this.pump(), Math.ceil(leftMs)).unref();
    return true;
  }

  #deliver(event: Event): void {
    if (this.#sink.destroyed || (this.#isCut && event !== 'reset')) return;
    if (this.#fault.passage === 'swallowed') this.hasHole = true;
    else if (event === 'end') this.#sink.end();
    else if (event === 'reset') resetSocket(this.#sink);
    else if (event.length < this.leftBytes) {
      this.leftBytes -= event.length;
      this.#sink.write(event);
    } else this.#cut(event.subarray(0, this.leftBytes));
  }

  #cut(last: Buffer): void {
    this.#isCut = true;
    // Not before the system has the last bytes: they are to arrive.
    this.#sink.write(last, () => {
      this.#source.destroy();
      this.#sink.destroy();
    });
  }
}

/** A client, the server behind it, and both directions between them. */
class Link {
  readonly flows: Readonly<Record<Way, Flow>>;
  /** Resolves when both sides are closed. */
  readonly closed: Promise<unknown>;
  readonly sides: readonly Socket[];

  constructor(client: Socket, server: Socket, faults: Readonly<Record<Way, Fault>>) {
    this.sides = [client, server];
    // Not `once` of node:events: it rejects when the side fails first.
    const closing = this.sides.map((side) => new Promise((resolve) => side.once('close', resolve)));
    this.closed = Promise.all(closing);
    this.flows = { up: new Flow(faults.up, client, server), down: new Flow(faults.down, server, client) };
  }

  reset(): void {
    for (const side of this.sides) resetSocket(side);
  }
}

class RunningProxy implements TcpProxy {
  readonly host: string;
  readonly port: number;
  accepted = 0;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #faults: Readonly<Record<Way, Fault>> = { up: { ...noFault }, down: { ...noFault } };
  #target: Endpoint;
  #isRefusing = false;
  #closed: Promise<void> | undefined;

  constructor(listening: Server, target: Endpoint) {
    const { address, port } = listening.address() as AddressInfo;
    this.host = address;
    this.port = port;
    this.#server = listening;
    this.#target = target;
    listening.on('connection', (client) => this.#accept(client));
    // A connection that cannot be accepted (no descriptor left) fails for its client; the others go on.
    listening.on('error', expected);
  }

  get connections(): number {
    return [...this.#links].filter(({ sides }) => sides.some((side) => !side.destroyed)).length;
  }

  delay(ms: number, direction?: Direction): void {
    this.#change({ delayMs: checkedWhole('delay', ms, 0, DELAY_MAX_MS) }, direction);
  }

  blackHole(direction?: Direction): void {
    this.#change({ passage: 'swallowed' }, direction);
  }

  stall(direction?: Direction): void {
    this.#change({ passage: 'stalled' }, direction);
  }

  cutAfter(bytes: number, direction?: Direction): void {
    const cutAfterBytes = checkedWhole('cutAfter', bytes, 0, Number.MAX_SAFE_INTEGER);
    this.#change({ cutAfterBytes }, direction);
  }

  reset(): void {
    for (const link of this.#links) link.reset();
  }

  refuse(): void {
    this.#isRefusing = true;
    this.reset();
  }

  heal(): void {
    this.#isRefusing = false;
    for (const link of this.#links) if (link.flows.up.hasHole || link.flows.down.hasHole) link.reset();
    this.#change(noFault);
  }

  retarget(target: Endpoint): void {
    checkTarget(target);
    this.#target = target;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    client.on('error', expected);
    if (this.#isRefusing) return resetSocket(client);
    const server = connect({ ...this.#target, ...socketOptions }).on('error', expected);
    const link = new Link(client, server, this.#faults);
    this.#links.add(link);
    void link.closed.then(() => this.#links.delete(link));
  }

  #change(change: Partial<Fault>, direction: Direction = 'both'): void {
    for (const way of direction === 'both' ? (['up', 'down'] as const) : [direction]) {
      Object.assign(this.#faults[way], change);
      for (const { flows } of this.#links) {
        if (change.cutAfterBytes !== undefined) flows[way].leftBytes = change.cutAfterBytes;
        flows[way].pump();
      }
    }
  }

  async #end(): Promise<void> {
    const closed = [once(this.#server, 'close'), ...[...this.#links].map((link) => link.closed)];
    this.#server.close();
    this.reset();
    await Promise.all(closed);
  }
}

/**
 * Listens and passes every connection on to the target. One that the target does not take is reset.
 * @throws StockroomError INVALID_INPUT when a port is none; the error of Node.js when it cannot listen (EADDRINUSE)
 */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { target, host = '127.0.0.1', port = 0 } = options;
  checkTarget(target);
  const server = createServer(socketOptions);
  server.listen(checkedWhole('port', port, 0, PORT_MAX), host);
  await once(server, 'listening');
  return new RunningProxy(server, target);
}
