// A process with a cache of its own: `node hot-child.js URL PREFIX`, with an IPC channel. Each message is a round: so many
// callers of getOrSet for one key, spread over so many ms, of a factory that takes a while and may fail. Answers with the
// runs of its factory (start and end, in ns of the clock that all processes of the machine share) and what callers got.
import { setTimeout as pause } from 'node:timers/promises';

// What is built, which Node.js can run; named at run time, since the types are there without it.
const built = new URL('../../dist/tiers/tiered/index.js', import.meta.url);
/** @type {typeof import('../../src/tiers/tiered/index.ts')} */
const { createCache, openHot } = await import(built.href);

const [, , redis = '', keyPrefix = ''] = process.argv;
const hot = await openHot({ redis, keyPrefix });
const manager = createCache(hot);
const cache = manager.namespace('herd', { errorBackoffMs: 30, claimMs: 1_000 });

/** @param {{ key: string, callers: number, overMs: number, factoryMs: number, fails: boolean }} round */
async function play({ key, callers, overMs, factoryMs, fails }) {
  /** @type {[start: string, end: string][]} */
  const runs = [];
  const factory = async () => {
    const start = process.hrtime.bigint();
    process.send?.({ started: key });
    await pause(factoryMs);
    runs.push([String(start), String(process.hrtime.bigint())]);
    if (fails) throw new Error('the factory failed');
    return `made by ${process.pid}`;
  };
  let longestMs = 0;
  /** @param {number} at */
  const call = async (at) => {
    await pause((at * overMs) / callers);
    const start = performance.now();
    const got = await cache
      .getOrSet(key, factory)
      .catch((/** @type {Error} */ error) => `error: ${error.message}`);
    longestMs = Math.max(longestMs, performance.now() - start);
    return got;
  };
  const got = await Promise.all(Array.from({ length: callers }, (_, at) => call(at)));
  return { runs, got: [...new Set(got)], calls: got.length, longestMs };
}

/** @param {any} message */
async function obey(message) {
  if (message !== 'end') {
    process.send?.(await play(message));
    return;
  }
  await manager.close();
  await hot.close();
  process.disconnect();
}

process.on('message', (message) => void obey(message));
process.send?.('ready');
