import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { randomFaults, type FaultName, type RandomFaultsOptions } from './random-faults.ts';
import { type Direction, startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
const sockets = new Set<Socket>();

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startTcpProxy({
    target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
  });
});
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

/** Asks once over a connection of its own: whether the answer came. */
async function ask(): Promise<boolean> {
  const socket = connect({ host: proxy.host, port: proxy.port });
  sockets.add(socket);
  const answered = new Promise<boolean>((resolve) => {
    socket.on('data', () => resolve(true));
    socket.on('error', () => undefined); // 'close' follows.
    socket.on('close', () => resolve(false));
  });
  socket.write('?');
  const answer = await answered;
  socket.destroy();
  return answer;
}

/** What happened in so many milliseconds of a clock that is turned by hand. */
async function played(options: RandomFaultsOptions, ms: number) {
  vi.useFakeTimers();
  const faults = randomFaults(proxy, options);
  await vi.advanceTimersByTimeAsync(ms);
  await faults.stop();
  vi.useRealTimers();
  return faults.log;
}

describe('randomFaults', () => {
  it('does the same for the same seed, and something else for another', async () => {
    const everyMs = [10, 50] as const;
    const first = await played({ seed: 7, everyMs }, 5000);
    expect(await played({ seed: 7, everyMs }, 5000)).toEqual(first);
    expect(await played({ seed: 8, everyMs }, 5000)).not.toEqual(first);
    // 5 s of periods of 10 to 50 ms.
    expect(first.length).toBeGreaterThanOrEqual(99);
    expect(first.length).toBeLessThanOrEqual(500);
  });

  it('keeps to its times and heals each fault before the next', async () => {
    const names = ['delay', 'blackHole', 'stall', 'cutAfter', 'reset', 'refuse', 'heal'] as const;
    const calls: string[] = [];
    for (const name of names) vi.spyOn(proxy, name).mockImplementation(() => void calls.push(name));
    const log = await played({ seed: 1, everyMs: [100, 300] }, 60_000);
    const gapsMs = log.slice(1).map(({ atMs }, index) => atMs - log[index]!.atMs);
    // A fault ends its period: two are apart by a period, and by what the parts of both differ that they last.
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(100 - 40);
    expect(Math.max(...gapsMs)).toBeLessThanOrEqual(300 + 120);
    const lastsMs = log.flatMap(({ fault }) => /for (\d+) ms$/.exec(fault)?.slice(1).map(Number) ?? []);
    expect(Math.min(...lastsMs)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...lastsMs)).toBeLessThanOrEqual(150);
    expect(new Set(calls)).toEqual(new Set(names));
    expect(calls.filter((name) => name !== 'heal')).toEqual(log.map(({ fault }) => fault.split(' ')[0]));
    expect(
      calls.every((name, index) => (name === 'heal') === (index % 2 === 1) || index === calls.length - 1),
    ).toBe(true);
  });

  it('applies the faults that it is given, and says which', async () => {
    const log = await played({ seed: 3, everyMs: [10, 20], faults: ['stall', 'cutAfter'] }, 3000);
    for (const { fault } of log) {
      expect(fault).toMatch(/^(stall|cutAfter \d+ bytes) (up|down|both) for \d+ ms$/);
    }
    expect(new Set(log.map(({ fault }) => fault.split(' ')[0]))).toEqual(new Set(['stall', 'cutAfter']));
  });

  it('keeps the last 10,000 of its log', async () => {
    expect(await played({ seed: 1, everyMs: [1, 1], faults: ['reset'] }, 25_000)).toHaveLength(10_000);
  });

  it('breaks connections for real, and stop heals for good', async () => {
    const faults = randomFaults(proxy, { seed: 5, everyMs: [20, 40], faults: ['refuse'] });
    let failed = 0;
    while (failed < 3) failed += (await ask()) ? 0 : 1;
    await vi.waitFor(() => expect(faults.log.length).toBeGreaterThanOrEqual(3), { timeout: 30_000 });
    await faults.stop();
    const known = faults.log.length;
    for (let round = 0; round < 100; round += 1) expect(await ask()).toBe(true);
    expect(faults.log).toHaveLength(known);
  });

  it('stop ends the fault that is on, once', async () => {
    vi.useFakeTimers();
    const faults = randomFaults(proxy, { seed: 5, everyMs: [1000, 1000], faults: ['refuse'] });
    while (faults.log.length === 0) await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    expect(await ask()).toBe(false);
    await faults.stop();
    expect(await ask()).toBe(true);
    proxy.refuse();
    await faults.stop();
    expect(await ask()).toBe(false);
  });

  it.each<[string, Partial<RandomFaultsOptions>]>([
    ['seed', { seed: -1 }],
    ['seed', { seed: 2 ** 32 }],
    ['everyMs[0]', { everyMs: [0, 1] }],
    ['everyMs[1]', { everyMs: [20, 10] }],
    ['faults', { faults: [] }],
    ['faults', { faults: ['flood' as FaultName] }],
  ])('refuses a wrong %s', (name, wrong) => {
    expect(() => randomFaults(proxy, { seed: 1, everyMs: [10, 20], ...wrong })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(`${name} is`) }),
    );
  });
});

it('whatever delays, stalls and heals: all bytes arrive, in order', async () => {
  const direction = fc.constantFrom<Direction>('up', 'down', 'both');
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ sendBytes: fc.integer({ min: 1, max: 100_000 }) }) },
    { weight: 2, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 20 }) }) },
    fc.record({ delayMs: fc.integer({ min: 0, max: 6 }), direction }),
    fc.record({ stall: direction }),
    fc.constant('heal' as const),
  );
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true });
    sockets.add(socket);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    const closed = once(socket, 'close');
    let sent = '';
    for (const todo of steps) {
      if (todo === 'heal') proxy.heal();
      else if ('delayMs' in todo) proxy.delay(todo.delayMs, todo.direction);
      else if ('stall' in todo) proxy.stall(todo.stall);
      else if ('turns' in todo) for (let left = todo.turns; left > 0; left -= 1) await turn();
      else {
        // Every place has its own text: what is lost, repeated or exchanged shows.
        const text = `${sent.length},`.repeat(todo.sendBytes).slice(0, todo.sendBytes);
        socket.write(text);
        sent += text;
      }
    }
    socket.end();
    proxy.heal();
    await closed;
    expect(Buffer.concat(chunks).toString() === sent).toBe(true);
  });
  await fc.assert(property, { numRuns: 100 });
});
