import { setTimeout as pause } from 'node:timers/promises';
import { type Send, withRedis } from '../../test/support/redis-commands.ts';
import { distinct } from './cache-rows.ts';
import type { Cache, Contender, RedisConnection } from './contender.ts';
import type { CorrectnessRow, Count, CountGround } from './correctness-row.ts';
import { keysOf, type Score, scoreOf } from './score.ts';
import { startWorker, type Worker } from './worker.ts';

const KEYS = 1_000;
const CUTS = 10;
const AFTER_MS = 3_000;
const LOOK_EVERY_MS = 2;
const STREAM_MS = 5_000;
const ALL_MS = 60_000;

export const cutRow: CorrectnessRow = {
  id: '12',
  title: `stale keys of ${KEYS} in the process, ${AFTER_MS / 1000} s after another process wrote all of them (wanted: 0)`,
  columns: ['stream undisturbed', `stream cut ${CUTS} times, each time while ${KEYS / CUTS} were written`],
  contenders: distinct,
  run: countStale,
};

function countStale(contender: Contender, { url, port }: CountGround): Promise<Count> {
  return withRedis(
    port,
    async (send) => {
      const strangers = await idsOf(send);
      const reader = await contender.open({ url, l1Entries: 10_000, agree: true });
      let writer: Worker | undefined;
      try {
        const keys = keysOf(0, KEYS);
        await Promise.all(keys.map((key, n) => reader.set(key, scoreOf(n))));
        await waitForStream(contender, send, strangers);
        const readers = await idsOf(send);
        writer = await startWorker(contender, url);
        await waitForStream(contender, send, readers);
        const others = new Set(
          [...(await idsOf(send))].filter((id) => !readers.has(id) || strangers.has(id)),
        );

        await stale(reader, keys, 1);
        await writer.perform({ kind: 'write', keys, version: 2 });
        await pause(AFTER_MS);
        const undisturbed = await stale(reader, keys, 2);
        if (contender.stream === undefined) return { cells: [undisturbed, 'no stream'], good: false };

        for (let from = 0; from < KEYS; from += KEYS / CUTS) {
          await waitForStream(contender, send, others);
          const some = keys.slice(from, from + KEYS / CUTS);
          await whileCut(contender, send, others, () =>
            writer!.perform({ kind: 'write', keys: some, version: 3 }),
          );
        }
        await pause(AFTER_MS);
        const cut = await stale(reader, keys, 3);
        return { cells: [undisturbed, cut], good: undisturbed === 0 && cut === 0 };
      } finally {
        writer?.end();
        await Promise.race([reader.close().catch(() => undefined), pause(AFTER_MS)]);
      }
    },
    ALL_MS,
  );
}

/** Kills the reader's stream, and again as often as it comes back, until the work is done. */
async function whileCut(
  contender: Contender,
  send: Send,
  others: ReadonlySet<string>,
  work: () => Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  const cut = async (): Promise<void> => {
    for (const id of await streamsOf(contender, send, others)) {
      await send('CLIENT', 'KILL', 'ID', id).catch(() => undefined); // It has just gone by itself.
    }
  };
  await cut();
  const working = work().finally(() => over.abort());
  working.catch(() => undefined); // Thrown below.
  while (!over.signal.aborted) await cut();
  await working;
}

/** How many keys have not the newest version; all of them are in the process afterwards. */
async function stale(cache: Cache, keys: readonly string[], version: number): Promise<number> {
  const found = await Promise.all(keys.map((key) => cache.get(key)));
  return found.filter((value) => (value as Score | undefined)?.version !== version).length;
}

/** The connections over which invalidations come, beside those that were there before. */
async function streamsOf({ stream }: Contender, send: Send, before: ReadonlySet<string>): Promise<string[]> {
  const streams = (await connections(send)).filter((one) => !before.has(one.id) && stream!(one));
  return streams.map(({ id }) => id);
}

async function waitForStream(contender: Contender, send: Send, before: ReadonlySet<string>): Promise<void> {
  if (contender.stream === undefined) return;
  const until = performance.now() + STREAM_MS;
  while ((await streamsOf(contender, send, before)).length === 0) {
    if (performance.now() > until) throw new Error(`no stream of invalidations within ${STREAM_MS} ms`);
    await pause(LOOK_EVERY_MS);
  }
}

async function idsOf(send: Send): Promise<Set<string>> {
  return new Set((await connections(send)).map(({ id }) => id));
}

async function connections(send: Send): Promise<RedisConnection[]> {
  const list = await send<string>('CLIENT', 'LIST');
  return list
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const field = (name: string): string => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? '';
      return { id: field('id'), flags: field('flags'), subscriptions: Number(field('sub')) };
    });
}
