import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../src/tiers/durable/embedded/engine.ts';
import { makeTemplate, openEmbedded } from '../../src/tiers/durable/embedded/open-embedded.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';
import type { Task } from './durable/embedded-child.ts';
import { signal, thrownBy } from './durable/subject.ts';

const schema = 'child';
const here = (name: string): string => fileURLToPath(new URL(`durable/${name}`, import.meta.url));

interface Child {
  readonly process: ChildProcess;
  readonly lines: AsyncIterator<string>;
  readonly ended: Promise<unknown>;
}

/** What only the embedded database has: one owner, a thread, and a life in the process of the caller. */
describe('embedded database', () => {
  let dataDir: string;
  let shared: string;
  let template: string;
  const children: Child[] = [];
  const tiers: DurableTier[] = [];

  beforeAll(async () => {
    shared = await mkdtemp(join(tmpdir(), 'stockroom-template-'));
    template = join(shared, 'template.tar');
    await makeTemplate(template, schema, (tier) =>
      tier.query('CREATE SCHEMA child; CREATE TABLE acknowledged (a int)'),
    );
  });
  afterAll(async () => {
    await rm(shared, { recursive: true, force: true });
  });
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'stockroom-embedded-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.process.kill('SIGKILL');
      await child.ended;
    }
    for (const tier of tiers.splice(0)) await tier.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  function start(task: Task): Child {
    const process = spawn(globalThis.process.execPath, [
      here('child.js'),
      here('embedded-child.ts'),
      dataDir,
      template,
      task,
    ]);
    process.stderr.pipe(globalThis.process.stderr);
    const lines = createInterface(process.stdout)[Symbol.asyncIterator]();
    const child = { process, lines, ended: once(process, 'exit') };
    children.push(child);
    return child;
  }

  async function open(): Promise<DurableTier> {
    const tier = await openEmbedded({ dataDir, schema, template });
    tiers.push(tier);
    return tier;
  }

  it('refuses a second owner of its directory, and names the first', async () => {
    const child = start('hold');
    expect(await child.lines.next()).toMatchObject({ value: 'open' });
    expect(await thrownBy(open())).toMatchObject({
      code: 'EMBEDDED_IN_USE',
      details: { pid: child.process.pid },
      message: expect.stringContaining(`process ${child.process.pid}`) as unknown,
    });
    child.process.kill('SIGKILL');
    await child.ended;
    const tier = await open();
    expect(await readFile(join(dataDir, 'owner.pid'), 'utf8')).toBe(`${process.pid}\n`);
    expect(await thrownBy(open())).toMatchObject({ code: 'EMBEDDED_IN_USE', details: { pid: process.pid } });
    await tier.close();
    expect(await thrownBy(readFile(join(dataDir, 'owner.pid')))).toMatchObject({ code: 'ENOENT' });
    await open();
  });

  it('keeps what it acknowledged when its process is killed', async () => {
    let last = -1;
    for (let round = 0; round < 3; round += 1) {
      const child = start('write');
      expect(await child.lines.next()).toMatchObject({ value: 'open' });
      for (let line = 0; line < 40 + round * 17; line += 1) last = Number((await child.lines.next()).value);
      child.process.kill('SIGKILL');
      await child.ended;
      // What was written before the kill and not read yet was acknowledged too.
      for (let line = await child.lines.next(); line.done !== true; line = await child.lines.next()) {
        last = Number(line.value);
      }
    }
    const tier = await open();
    const { rows } = await tier.query<{ a: number }>('SELECT a FROM acknowledged ORDER BY a');
    const found = rows.map(({ a }) => a);
    expect(found).toEqual(Array.from({ length: found.length }, (_, index) => index));
    expect(found.length).toBeGreaterThanOrEqual(last + 1);
  });

  it('starts over when its first start was killed', async () => {
    await mkdir(join(dataDir, 'data'));
    await writeFile(join(dataDir, 'data', 'PG_VERSION'), '18\n');
    expect(await thrownBy(open())).toMatchObject({ code: 'EMBEDDED_FAILED' });
    await writeFile(join(dataDir, 'unfinished'), '');
    const tier = await open();
    expect((await tier.query('SELECT 1')).count).toBe(1);
  });

  it.each<Task>(['forget', 'close'])('does not keep a process alive: %s', async (task) => {
    const child = start(task);
    expect(await child.ended).toEqual([0, null]);
  });

  it('fails every call when its thread dies, and says why', async () => {
    const tier = await open();
    await tier.query('CREATE TABLE filled (a text)');
    // Without its log PostgreSQL cannot go on: it ends with a PANIC.
    await rm(join(dataDir, 'data', 'pg_wal'), { recursive: true });
    const fill = `INSERT INTO filled SELECT repeat('x', 1000) FROM generate_series(1, 40000)`;
    const calls = [
      tier.query(fill),
      tier.query('SELECT 1'),
      tier.transaction((session) => session.query(fill)),
    ];
    for (const error of await Promise.all(calls.map(thrownBy))) {
      expect(error).toMatchObject({
        code: 'EMBEDDED_FAILED',
        message: expect.stringContaining('pg_wal') as unknown,
      });
    }
    expect(await thrownBy(tier.query('SELECT 1'))).toMatchObject({ code: 'EMBEDDED_FAILED' });
    await tier.close();
    expect(await thrownBy(tier.query('SELECT 1'))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('fails what is in flight when its thread is ended', async () => {
    const engine = await Engine.start({ dataDir: 'memory://', template, settings: {}, location: 'memory' });
    // The length says more than there is: PostgreSQL waits for the rest, which never comes.
    const stuck = thrownBy(engine.call(new Uint8Array([0x7a, 0, 0, 0, 4])));
    await engine.kill('the test ended it');
    expect(await stuck).toMatchObject({
      code: 'EMBEDDED_FAILED',
      message: expect.stringContaining('the test ended it') as unknown,
    });
    await engine.close(1_000);
  });

  it('bounds the wait for its connection, and for work in flight when it is closed', async () => {
    const limits = { acquireTimeoutMs: 50, closeTimeoutMs: 50 };
    const tier = await openEmbedded({ memory: true, schema, template, limits });
    const [inside, gate] = [signal(), signal()];
    const stuck = thrownBy(
      tier.transaction(async (session) => {
        inside.give();
        await gate.given;
        await session.query('SELECT 1');
      }),
    );
    await inside.given;
    expect(await thrownBy(tier.query('SELECT 1'))).toMatchObject({ code: 'UNAVAILABLE' });
    await tier.close();
    gate.give();
    expect(await stuck).toMatchObject({ code: 'EMBEDDED_FAILED' });
  });

  it('says what is wrong with a directory that it cannot use', async () => {
    await writeFile(join(dataDir, 'file'), '');
    const error = await thrownBy(openEmbedded({ dataDir: join(dataDir, 'file', 'below'), schema }));
    expect(error).toMatchObject({
      code: 'EMBEDDED_FAILED',
      message: expect.stringContaining('STOCKROOM_DATA_DIR') as unknown,
    });
  });

  it('begins with what its template holds, and then with its own data', async () => {
    const first = await open();
    await first.query('INSERT INTO acknowledged VALUES (1)');
    // PostgreSQL's own default would take 120 MB more.
    const { rows } = await first.query(`SELECT current_setting('shared_buffers') AS buffers`);
    expect(rows).toEqual([{ buffers: '8MB' }]);
    await first.close();
    expect((await (await open()).query('SELECT * FROM acknowledged')).rows).toEqual([{ a: 1 }]);
  });
});
