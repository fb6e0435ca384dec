import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDurable } from '../../src/tiers/durable/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Ended, type Environment, Process, requireBuilt } from './process.ts';

let scratch: string;
let old: string;
const running = new Set<Process>();

function begin(argv: readonly string[], env: Environment = {}): Process {
  const started = new Process(argv, env, scratch);
  running.add(started);
  return started;
}
const call = (argv: readonly string[], env: Environment = {}): Promise<Ended> => begin(argv, env).ended();
const parsed = ({ out }: Ended) => JSON.parse(out) as Record<string, unknown>;
const urlIn = ({ out }: Process) => /serves at (http:\S+)/.exec(out)?.[1];

interface SourceReport {
  id: string;
  read: number;
  loaded: number;
  quarantined: number;
  skipped: number;
  verified: boolean;
}

beforeAll(async () => {
  requireBuilt();
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-e2e-'));
  old = join(scratch, 'old');
  expect(await call(['sample', old, '--seed', '3'])).toMatchObject({ exit: 0 });
});
afterAll(() => {
  for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

describe.each(['server', 'embedded'] as const)(
  'from an old directory to the service, with PostgreSQL as %s',
  (kind) => {
    let database: TestDatabase | undefined;
    let env: Environment;

    beforeAll(async () => {
      database = kind === 'server' ? await freshDatabase() : undefined;
      env = { STOCKROOM_DATA_DIR: join(scratch, kind), ...(database && { DATABASE_URL: database.url }) };
    });
    afterAll(() => database?.drop());

    it('migrate run copies and verifies', async () => {
      const ended = await call(['migrate', 'run', old, '--json'], env);
      expect(ended.exit).toBe(3);
      expect(ended.err).toMatch(/^copy {4}llm_requests/m);
      const report = parsed(ended) as { sources: SourceReport[] };
      expect(report).toMatchObject({ ok: true, exit: 3, directory: old, unreadable: [], unclaimed: [] });
      expect(report.sources).toHaveLength(18);
      for (const { read, loaded, quarantined, skipped, verified } of report.sources) {
        expect(read).toBeGreaterThan(0);
        expect({ read, verified }).toEqual({ read: loaded + quarantined + skipped, verified: true });
      }
    });

    it('migrate run again changes nothing, and its report is for people without --json', async () => {
      const { exit, out } = await call(['migrate', 'run', old], env);
      expect(exit).toBe(3);
      expect(out).toMatch(/^Migrated and verified, but \d+ rows in quarantine\./);
      expect(out).toMatch(/^all +[\d,]+ +[\d,]+ .* yes$/m);
      expect(out.includes('not a power cut')).toBe(kind === 'embedded');
    });

    it('migrate verify agrees', async () => {
      const ended = await call(['migrate', 'verify', old, '--json'], env);
      expect(ended.exit).toBe(3);
      expect(parsed(ended)).toMatchObject({ ok: true, exit: 3, differences_total: 0 });
    });

    it('migrate certificate prints a proof that can be checked, and one that was changed is refused', async () => {
      const file = join(scratch, `${kind}.certificate.json`);
      const { exit, out } = await call(['migrate', 'certificate'], env);
      expect(exit).toBe(0);
      writeFileSync(file, out);
      const check = await call(['migrate', 'certificate', '--check', file, '--json'], env);
      expect(check.exit).toBe(0);
      expect(parsed(check)).toMatchObject({ ok: true, exit: 0, differences: [] });
      expect((await call(['migrate', 'certificate', '--check', file], env)).out).toMatch(
        /^Proven: [\d,]+ rows/,
      );

      const forged = join(scratch, `${kind}.forged.json`);
      writeFileSync(forged, out.replace(/"loaded": \d+/, '"loaded": 1'));
      const refused = await call(['migrate', 'certificate', '--check', forged, '--json'], env);
      expect(refused.exit).toBe(1);
      expect(parsed(refused)).toMatchObject({ ok: false, error: { code: 'CERTIFICATE_INVALID' } });
    });

    it.runIf(kind === 'server')('migrate status and quarantine say what there is', async () => {
      const status = await call(['migrate', 'status', '--json'], env);
      expect(status.exit).toBe(0);
      expect(parsed(status)).toMatchObject({
        directories: [old],
        last_run: { command: 'verify', exit_code: 3 },
      });
      expect((await call(['migrate', 'status'], env)).out).toContain('ended with exit code 3');

      const first = parsed(await call(['migrate', 'quarantine', '--limit', '1', '--json'], env));
      const next = first['next_cursor'] as string;
      const second = parsed(
        await call(['migrate', 'quarantine', '--limit', '1', '--cursor', next, '--json'], env),
      );
      expect(first['items']).toHaveLength(1);
      expect(second['items']).toHaveLength(1);
      expect(second['items']).not.toEqual(first['items']);
      const people = await call(['migrate', 'quarantine', '--source', 'memory_analyses'], env);
      expect(people.out).toContain('MALFORMED_LINE');
      const none = await call(['migrate', 'quarantine', '--source', 'nonsense', '--json'], env);
      expect(none.exit).toBe(2);
      expect(parsed(none)).toMatchObject({ ok: false, error: { code: 'SOURCE_UNKNOWN' } });
    });

    it('start goes on where the migration ended, serves, and ends at SIGTERM', async () => {
      const started = begin(['start', '--legacy', old, '--port', '0'], env);
      const url = await started.until(urlIn);
      const health = (await (await fetch(`${url}/health`)).json()) as Record<string, unknown>;
      expect(health).toMatchObject({ status: 'ok', tiers: { durable: { state: 'up', kind } } });
      const migration = (await (await fetch(`${url}/v1/migration`)).json()) as Record<string, unknown>;
      expect(migration).toMatchObject({ last: { command: 'run', exit_code: 3, report: { exit: 3 } } });
      started.child.kill('SIGTERM');
      const { exit, out, err } = await started.ended();
      expect(exit).toBe(143);
      expect(out).toContain('Schema    stockroom, up to date');
      expect(out).toContain('What is loaded is proven');
      expect(err).toContain('stockroom: INTERRUPTED: the service has stopped');
    });

    it('serve serves what is there', async () => {
      const served = begin(['serve'], { ...env, PORT: '0' });
      const url = await served.until(urlIn);
      expect((await fetch(`${url}/v1/llm/usage?days=30`)).status).toBe(200);
      served.child.kill('SIGINT');
      expect((await served.ended()).exit).toBe(130);
    });

    it('a row that somebody changed makes verify and the certificate end with 4', async () => {
      const tier = await openDurable({
        databaseUrl: env['DATABASE_URL'],
        databasePoolMax: 1,
        dataDir: env['STOCKROOM_DATA_DIR'] ?? '',
        schema: 'stockroom',
      });
      try {
        const { count } = await tier.query(
          'UPDATE llm_requests SET tokens_input = tokens_input + 1 WHERE legacy_id = 7',
        );
        expect(count).toBe(1);
      } finally {
        await tier.close();
      }
      const verify = await call(['migrate', 'verify', old, '--json'], env);
      expect(verify.exit).toBe(4);
      expect(parsed(verify)).toMatchObject({
        ok: false,
        exit: 4,
        differences: [{ source: 'llm_requests', key: '7', kind: 'different' }],
        differences_total: 1,
      });
      const people = await call(['migrate', 'verify', old], env);
      expect(people.out).toMatch(/^Verification found 1 difference\./);
      const check = await call(
        ['migrate', 'certificate', '--check', join(scratch, `${kind}.certificate.json`)],
        env,
      );
      expect(check.exit).toBe(4);
      expect(check.out).toContain('llm_requests: different: row 7');
    });
  },
);

describe('failures', () => {
  let database: TestDatabase;
  let env: Environment;
  beforeAll(async () => {
    database = await freshDatabase();
    env = { DATABASE_URL: database.url };
  });
  afterAll(() => database.drop());

  it('wrong usage ends with 2', async () => {
    const { exit, out, err } = await call(['migrate', 'run']);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toBe("stockroom: USAGE: missing required argument 'dir'; see stockroom migrate run --help\n");
  });

  it('a directory that is not there, or holds nothing known, ends with 1', async () => {
    const missing = await call(['migrate', 'run', 'nowhere', '--json']);
    expect(missing.exit).toBe(1);
    expect(parsed(missing)).toMatchObject({
      ok: false,
      exit: 1,
      directory: join(scratch, 'nowhere'),
      sources: [],
      unreadable: [],
      unclaimed: [],
      warnings: [],
      error: { code: 'DIRECTORY_NOT_FOUND' },
    });
    // No database was made for a mistyped path.
    expect(existsSync(join(scratch, '.stockroom'))).toBe(false);
    mkdirSync(join(scratch, 'foreign'));
    writeFileSync(join(scratch, 'foreign', 'notes.txt'), 'nothing of ours');
    const foreign = await call(['migrate', 'run', 'foreign', '--json'], env);
    expect(foreign.exit).toBe(1);
    expect(parsed(foreign)).toMatchObject({ ok: false, error: { code: 'NOTHING_TO_MIGRATE' } });
  });

  it('an unreachable server, a missing run and an old schema have their codes', async () => {
    const unreachable = await call(['migrate', 'status', '--json'], {
      DATABASE_URL: 'postgresql://127.0.0.1:1/none',
    });
    expect(unreachable.exit).toBe(1);
    expect(parsed(unreachable)).toMatchObject({ error: { code: 'DATABASE_UNREACHABLE' } });
    const outdated = await call(['serve', '--schema', 'fresh', '--port', '0'], env);
    expect(outdated.exit).toBe(1);
    expect(outdated.err).toMatch(/^stockroom: SCHEMA_OUTDATED: .*`stockroom start`/);
    const noRun = await call(['migrate', 'certificate'], env);
    expect(noRun).toMatchObject({ exit: 1, out: '' });
    expect(noRun.err).toContain('stockroom: NO_RUN: ');
  });

  it('a port that is taken stops the start before anything is done', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    const ended = await call(['start', '--port', String(port), '--data-dir', 'untouched']);
    blocker.close();
    expect(ended).toMatchObject({ exit: 2, out: '' });
    expect(ended.err).toMatch(
      new RegExp(`^stockroom: CONFIG_INVALID: PORT: 127\\.0\\.0\\.1:${port} is in use .*--port`),
    );
    expect(existsSync(join(scratch, 'untouched'))).toBe(false);
  });

  it('a reader that leaves early is no failure', async () => {
    const status = begin(['migrate', 'inspect', old]);
    status.child.stdout?.destroy();
    await once(status.child, 'exit');
    expect(status.child.exitCode).toBe(3);
    expect(status.err).not.toContain('EPIPE');
  });
});

it('a migration that is interrupted ends with 130 and one document, and the next one completes it', async () => {
  const database = await freshDatabase();
  try {
    const env = { DATABASE_URL: database.url };
    const large = join(scratch, 'large');
    expect(await call(['sample', large, '--scale', '40'])).toMatchObject({ exit: 0 });
    const first = begin(['migrate', 'run', large, '--json'], env);
    await first.until(({ err }) => /^copy/m.exec(err));
    first.child.kill('SIGINT');
    const interrupted = await first.ended();
    expect(interrupted.exit).toBe(130);
    expect(parsed(interrupted)).toMatchObject({ ok: false, exit: 130, error: { code: 'INTERRUPTED' } });
    const second = await call(['migrate', 'run', large, '--json'], env);
    expect(second.exit).toBe(3);
    expect(parsed(second)).toMatchObject({ ok: true, differences_total: 0 });
  } finally {
    await database.drop();
  }
});

it('start --demo shows everything on a sample of its own, and a second time goes on with it', async () => {
  const argv = ['start', '--demo', '--data-dir', 'demo', '--port', '0'];
  const first = begin(argv);
  const url = await first.until(urlIn);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  const owner = Number(readFileSync(join(scratch, 'demo', 'postgresql', 'owner.pid'), 'utf8'));
  expect(owner).toBe(first.child.pid);

  const beside = await call(argv);
  expect(beside).toMatchObject({ exit: 1 });
  expect(beside.err).toContain(`stockroom: EMBEDDED_IN_USE: `);
  expect(beside.err).toContain(`process ${owner}`);

  first.child.kill('SIGINT');
  const ended = await first.ended();
  expect(ended.exit).toBe(130);
  expect(ended.out).toMatch(/^Sample {4}\S+demo\/sample: [\d,]+ rows/m);

  const second = begin(argv);
  await second.until(urlIn);
  second.child.kill('SIGINT');
  const again = await second.ended();
  expect(again.exit).toBe(130);
  expect(again.out).toContain('demo/sample, as it was written earlier');
  expect(again.out).toMatch(/^Migrated and verified/m);
});
