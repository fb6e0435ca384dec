import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFence } from '../../src/capture/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { requests, withDatabase } from '../support/hostile/kit.ts';
import { OldDirectory, REQUESTS } from '../support/old-directory.ts';
import { authorityOf, FAULTY_STAGES, LockHolder, StageWorld, STORE } from '../support/stages.ts';

/** As long as a backup or a shell that was left open may hold a database: nobody waits for so long. */
const LONG_MS = 10_000;
const SMALL_BYTES = 1 << 20;

/** The stage after one, for an attempt to go there. */
const NEXT = {
  legacy: 'dual-write',
  'dual-write': 'shadow',
  shadow: 'live',
  live: 'ramp-down',
  'ramp-down': 'complete',
} as const;

describe('the old database is held by another process while a store is', () => {
  let database: TestDatabase;
  let world: StageWorld;
  beforeAll(async () => {
    database = await freshDatabase();
    world = await StageWorld.open(database.url);
  });
  afterAll(async () => {
    await world?.close();
    await database?.drop();
  });

  it.each(FAULTY_STAGES)(
    'in %s: a clear answer for everybody, and both sides agree after it',
    async (stage) => {
      if (stage !== 'legacy') await world.move(stage);
      const authority = authorityOf(stage);
      expect(await world.write(authority)).toMatchObject({ code: 'ok' });
      const holder = new LockHolder(world.file);
      try {
        holder.hold();
        if (authority === 'old') expect(world.writeOld()).toMatchObject({ code: 'SQLITE_BUSY' });
        else expect(await world.writeNew()).toMatchObject({ code: 'ok' });
        // The follower meets the lock as well.
        if (stage === 'live') await new Promise((resolve) => setTimeout(resolve, LONG_MS));
      } finally {
        await holder.release();
      }
      expect(await world.write(authority)).toMatchObject({ code: 'ok' });
      await world.agree();
      if (stage !== 'legacy') await world.oneAuthority(stage);
    },
  );
});

describe('a move meets an old database that is held', () => {
  let database: TestDatabase;
  let world: StageWorld;
  const SECOND = 'data/more.db';
  beforeAll(async () => {
    database = await freshDatabase();
    const old = new OldDirectory().table(SECOND, 'llm_requests', requests(5));
    world = await StageWorld.open(database.url, { old, follow: false });
    for (const stage of ['dual-write', 'shadow'] as const) await world.move(stage);
  });
  afterAll(async () => {
    await world?.close();
    await database?.drop();
  });
  const fences = (): (string | undefined)[] =>
    [REQUESTS, SECOND].map((file) => {
      let state: string | undefined;
      withDatabase(world.old.path, file, (db) => (state = readFence(db, STORE)?.state));
      return state;
    });

  it('one of two: the store stays whole where it is', async () => {
    const holder = new LockHolder(join(world.old.path, SECOND));
    holder.hold();
    const told = await world.tryMove('live');
    await holder.release();
    expect(told.code).toMatch(/^SOURCE_(?:LOCKED|UNREADABLE)$/);
    expect(told.message).toContain(SECOND);
    expect(fences()).toEqual(['open', 'open']);
    await world.oneAuthority('shadow');
  });

  it('one of two, in the moment of the fence: no fence is left', async () => {
    const holder = new LockHolder(join(world.old.path, SECOND));
    const told = await world.tryMove('live', {
      onStep: (text) => {
        if (text === 'fencing the old side') holder.hold();
      },
    });
    await holder.release();
    expect(told).toMatchObject({ code: 'SOURCE_LOCKED' });
    expect(fences()).toEqual(['open', 'open']);
    await world.oneAuthority('shadow');
  });

  it('and goes when it is free', async () => {
    await world.move('live');
    expect(fences()).toEqual(['given', 'given']);
    await world.oneAuthority('live');
  });
});

describe('the disk of the old side is full while a store is', () => {
  let database: TestDatabase;
  let world: StageWorld;
  let small: string | undefined;
  beforeAll(async () => {
    const old = new OldDirectory();
    const folder = join(old.path, 'cache');
    mkdirSync(folder);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_BYTES}`, 'tmpfs', folder]);
    if (mount.status !== 0) return old.remove();
    small = folder;
    database = await freshDatabase();
    world = await StageWorld.open(database.url, { old });
  });
  afterAll(async () => {
    if (small !== undefined) execFileSync('umount', ['-l', small]);
    await world?.close();
    await database?.drop();
  });
  const filler = (): string => join(small!, 'filler.bin');
  const fill = (): void => {
    for (let bytes = SMALL_BYTES; bytes >= 1; bytes >>= 1) {
      try {
        writeFileSync(filler(), Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        // No space for so many bytes: half of them may still fit.
      }
    }
  };

  it.for(FAULTY_STAGES)('in %s: writes of the authority are refused or kept', async (stage, { skip }) => {
    if (small === undefined) return skip('only root mounts a small file system');
    if (stage !== 'legacy') await world.move(stage);
    const authority = authorityOf(stage);
    expect(await world.write(authority)).toMatchObject({ code: 'ok' });
    await world.agree();
    fill();
    let moved;
    try {
      if (authority === 'old') expect(world.writeOld().code).toMatch(/^SQLITE_(?:FULL|IOERR)/);
      else expect(await world.writeNew()).toMatchObject({ code: 'ok' });
      moved = await world.tryMove(NEXT[stage]);
    } finally {
      rmSync(filler());
    }
    expect(moved.code).toMatch(/^(?:SOURCE_|GATE_CLOSED)/);
    if (stage !== 'legacy') await world.oneAuthority(stage);
    expect(await world.write(authority)).toMatchObject({ code: 'ok' });
    await world.agree();
  });

  it('in the moment the old side takes over: neither side takes writes until it can, and then it does', async ({
    skip,
  }) => {
    if (small === undefined) return skip('only root mounts a small file system');
    const told = await world.tryMove('legacy', {
      onStep: (text) => {
        if (text === 'the old side takes over') fill();
      },
    });
    try {
      expect(told.code).toMatch(/^SOURCE_/);
      expect(world.writeOld().message).toContain('stockroom: the store');
      expect(await world.writeNew()).toMatchObject({ code: 'NOT_AUTHORITY' });
    } finally {
      rmSync(filler());
    }
    // Whoever follows finishes the move.
    await world.oneAuthority('legacy');
    expect(world.writeOld()).toMatchObject({ code: 'ok' });
    await world.agree();
  });
});
