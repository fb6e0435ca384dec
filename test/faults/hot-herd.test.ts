import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startRedis } from '../support/servers.ts';
import { LONG } from './hot-support.ts';

const CHILD = fileURLToPath(new URL('hot-child.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/tiers/tiered/index.js', import.meta.url));
const CHILDREN = 4;
const ROUNDS = LONG ? 25 : 3;

interface Round {
  readonly key: string;
  readonly callers: number;
  readonly overMs: number;
  readonly factoryMs: number;
  readonly fails: boolean;
}

interface Report {
  readonly runs: readonly [start: string, end: string][];
  readonly got: readonly string[];
  readonly calls: number;
  readonly longestMs: number;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

describe('callers in several processes', () => {
  let server: Server;
  let children: ChildProcess[] = [];

  beforeAll(async () => {
    if (!existsSync(BUILT)) throw new Error(`${BUILT} is not there: run npm run build first`);
    server = await startRedis();
    children = await Promise.all(Array.from({ length: CHILDREN }, start));
  });
  afterAll(async () => {
    for (const child of children) if (child.connected) child.send('end');
    await Promise.all(children.filter(isRunning).map((child) => once(child, 'exit')));
    await server?.stop();
  });

  async function start(): Promise<ChildProcess> {
    const child = fork(CHILD, [server.url, 'herd:'], { execArgv: [] });
    child.setMaxListeners(0);
    await once(child, 'message');
    return child;
  }

  function play(child: ChildProcess, round: Round): Promise<Report | undefined> {
    return new Promise((resolve) => {
      const onMessage = (message: object): void => {
        if (!('runs' in message)) return;
        child.off('message', onMessage);
        resolve(message as Report);
      };
      child.on('message', onMessage);
      child.once('exit', () => resolve(undefined)); // One that was killed has nothing to say.
      child.send(round);
    });
  }

  async function playAll(round: Round): Promise<Report[]> {
    const reports = await Promise.all(children.map((child) => play(child, round)));
    return reports.filter((report) => report !== undefined);
  }

  /** The runs of all factories by their start, in ms; none may begin before the one before it has ended. */
  function runsOf(reports: readonly Report[]): { start: number; end: number }[] {
    const runs = reports.flatMap((report) =>
      report.runs.map(([start, end]) => ({ start: Number(start) / 1e6, end: Number(end) / 1e6 })),
    );
    runs.sort((a, b) => a.start - b.start);
    const overlaps = runs.filter(({ start }, at) => at > 0 && start < runs[at - 1]!.end);
    expect(overlaps).toEqual([]);
    return runs;
  }

  it(`${CHILDREN} times 500 ask for a value that is not there: it is made once`, async () => {
    for (let count = 0; count < ROUNDS; count += 1) {
      const round = { key: `once-${count}`, callers: 500, overMs: count * 20, factoryMs: 80, fails: false };
      const reports = await playAll(round);
      expect(runsOf(reports)).toHaveLength(1);
      expect(new Set(reports.flatMap(({ got }) => got)).size).toBe(1);
      expect(reports.reduce((sum, { calls }) => sum + calls, 0)).toBe(CHILDREN * 500);
    }
  });

  it(`${CHILDREN} times 200 ask within 400 ms for a value that cannot be made: nobody tries while another does`, async () => {
    for (let count = 0; count < ROUNDS; count += 1) {
      const round = { key: `never-${count}`, callers: 200, overMs: 400, factoryMs: 25, fails: true };
      const reports = await playAll(round);
      const runs = runsOf(reports);
      expect(runs.length).toBeGreaterThan(1);
      expect(new Set(reports.flatMap(({ got }) => got))).toEqual(new Set(['error: the factory failed']));
    }
  });

  it('who makes it is killed: another one takes over', async () => {
    const round = { key: 'killed', callers: 50, overMs: 100, factoryMs: 300, fails: false };
    const makers = children.map(
      (child) =>
        new Promise<ChildProcess>((resolve) => {
          child.on('message', (message: object) => 'started' in message && resolve(child));
        }),
    );
    const playing = playAll(round);
    const maker = await Promise.race(makers);
    maker.kill('SIGKILL');
    const reports = await playing;
    expect(reports).toHaveLength(CHILDREN - 1);
    expect(runsOf(reports)).toHaveLength(1);
    expect(new Set(reports.flatMap(({ got }) => got)).size).toBe(1);
    const longestMs = Math.max(...reports.map(({ longestMs }) => longestMs));
    expect(longestMs).toBeLessThan(5_000);
  });
});
