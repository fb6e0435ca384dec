import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startRedis } from '../support/servers.ts';
import { requireBuilt } from './process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEADLINE_MS = 120_000;
const run = promisify(execFile);

/** What the cache may need of the packages that are installed with Stockroom. */
const CACHE_NEEDS = ['decimal.js', 'lru-cache', 'redis'];
const HEAVY =
  /node_modules\/(?:better-sqlite3|@electric-sql|fastify|@fastify|zod|pg|kysely|pino|prom-client)\//;

let scratch: string;
/** What `npm publish` would upload. */
let archive: string;
let redis: Server;

/** A folder whose node_modules has the packed Stockroom and links to the named packages of this checkout. */
async function consumer(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(scratch, name);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  await run('tar', ['-xzf', archive, '-C', modules], { timeout: DEADLINE_MS });
  renameSync(join(modules, 'package'), join(modules, 'stockroom'));
  for (const one of packages) {
    mkdirSync(dirname(join(modules, one)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', one), join(modules, one));
  }
  return folder;
}

/** Tells of every module that is loaded, one URL a line. */
const HOOK = `
  import { appendFileSync } from 'node:fs';
  export async function load(url, context, next) {
    appendFileSync(process.env.LOADED, url + '\\n');
    return next(url, context);
  }`;
const REGISTER = `
  import { register } from 'node:module';
  register('./hook.mjs', import.meta.url);`;
const LAST_LINE = `
  import { createRequire } from 'node:module';
  import { appendFileSync } from 'node:fs';
  const required = Object.keys(createRequire(import.meta.url).cache);
  appendFileSync(process.env.LOADED, required.map((path) => path + '\\n').join(''));`;

/** Runs a program in a folder. @returns what it printed, and every module that it loaded */
async function runIn(folder: string, program: string): Promise<{ out: string; loaded: string[] }> {
  const paths = ['hook.mjs', 'register.mjs', 'program.mjs', 'loaded.txt'].map((name) => join(folder, name));
  const [hook, register, main, list] = paths as [string, string, string, string];
  writeFileSync(hook, HOOK);
  writeFileSync(register, REGISTER);
  writeFileSync(main, `${program}\n${LAST_LINE}`);
  writeFileSync(list, '');
  const env = { PATH: process.env['PATH'] ?? '', LOADED: list, REDIS: redis.url };
  const args = ['--import', `file://${register}`, main];
  const { stdout } = await run(process.execPath, args, { cwd: folder, env, timeout: DEADLINE_MS });
  return { out: stdout, loaded: readFileSync(list, 'utf8').trim().split('\n') };
}

beforeAll(async () => {
  requireBuilt();
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-package-'));
  const npm = ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch];
  const { stdout } = await run('npm', npm, { cwd: ROOT, timeout: DEADLINE_MS, maxBuffer: 1 << 26 });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  archive = join(scratch, packed!.filename);
  redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const ROUND = `
  const cache = createCache(hot);
  const prices = cache.namespace('prices', { ttlMs: 60_000 });
  let runs = 0;
  const factory = async ({ key }) => ({ key, price: 100 + (runs += 1) });
  await prices.getOrSet('TCS', factory);
  console.log(JSON.stringify([hot.kind, await prices.getOrSet('TCS', factory), runs]));
  await cache.close();
  await hot.close();`;

describe('stockroom/cache, as it is packed', () => {
  it('works in the process, with small packages alone', async () => {
    const folder = await consumer('in-process', CACHE_NEEDS);
    const program = `import { createCache, openHot } from 'stockroom/cache'; const hot = await openHot(); ${ROUND}`;
    const { out, loaded } = await runIn(folder, program);
    expect(JSON.parse(out)).toEqual(['in-process', { key: 'TCS', price: 101 }, 1]);
    expect(loaded.some((module) => module.includes('/dist/tiers/tiered/index.js'))).toBe(true);
    expect(loaded.some((module) => module.includes('/lru-cache/'))).toBe(true);
    // Whoever has no Redis does not load its driver.
    expect(loaded.filter((module) => HEAVY.test(module) || /@?redis\//.test(module))).toEqual([]);
  });

  it('works with Redis', async () => {
    const folder = await consumer('redis', CACHE_NEEDS);
    const program = `
      import { createCache, openHot } from 'stockroom/cache';
      const hot = await openHot({ redis: process.env.REDIS });
      ${ROUND}`;
    const { out, loaded } = await runIn(folder, program);
    expect(JSON.parse(out)).toEqual(['redis', { key: 'TCS', price: 101 }, 1]);
    expect(loaded.some((module) => module.includes('/@redis/client/'))).toBe(true);
    expect(loaded.filter((module) => HEAVY.test(module))).toEqual([]);
  });

  it('would tell of what is heavy', async () => {
    const folder = await consumer('heavy', ['zod', 'better-sqlite3']);
    const { loaded } = await runIn(folder, `import 'zod'; import 'better-sqlite3';`);
    expect(new Set(loaded.flatMap((module) => HEAVY.exec(module)?.[0] ?? []))).toEqual(
      new Set(['node_modules/zod/', 'node_modules/better-sqlite3/']),
    );
  });
});

describe('stockroom/testing, as it is packed', () => {
  it('breaks a tier', async () => {
    const folder = await consumer('testing', CACHE_NEEDS);
    const program = `
      import { openHot } from 'stockroom/cache';
      import { faultyTier, startTcpProxy } from 'stockroom/testing';
      const hot = await openHot();
      const tier = faultyTier(hot, () => ({ kind: 'refuse', code: 'HOT_UNAVAILABLE' }));
      const code = await tier.entries.read('a').catch((error) => error.code);
      const proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: 1 } });
      console.log(JSON.stringify([code, proxy.port > 0]));
      await proxy.close();
      await hot.close();`;
    const { out, loaded } = await runIn(folder, program);
    expect(JSON.parse(out)).toEqual(['HOT_UNAVAILABLE', true]);
    expect(loaded.filter((module) => HEAVY.test(module))).toEqual([]);
  });
});

describe('stockroom/client, as it is packed', () => {
  it('asks a service, with one small package', async () => {
    const folder = await consumer('client', ['openapi-fetch']);
    const program = `
      import { createClient, StockroomProblem } from 'stockroom/client';
      import { createServer } from 'node:http';
      const server = createServer((request, response) => response.writeHead(request.url.endsWith('stats') ? 200 : 404)
        .end('{"code":"NOT_FOUND","detail":"no"}')).listen(0, '127.0.0.1', async () => {
          const client = createClient({ url: 'http://127.0.0.1:' + server.address().port });
          const found = await client.GET('/v1/cache/stats');
          const problem = await client.GET('/v1/scores/top').catch((error) => error);
          console.log(JSON.stringify([found.code, problem instanceof StockroomProblem, problem.code]));
          server.closeAllConnections();
          server.close();
        });
      await new Promise((resolve) => server.once('close', resolve));`;
    const { out, loaded } = await runIn(folder, program);
    expect(JSON.parse(out)).toEqual(['NOT_FOUND', true, 'NOT_FOUND']);
    const files = loaded.filter((module) => module.includes('/node_modules/') || module.includes('/dist/'));
    const foreign = files.filter((module) => !/\/(?:dist\/client|openapi-fetch)\//.test(module));
    expect([files.length > 1, foreign]).toEqual([true, []]);
    // What a browser has none of.
    const builtIn = loaded.filter((module) => module.startsWith('node:'));
    expect(builtIn.filter((module) => !/^node:(?:http|module|fs)$/.test(module))).toEqual([]);
  });
});

it('the types of all entries resolve', async () => {
  const folder = await consumer('types', [
    ...dependencies(),
    '@types/node',
    '@types/pg',
    '@types/better-sqlite3',
  ]);
  const program = `
    import { openStockroom } from 'stockroom';
    import { type Cache, createCache, openHot } from 'stockroom/cache';
    import { createClient } from 'stockroom/client';
    import { builtInSources } from 'stockroom/migration';
    import { faultyTier, type TcpProxy } from 'stockroom/testing';
    const hot = faultyTier(await openHot(), ({ number }) => number > 1 ? { kind: 'lose-answer' } : undefined);
    export const prices: Cache<{ price: number }> = createCache(hot).namespace('prices');
    export const price: number | undefined = (await prices.get('TCS'))?.price;
    // @ts-expect-error: a price is no text
    export const wrong: string = (await prices.getOrSet('TCS', () => ({ price: 1 }))).price;
    const client = createClient({ url: 'http://127.0.0.1:4100' });
    export const spend = async (): Promise<string> => (await client.GET('/v1/llm/spend')).total_cost_usd;
    // @ts-expect-error: money is a text
    export const wrongly = async (): Promise<number> => (await client.GET('/v1/llm/spend')).total_cost_usd;
    export type All = [typeof openStockroom, typeof builtInSources, TcpProxy];
    await hot.close();`;
  writeFileSync(join(folder, 'consumer.ts'), program);
  const compilerOptions = {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const checked = run(process.execPath, [tsc, '-p', folder], { timeout: DEADLINE_MS }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  expect(await checked).toBe('');
});

function dependencies(): string[] {
  const { dependencies: all } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return Object.keys(all);
}
