import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** More than the buffers of the system and of the proxy hold between the ends of a connection. */
const much = Buffer.concat(Array.from({ length: 64 }, (_, index) => Buffer.alloc(1 << 20, index)));
/** Long enough for a slow machine, and for much. */
const WAIT = { timeout: 30_000, interval: 10 };
/** So long that a test would run out of time before. */
const LONG_MS = 600_000;

/** One end of a connection and what it met. */
class End {
  readonly chunks: Buffer[] = [];
  bytes = 0;
  error: string | undefined;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => (this.bytes += this.chunks.push(chunk) && chunk.length));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
}

/** A server that sends back what it is sent. */
async function startEcho() {
  const ends: End[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    ends.push(new End(socket));
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): Promise<unknown> => {
    for (const { socket } of ends) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { ends, close, target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } };
}

let echo: Awaited<ReturnType<typeof startEcho>>;
let proxy: TcpProxy;
/** Never disturbed: what it has carried meanwhile, a working proxy would have carried as well. */
let healthy: TcpProxy;

beforeEach(async () => {
  echo = await startEcho();
  proxy = await startTcpProxy({ target: echo.target });
  healthy = await startTcpProxy({ target: echo.target });
});
afterEach(async () => {
  await Promise.all([proxy.close(), healthy.close(), echo.close()]);
});

function open(through = proxy): End {
  return new End(connect({ host: through.host, port: through.port, noDelay: true }));
}

const received = (end: End, text: string) => vi.waitFor(() => expect(end.text).toBe(text), WAIT);
const closed = (...ends: End[]) =>
  vi.waitFor(() => expect(ends.every(({ socket }) => socket.closed)).toBe(true), WAIT);
const failed = (...ends: End[]) =>
  vi.waitFor(() => expect(ends.map((end) => end.error)).toEqual(ends.map(() => 'ECONNRESET')), WAIT);

/** A client that was answered, and the end at the server. */
async function greeted(text = ''): Promise<[client: End, server: End]> {
  const known = echo.ends.length;
  const client = open();
  client.socket.write(text);
  await vi.waitFor(() => expect([client.text, echo.ends.length > known]).toEqual([text, true]), WAIT);
  return [client, echo.ends[known]!];
}

/** Carries something through the healthy proxy and back, several times or once. */
async function meanwhile(message = Buffer.from('x'), rounds = 10): Promise<void> {
  const client = open(healthy);
  for (let round = 1; round <= rounds; round += 1) {
    client.socket.write(message);
    await vi.waitFor(() => expect(client.bytes).toBe(round * message.length), WAIT);
  }
  client.socket.destroy();
}

it('passes bytes both ways and counts connections', async () => {
  expect([proxy.connections, proxy.accepted]).toEqual([0, 0]);
  const [[first, server]] = [await greeted('one'), await greeted('two')];
  expect([server.text, proxy.connections, proxy.accepted]).toEqual(['one', 2, 2]);
  first.socket.end();
  await closed(first);
  await vi.waitFor(() => expect([proxy.connections, proxy.accepted]).toEqual([1, 2]), WAIT);
});

it('passes the end of one direction on and leaves the other open', async () => {
  const [client, server] = await greeted();
  server.socket.unpipe().resume();
  client.socket.end('question');
  await vi.waitFor(() => expect(server.socket.readableEnded).toBe(true), WAIT);
  expect([server.text, client.socket.readableEnded]).toEqual(['question', false]);
  server.socket.end('answer');
  await closed(client);
  expect([client.text, client.socket.readableEnded, client.error]).toEqual(['answer', true, undefined]);
});

it('passes a reset on, from either side', async () => {
  const [[client, server], [otherClient, otherServer]] = [await greeted(), await greeted()];
  client.socket.resetAndDestroy();
  otherServer.socket.resetAndDestroy();
  await failed(server, otherClient);
  expect(proxy.connections).toBe(0);
});

it('moves new connections alone to another target, and resets those that it does not take', async () => {
  const [[client], other] = [await greeted(), await startEcho()];
  proxy.retarget(other.target);
  const moved = open();
  moved.socket.write('moved');
  await received(moved, 'moved');
  expect([echo.ends.length, other.ends.length]).toEqual([1, 1]);
  client.socket.write('stayed');
  await received(client, 'stayed');
  await other.close();
  await failed(open());
});

it.each([
  ['a receiver that reads nothing', (to: End) => to.socket.pause(), (to: End) => to.socket.resume()],
  ['a stalled proxy', () => proxy.stall('up'), () => proxy.heal()],
])('takes a bounded amount for %s', async (_, hinder, release) => {
  const [client, server] = await greeted();
  server.socket.unpipe().resume();
  hinder(server);
  let isTaken = false;
  client.socket.write(much, () => (isTaken = true));
  await meanwhile(much, 1);
  expect([isTaken, server.bytes]).toEqual([false, 0]);
  release(server);
  await vi.waitFor(() => expect(server.bytes).toBe(much.length), WAIT);
  expect(Buffer.concat(server.chunks).equals(much)).toBe(true);
});

it.each([
  ['up', 60],
  ['down', 60],
  ['both', 120],
  [undefined, 120],
] as const)('delay in direction %s makes a round trip of %d ms', async (direction, least) => {
  const [client] = await greeted();
  proxy.delay(60, direction);
  const startMs = performance.now();
  client.socket.write('late');
  await received(client, 'late');
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(least);
});

it('delay is a latency, not a rate', async () => {
  const [client, server] = await greeted();
  proxy.delay(1000, 'up');
  const startMs = performance.now();
  for (let index = 0; index < 20; index += 1) {
    client.socket.write('x');
    await meanwhile(Buffer.from('x'), 1);
  }
  await vi.waitFor(() => expect(server.bytes).toBe(20), WAIT);
  expect(performance.now() - startMs).toBeLessThan(10_000);
});

it('delay of 0 lets go of what is on its way, in its order and direction', async () => {
  const [client, server] = await greeted();
  proxy.delay(LONG_MS);
  client.socket.write('1');
  await meanwhile();
  proxy.delay(0, 'down');
  expect(server.text).toBe('');
  proxy.delay(0, 'up');
  client.socket.write('2');
  await received(client, '12');
});

it('blackHole swallows without holding the sender up; heal resets what has a hole', async () => {
  const [[client, server], [other, otherServer], [idle]] = [
    await greeted(),
    await greeted(),
    await greeted(),
  ];
  server.socket.unpipe().pause();
  let isTaken = false;
  client.socket.write(much, () => (isTaken = true));
  await meanwhile(much, 1);
  proxy.blackHole();
  await vi.waitFor(() => expect(isTaken).toBe(true), WAIT);
  const late = open();
  for (const { socket } of [other, late]) socket.write('lost');
  await meanwhile();
  expect([otherServer.bytes, late.bytes, client.socket.closed]).toEqual([0, 0, false]);
  proxy.heal();
  await failed(client, other, late);
  expect([otherServer.bytes, proxy.connections]).toEqual([0, 1]);
  idle.socket.write('idle');
  await received(idle, 'idle');
});

it('blackHole swallows one direction alone, and what was held in it', async () => {
  const [client, server] = await greeted();
  proxy.stall('down');
  client.socket.write('request');
  await received(server, 'request');
  await meanwhile();
  proxy.blackHole('down');
  expect([client.bytes, client.socket.closed]).toEqual([0, false]);
  proxy.heal();
  await failed(client);
  expect(client.bytes).toBe(0);
});

it.each(['stall', 'blackHole'] as const)('%s keeps the end of one side from the other', async (fault) => {
  const [[client, server], [otherClient, otherServer]] = [await greeted(), await greeted()];
  proxy[fault]();
  client.socket.end();
  otherServer.socket.resetAndDestroy();
  await meanwhile();
  expect([server.socket.readableEnded, otherClient.socket.closed]).toEqual([false, false]);
  proxy.heal();
  await Promise.all([closed(client), failed(otherClient)]);
  expect([server.socket.readableEnded, client.error]).toEqual(
    fault === 'stall' ? [true, undefined] : [false, 'ECONNRESET'],
  );
});

it.each(['up', 'down', 'both'] as const)('stall %s holds bytes back until heal', async (direction) => {
  const [client, server] = await greeted();
  proxy.stall(direction);
  const late = open();
  client.socket.write('held');
  late.socket.write('late');
  await meanwhile();
  expect([server.text, client.bytes, late.bytes]).toEqual([direction === 'down' ? 'held' : '', 0, 0]);
  proxy.heal();
  await Promise.all([received(client, 'held'), received(late, 'late')]);
});

it('cutAfter lets so many bytes through and destroys both ways', async () => {
  const [client, server] = await greeted();
  proxy.cutAfter(5, 'up');
  client.socket.write('123');
  await received(client, '123');
  proxy.stall('down');
  client.socket.write('4567');
  await closed(client, server);
  expect([server.text, proxy.connections]).toEqual(['12345', 0]);
});

it('cutAfter counts for each connection, new ones as well, until heal', async () => {
  const [client] = await greeted('hello');
  proxy.cutAfter(3, 'down');
  const [[spared], late] = [await greeted('1'), open()];
  client.socket.write('12345');
  late.socket.write('abcde');
  await closed(client, late);
  expect([client.text, late.text]).toEqual(['hello123', 'abc']);
  proxy.heal();
  spared.socket.write('2345');
  await received(spared, '12345');
});

it('cutAfter of 0 carries the request and never the answer', async () => {
  const [client, server] = await greeted();
  proxy.cutAfter(0, 'down');
  client.socket.write('request');
  await closed(client);
  expect([server.text, client.bytes]).toEqual(['request', 0]);
});

it('cutAfter lets nothing follow the cut, healed or not', async () => {
  const [client, server] = await greeted();
  proxy.delay(LONG_MS, 'up');
  for (const message of ['abc', 'def']) {
    client.socket.write(message);
    await meanwhile();
  }
  proxy.cutAfter(2, 'up');
  proxy.delay(0);
  proxy.heal();
  await closed(client, server);
  expect(server.text).toBe('ab');
});

it('reset breaks what is open and nothing else', async () => {
  const [client, server] = await greeted();
  proxy.reset();
  expect(proxy.connections).toBe(0);
  await failed(client, server);
  await greeted('hello');
});

it('reset breaks a connection whose end was just passed on', async () => {
  const [client] = await greeted();
  proxy.stall('up');
  client.socket.end();
  await meanwhile();
  proxy.heal();
  proxy.reset();
  await failed(client);
});

it('refuse breaks what is open and what comes, until heal', async () => {
  const [client] = await greeted();
  proxy.refuse();
  const refused = open();
  await failed(client, refused);
  expect([echo.ends.length, proxy.connections, proxy.accepted]).toEqual([1, 0, 2]);
  proxy.heal();
  await greeted('hello');
});

it.each(['stall', 'blackHole', 'refuse'] as const)('close frees the port: %s', async (fault) => {
  const [client] = await greeted();
  proxy[fault]();
  await Promise.all([proxy.close(), proxy.close()]);
  await failed(client);
  const next = await startTcpProxy({ target: echo.target, port: proxy.port });
  await next.close();
  const late = open();
  await vi.waitFor(() => expect(late.error).toBe('ECONNREFUSED'), WAIT);
});

it('refuses numbers that are none, and a port that is taken', async () => {
  const { target } = echo;
  for (const ms of [-1, 0.5, Number.NaN, 2 ** 31]) expect(() => proxy.delay(ms)).toThrow(`delay is ${ms}`);
  expect(() => proxy.cutAfter(-1)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  expect(() => proxy.retarget({ ...target, port: 0 })).toThrow('port of the target is 0');
  await expect(startTcpProxy({ target: { ...target, port: 65_536 } })).rejects.toThrow('is 65536');
  await expect(startTcpProxy({ target, port: -1 })).rejects.toThrow('port is -1');
  await expect(startTcpProxy({ target, port: target.port })).rejects.toThrow('EADDRINUSE');
});
