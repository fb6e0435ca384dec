import { setTimeout as pause } from 'node:timers/promises';
import { type Send, withRedis } from '../../test/support/redis-commands.ts';
import { TTL_MS, type Contender } from './contender.ts';
import type { CorrectnessRow, Count, CountGround } from './correctness-row.ts';
import { distinct } from './cache-rows.ts';
import { type Score, scoreOf } from './score.ts';
import { median } from './measure.ts';

const WRITES = 20;
const WITHIN_MS = 1_000;
const LOOK_EVERY_MS = 2;

export const outsideRow: CorrectnessRow = {
  id: '13',
  title: `a plain SET by a client that is no contender, of ${WRITES} (wanted: all noticed within ${WITHIN_MS / 1000} s)`,
  columns: ['noticed', 'after, in the middle'],
  contenders: distinct,
  run: countNoticed,
};

/** The stored form of the new value is that of another key, copied byte by byte. */
async function countNoticed(contender: Contender, { url, port }: CountGround): Promise<Count> {
  const cache = await contender.open({ url, l1Entries: 10_000, agree: true });
  try {
    const noticed: number[] = [];
    await withRedis(port, async (send) => {
      for (let n = 0; n < WRITES; n++) {
        await cache.set(`model-${n}`, scoreOf(n, 2));
        await cache.set(`outside-${n}`, scoreOf(n, 1));
        await cache.get(`outside-${n}`);
        await copy(send, `model-${n}`, `outside-${n}`);
        const afterMs = await untilNoticed(() => cache.get(`outside-${n}`));
        if (afterMs !== undefined) noticed.push(afterMs);
      }
    });
    const after = noticed.length === 0 ? 'never' : `${median(noticed).toFixed(1)} ms`;
    return { cells: [noticed.length, after], good: noticed.length === WRITES };
  } finally {
    await Promise.race([cache.close().catch(() => undefined), pause(WITHIN_MS)]);
  }
}

async function copy(send: Send, from: string, to: string): Promise<void> {
  const text = await send<string>('GET', await storedAs(send, from));
  await send('SET', await storedAs(send, to), text, 'PX', String(TTL_MS));
}

async function storedAs(send: Send, key: string): Promise<string> {
  const names = await send<string[]>('KEYS', `*${key}`);
  if (names.length !== 1) throw new Error(`${names.length} keys of Redis end with ${key}`);
  return names[0]!;
}

async function untilNoticed(read: () => Promise<unknown>): Promise<number | undefined> {
  const from = performance.now();
  for (;;) {
    const value = (await read()) as Score | undefined;
    const afterMs = performance.now() - from;
    if (value?.version === 2) return afterMs;
    if (afterMs > WITHIN_MS) return undefined;
    await pause(LOOK_EVERY_MS);
  }
}
