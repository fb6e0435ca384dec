import { setTimeout as pause } from 'node:timers/promises';
import { contenders, distinct } from './cache-rows.ts';
import type { Contender } from './contender.ts';
import type { Count, CountGround, CorrectnessRow } from './correctness-row.ts';
import { type Callers, overlap, type Span, startWorker } from './worker.ts';

const CALLERS = 200;
const OVER_MS = 400;
const FAILS_AFTER_MS = 20;
const PROCESSES = 4;
const CALLERS_EACH = 500;
const MAKE_MS = 100;

export const singleFlightRows: readonly CorrectnessRow[] = [
  {
    id: '11',
    title: `factory calls: ${CALLERS} callers over ${OVER_MS} ms while the factory fails after ${FAILS_AFTER_MS} ms (wanted: one at a time)`,
    columns: ['calls', 'most at once'],
    contenders,
    run: whileFailing,
  },
  {
    id: '11b',
    title: `factory calls: ${CALLERS_EACH} callers in each of ${PROCESSES} processes on one missing key, made in ${MAKE_MS} ms (wanted: one)`,
    columns: ['calls', 'most at once', 'callers with a value'],
    contenders: distinct,
    run: acrossProcesses,
  },
];

async function whileFailing(contender: Contender, { url }: CountGround): Promise<Count> {
  const cache = await contender.open({ url, l1Entries: 10_000, agree: false });
  const spans: Span[] = [];
  const fail = async (): Promise<never> => {
    const from = performance.now();
    await pause(FAILS_AFTER_MS);
    spans.push({ from, to: performance.now() });
    throw new Error('the source is away');
  };
  const call = async (n: number): Promise<void> => {
    await pause((n * OVER_MS) / CALLERS);
    // That it fails is the point; some resolve to undefined instead.
    await cache.getOrSet('fails', fail).catch(() => undefined);
  };
  try {
    await Promise.all(Array.from({ length: CALLERS }, (_, n) => call(n)));
  } finally {
    await cache.close();
  }
  const { total, atOnce } = overlap(spans);
  return { cells: [total, atOnce], good: atOnce === 1 };
}

async function acrossProcesses(contender: Contender, { url }: CountGround): Promise<Count> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: PROCESSES }, () => startWorker(contender, url)),
  );
  const workers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  try {
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const task = { kind: 'getOrSet', key: 'missing', callers: CALLERS_EACH, makeMs: MAKE_MS } as const;
    const results = await Promise.all(workers.map((worker) => worker.perform<Callers>(task)));
    const { total, atOnce } = overlap(results.flatMap(({ spans }) => spans));
    const answered = results.reduce((sum, result) => sum + result.answered, 0);
    return { cells: [total, atOnce, answered], good: total === 1 && answered === PROCESSES * CALLERS_EACH };
  } finally {
    for (const worker of workers) worker.end();
  }
}
