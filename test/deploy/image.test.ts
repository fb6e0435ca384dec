import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireBuilt } from '../e2e/process.ts';
import type { Server } from '../support/servers.ts';
import { onFreePort } from '../support/supervised.ts';
import { buildImage, instructionsOf, type Mode, type Stage, within } from './image.ts';
import { contextRule } from './image-context.ts';
import { environmentOf, type Launched, runImage } from './image-process.ts';
import {
  makeSecrets,
  type Secrets,
  serviceEnvironment,
  startDeployedPostgres,
  startDeployedRedis,
  textOf,
} from './stack.ts';

const modes: Mode[] = process.env['STOCKROOM_TEST_LONG'] === '1' ? ['linked', 'real'] : ['linked'];
/** `npm ci` twice and a build: half an hour on a busy machine. */
const BUILD_TIMEOUT_MS = 3_600_000;
const STOP_MS = 30_000;
/** The embedded database writes much where the disk is busy. */
const EMBEDDED_TIMEOUT_MS = 180_000;

/** Every package of a node_modules, nested ones too, as paths in it. */
function packagesIn(modules: string): string[] {
  return readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path))
    .filter((path) => path.replace(/^.*node_modules\//, '').split('/').length <= (path.includes('@') ? 3 : 2))
    .sort();
}

describe('.dockerignore', () => {
  const takes = contextRule(textOf('.dockerignore'));
  it.each([
    ['package.json', true],
    ['src/cli/main.ts', true],
    ['console/index.html', true],
    ['src/core/config.test.ts', false],
    ['console/node_modules/a/index.js', false],
    ['dist/cli/main.js', false],
    ['deploy/secrets/database_url', false],
    ['.git/config', false],
    ['docs/deployment.md', false],
  ])('%s: %s', (path, is) => {
    expect(takes(path)).toBe(is);
  });
});

it('the Dockerfile is read as Docker reads it', () => {
  const text = '# a comment\nFROM a AS b\nRUN one \\\n  # within\n  && two\n\nCMD ["x"]\n';
  expect(instructionsOf(text)).toEqual([
    { name: 'FROM', rest: 'a AS b' },
    { name: 'RUN', rest: 'one && two' },
    { name: 'CMD', rest: '["x"]' },
  ]);
});

describe.each(modes)('the image, its packages and build %s', (mode) => {
  let scratch: string;
  let stages: Map<string, Stage>;
  let image: Stage;
  let running: Launched | undefined;

  beforeAll(() => {
    requireBuilt();
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'stockroom-image-')));
    // The user of the image is not the one who builds it.
    chmodSync(scratch, 0o755);
    stages = buildImage(scratch, mode);
    image = stages.get('image')!;
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    running?.child.kill('SIGKILL');
    await running?.ended();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** On a port of its own, with what the image says; the loopback alone may reach it. */
  async function start(env: Record<string, string>): Promise<{ url: string; port: string }> {
    return onFreePort(async (free) => {
      const port = String(free);
      running = runImage(image, image.cmd, { ...env, HOST: '127.0.0.1', PORT: port });
      return { url: await running.serving(), port };
    });
  }

  it('has what it runs with, and nothing more', () => {
    expect(readdirSync(within(image, '.')).sort()).toEqual([
      'LICENSE',
      'dist',
      'node_modules',
      'package.json',
      'sql',
    ]);
    const modules = within(image, 'node_modules');
    for (const dev of ['typescript', 'vitest', 'vite', '@types/node'])
      expect([dev, existsSync(join(modules, dev))]).toEqual([dev, false]);
    const files = readdirSync(within(image, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.test\.\w+$/.test(file))).toEqual([]);
    expect(files).toContain(join('console', 'index.html'));
    expect([image.user, image.volumes]).toEqual(['node', [image.env['STOCKROOM_DATA_DIR']]]);
  });

  it(
    'starts by its own command, as its user, tells of its health, and keeps its data in its volume',
    async () => {
      const { url, port } = await start({});
      const [program, ...args] = image.healthcheck;
      const check = (): number | null =>
        spawnSync(program!, args, { env: { ...environmentOf(image), PORT: port } }).status;
      expect(check()).toBe(0);
      for (const path of ['/health/ready', '/', '/docs/', '/openapi.json'])
        expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
      expect((await running!.stop(STOP_MS)).exit).toBe(143);
      expect(check()).toBe(1);
      expect(readdirSync(within(image, image.volumes[0]!))).not.toEqual([]);
      expect(readdirSync(within(image, '.'))).not.toContain('.stockroom');
    },
    EMBEDDED_TIMEOUT_MS,
  );

  it(
    'migrates an old directory: SQLite is read, and Parquet written',
    async () => {
      const old = within(image, '/var/lib/stockroom/old');
      const sample = await runImage(image, ['sample', old]).ended();
      expect([sample.exit, sample.err]).toEqual([0, expect.any(String)]);
      // 3: rows of the sample are in quarantine, as they should be.
      expect((await runImage(image, ['migrate', 'run', old]).ended()).exit).toBe(3);
      const archive = ['archive', 'llm-costs', '--older-than', '0', '--apply'];
      const archived = await runImage(image, archive).ended();
      expect([archived.exit, archived.err]).toEqual([0, expect.any(String)]);
      expect(readdirSync(within(image, '/var/lib/stockroom/archive'))).not.toEqual([]);
    },
    EMBEDDED_TIMEOUT_MS,
  );

  it.runIf(mode === 'real')('has the packages that the other form links', () => {
    const linked = join(scratch, 'linked');
    const other = buildImage(linked, 'linked').get('image')!;
    expect(packagesIn(within(image, 'node_modules'))).toEqual(packagesIn(within(other, 'node_modules')));
  });

  describe('over the servers of deploy/', () => {
    let secrets: Secrets;
    let postgres: Server;
    let redis: Server;
    let env: Record<string, string>;

    beforeAll(async () => {
      secrets = makeSecrets();
      [postgres, redis] = await Promise.all([startDeployedPostgres(secrets), startDeployedRedis(secrets)]);
      env = serviceEnvironment(secrets, postgres, redis);
      // Files of secrets are read by the users of all containers; nobody else gets through the directory on a real machine.
      for (const folder of [secrets.directory, join(secrets.directory, '..')]) chmodSync(folder, 0o755);
    });
    afterAll(async () => {
      await Promise.all([postgres?.stop(), redis?.stop()]);
      secrets?.remove();
    });

    it('serves, and the stage for backups takes one of it', async () => {
      const { url } = await start({ ...env, STOCKROOM_DRAIN_MS: '0' });
      const headers = { 'x-api-key': secrets.read('api_key_app') };
      expect((await fetch(`${url}/health`, { headers })).status).toBe(200);
      const stage = stages.get('backup')!;
      const directory = join(scratch, 'backups', 'one');
      const backup = await runImage(stage, ['backup', directory, '--json'], env).ended();
      expect([backup.exit, backup.err]).toEqual([0, expect.any(String)]);
      const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as object;
      expect(manifest).toMatchObject({ files: expect.anything() as object });
      expect((await running!.stop(STOP_MS)).exit).toBe(143);
    });
  });
});
