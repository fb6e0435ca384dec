import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FAMILY, faultWorld, NEVER, up } from './state-support.ts';

const WRITER = fileURLToPath(new URL('../support/state-writer.js', import.meta.url));

describe('a process that is killed', () => {
  const world = faultWorld();

  /** Kills a writer once it has flushed something and put more. @returns the values that were acknowledged and flushed */
  async function killedWriter(lagMs: number): Promise<{ put: number; flushed: number }> {
    const child = spawn(
      process.execPath,
      [WRITER, world.redis.url, world.database.url, FAMILY, String(lagMs)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 60_000,
      },
    );
    let [put, flushed, since] = [0, 0, 0];
    for await (const line of createInterface({ input: child.stdout })) {
      const [what, count] = line.split(' ');
      if (what === 'put') put = Number(count) + 1;
      else [flushed, since] = [flushed + Number(count), put];
      if (flushed > 0 && put > since + 20) child.kill('SIGKILL');
    }
    return { put, flushed };
  }

  it('loses nothing that Redis has, nor what it had flushed when Redis loses it as well', async () => {
    const { put, flushed } = await killedWriter(200);
    expect(flushed).toBeGreaterThan(0);
    const reader = await world.handle();
    const keys = Array.from({ length: put }, (_, at) => String(at));
    const read = await Promise.all(keys.map((key) => reader.get(FAMILY, key)));
    expect(read).toEqual(keys.map((_, count) => ({ count })));
    await world.restartRedis();
    await up(reader);
    const left = await Promise.all(keys.map((key) => reader.get(FAMILY, key)));
    // What is lost is the end: nothing before the last flush, and nothing between two values that are there.
    const lost = left.indexOf(undefined);
    expect(lost === -1 ? put : lost).toBeGreaterThanOrEqual(flushed);
    expect(left.slice(0, lost === -1 ? put : lost)).toEqual(read.slice(0, lost === -1 ? put : lost));
    if (lost !== -1) expect(new Set(left.slice(lost))).toEqual(new Set([undefined]));
  });

  it('leaves what it had not flushed to those who read it', async () => {
    const { put } = await killedWriter(200);
    const reader = await world.handle({ ...NEVER, unconfirmedMs: 0 });
    const keys = Array.from({ length: put }, (_, at) => String(at));
    await Promise.all(keys.map((key) => reader.get(FAMILY, key)));
    await reader.flush();
    expect(Object.keys(await world.stored())).toHaveLength(put);
  });
});
