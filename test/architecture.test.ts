import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import { importsOf, type ImportSite, packageName, type SourceFile, targetPath } from './support/imports.ts';
import { sourceFiles } from './support/source-files.ts';

/**
 * Which layer may import which: the layers of CONTRIBUTING.md, from the bottom to the top. A layer is a folder below
 * src, the longest that matches; `*` stands for one name. Every layer may import itself.
 */
const allowed: Record<string, readonly string[]> = {
  core: [],
  'tiers/durable': ['core'],
  'tiers/hot': ['core'],
  'tiers/tiered': ['core', 'tiers/hot'],
  'tiers/state': ['core', 'tiers/hot', 'tiers/durable'],
  'tiers/views': ['core', 'tiers/hot', 'tiers/durable'],
  testing: ['core', 'tiers/hot'],
  // It runs in browsers as well: nothing of ours goes with it.
  client: [],
  market: ['core', 'tiers/durable'],
  'stores/*': ['core', 'tiers/*', 'market'],
  datasets: ['core', 'tiers/durable', 'tiers/views'],
  // Everything together: what crosses stores.
  system: ['core', 'tiers/*', 'market', 'stores/*', 'datasets'],
  // Scheduled work: every job is composed of what the stores offer.
  jobs: ['core', 'tiers/*', 'system', 'datasets'],
  legacy: ['core'],
  capture: ['core', 'legacy'],
  migration: ['core', 'tiers/*', 'stores/*', 'legacy', 'capture'],
  telemetry: ['core'],
  operations: ['core', 'tiers/*', 'market', 'stores/*', 'system', 'datasets', 'migration'],
  // The hot tier is named by routes that are about the tier itself: its health, its keys, the limits kept in it.
  http: ['core', 'tiers/hot', 'market', 'stores/*', 'system', 'jobs', 'migration', 'telemetry'],
  cli: [
    'core',
    'tiers/*',
    'market',
    'stores/*',
    'datasets',
    'system',
    'jobs',
    'legacy',
    'migration',
    'operations',
    'telemetry',
    'http',
  ],
  // The library's entry, src/index.ts.
  'index.ts': ['core', 'tiers/*', 'market', 'stores/*', 'system', 'migration'],
};

/** Folders that alone may name a driver, so that changing one touches nothing above. */
const drivers: Record<string, readonly string[]> = {
  pg: ['src/tiers/'],
  'pg-copy-streams': ['src/tiers/'],
  'pg-boss': ['src/jobs/'],
  'cron-parser': ['src/jobs/'],
  '@electric-sql/pglite': ['src/tiers/'],
  redis: ['src/tiers/'],
  // Bounded maps: copies in the process, and answers that take long to make.
  'lru-cache': ['src/tiers/', 'src/stores/'],
  // It reads the old files; and its lock of a file is the operating system's lock of the embedded database.
  'better-sqlite3': ['src/legacy/', 'src/tiers/durable/embedded/'],
};

/** The layer of a path as the table names it, and as it is: `stores/*` and `stores/scores`. */
function layerOf(path: string): { rule: string; name: string } | undefined {
  const parts = path.replace(/^src\//, '').split('/');
  for (const rule of Object.keys(allowed)) {
    const pattern = rule.split('/');
    const inside =
      parts.length > pattern.length || (parts.length === pattern.length && parts.at(-1) === rule);
    if (inside && pattern.every((part, index) => part === '*' || part === parts[index])) {
      return { rule, name: parts.slice(0, pattern.length).join('/') };
    }
  }
  return undefined;
}

const isTest = (path: string): boolean => /\.test\.[cm]?[jt]s$/.test(path);

/** What is wrong with one import of one of our files, or undefined. */
function fileFault(from: string, to: string): string | undefined {
  if (!to.startsWith('src/')) return isTest(from) ? undefined : `${to} is outside src`;
  if (isTest(to)) return `${to} is a test`;
  const [importer, imported] = [layerOf(from), layerOf(to)];
  if (importer === undefined || imported === undefined || importer.name === imported.name) return undefined;
  // A store is tested through its routes too, as those call it who use it, and with faults.
  if (isTest(from) && importer.rule === 'stores/*' && /^(?:http|testing)$/.test(imported.rule))
    return undefined;
  const may = allowed[importer.rule] ?? [];
  const granted = may.some(
    (rule) => rule === imported.rule || (rule === 'tiers/*' && imported.rule.startsWith('tiers/')),
  );
  return granted
    ? undefined
    : `${importer.name} may not import ${imported.name} (only ${may.join(', ') || 'itself'})`;
}

function packageFault(from: string, specifier: string): string | undefined {
  if (isBuiltin(specifier) || isTest(from)) return undefined;
  const name = packageName(specifier);
  if (name === 'stockroom') return 'the package imports itself by name';
  const folders = Object.hasOwn(drivers, name) ? (drivers[name] ?? []) : undefined;
  if (folders === undefined || folders.some((folder) => from.startsWith(folder))) return undefined;
  return `the driver ${name} may only be imported in ${folders.join(', ')}`;
}

function fault(site: ImportSite): string | undefined {
  const { specifier } = site;
  if (specifier === undefined)
    return 'the imported module is computed: name it, so that this test can see it';
  const target = targetPath({ ...site, specifier });
  return target === undefined ? packageFault(site.file, specifier) : fileFault(site.file, target);
}

/** One line a violation: where it is and what is wrong. */
function violations(files: readonly SourceFile[]): string[] {
  if (files.length === 0) throw new Error('no file was scanned: is src where this test looks for it?');
  const homeless = files.filter(({ path }) => layerOf(path) === undefined);
  return [
    ...homeless.map(({ path }) => `${path}:1: belongs to no layer; add its folder to the table or move it`),
    ...files.flatMap((file) =>
      importsOf(file).flatMap((site) => {
        const message = fault(site);
        return message === undefined ? [] : [`${site.file}:${site.line}: ${message}`];
      }),
    ),
  ];
}

describe('the layers', () => {
  it('are kept by every import in src', () => {
    expect(violations(sourceFiles('src'))).toEqual([]);
  });

  it('point down: no two layers may import one another', () => {
    const below = (rule: string): string[] =>
      (allowed[rule] ?? []).flatMap((entry) =>
        Object.keys(allowed).filter(
          (other) => other === entry || (entry === 'tiers/*' && other.startsWith('tiers/')),
        ),
      );
    const reachable = (rule: string): Set<string> => {
      const reached = new Set(below(rule));
      for (const next of reached) for (const further of below(next)) reached.add(further);
      return reached;
    };
    expect(Object.keys(allowed).filter((rule) => reachable(rule).has(rule))).toEqual([]);
  });
});

describe('violations', () => {
  const check = (path: string, text: string): string[] => violations([{ path, text }]);

  it('refuses an empty list of files', () => {
    expect(() => violations([])).toThrow('no file was scanned');
  });

  it.each([
    ['a static import', `import { a } from '../http/app.ts';`],
    ['a type-only import', `import type { A } from '../http/app.ts';`],
    ['an inline type import', `import { type A } from "../http/app.ts";`],
    ['an import for its effect', `import '../http/app.ts';`],
    ['an import over several lines', `import {\n  a,\n} from '../http/app.ts';`],
    ['export from', `export { a } from '../http/app.ts';`],
    ['export type from', `export type { A } from '../http/app.ts';`],
    ['export all', `export * from '../http/app.ts';`],
    ['a dynamic import', `const a = await import('../http/app.ts');`],
    ['a dynamic import of a template', 'const a = await import(`../http/app.ts`);'],
    ['an import in a type', `let a: import('../http/app.ts').A;`],
    ['import equals', `import a = require('../http/app.ts');`],
    ['require', `const a = require('../http/app.ts');`],
    ['the URL of a worker', `const a = new URL('../http/app.ts', import.meta.url);`],
  ])('finds %s', (_, statement) => {
    expect(check('src/core/planted.ts', `// one line above\n${statement}\n`)).toEqual([
      'src/core/planted.ts:2: core may not import http (only itself)',
    ]);
  });

  it('is not misled by comments and strings', () => {
    const text = `// import '../http/app.ts'\nconst a = "import '../http/app.ts'"; /* import('../http/app.ts') */\n`;
    expect(check('src/core/planted.ts', text)).toEqual([]);
  });

  it.each([
    [
      'src/stores/scores/store.ts',
      '../recommendations/store.ts',
      'stores/scores may not import stores/recommendations',
    ],
    ['src/stores/scores/store.ts', '../../migration/run.ts', 'stores/scores may not import migration'],
    ['src/tiers/durable/pool.ts', '../hot/port.ts', 'tiers/durable may not import tiers/hot'],
    ['src/http/routes/scores.ts', '../../cli/main.ts', 'http may not import cli'],
    ['src/http/routes/scores.ts', '../../tiers/durable/port.ts', 'http may not import tiers/durable'],
    ['src/http/routes/scores.ts', '../../tiers/tiered/cache.ts', 'http may not import tiers/tiered'],
    ['src/tiers/tiered/cache.ts', '../../testing/tcp-proxy.ts', 'tiers/tiered may not import testing'],
    ['src/client/client.ts', '../core/errors.ts', 'client may not import core (only itself)'],
    ['src/core/ids.ts', '../index.ts', 'core may not import index.ts'],
    ['src/legacy/sqlite/read.ts', '../../migration/source.ts', 'legacy may not import migration'],
    ['src/core/ids.ts', '../../test/support/servers.ts', 'test/support/servers.ts is outside src'],
    ['src/core/ids.ts', './ids.test.ts', 'src/core/ids.test.ts is a test'],
    ['src/stores/scores/store.ts', 'pg', 'the driver pg may only be imported in src/tiers/'],
    ['src/migration/copy.ts', 'better-sqlite3', 'the driver better-sqlite3 may only be imported in'],
    ['src/tiers/hot/driver.ts', 'better-sqlite3', 'the driver better-sqlite3 may only be imported in'],
    ['src/cli/main.ts', '@electric-sql/pglite/worker', 'the driver @electric-sql/pglite may only'],
    ['src/cli/main.ts', 'stockroom/cache', 'the package imports itself by name'],
  ])('%s may not import %s', (path, specifier, message) => {
    expect(check(path, `import '${specifier}';`)).toEqual([expect.stringContaining(`${path}:1: ${message}`)]);
  });

  it.each([
    ['src/stores/scores/store.ts', '../../tiers/tiered/cache.ts'],
    ['src/stores/scores/store.ts', './table.ts'],
    ['src/stores/scores/store.test.ts', '../../../test/support/database.ts'],
    ['src/stores/scores/store.test.ts', 'pg'],
    ['src/tiers/durable/server/pool.ts', 'pg'],
    ['src/tiers/durable/embedded/owner.ts', 'better-sqlite3'],
    ['src/cli/commands/sample.ts', '../../legacy/sample/sample.ts'],
    ['src/http/app.ts', '../telemetry/metrics.ts'],
    ['src/http/tier-health.ts', '../tiers/hot/index.ts'],
    ['src/testing/faulty-tier.ts', '../tiers/hot/index.ts'],
    ['src/index.ts', './stores/scores/store.ts'],
    ['src/core/ids.ts', 'node:crypto'],
  ])('%s may import %s', (path, specifier) => {
    expect(check(path, `import '${specifier}';`)).toEqual([]);
  });

  it('refuses what it cannot see or place', () => {
    expect(check('src/core/planted.ts', 'await import(name);')).toEqual([
      expect.stringContaining('src/core/planted.ts:1: the imported module is computed'),
    ]);
    expect(check('src/elsewhere/planted.ts', '')).toEqual([
      expect.stringContaining('src/elsewhere/planted.ts:1: belongs to no layer'),
    ]);
    expect(() => check('src/core/planted.ts', 'import {')).toThrow('src/core/planted.ts cannot be parsed');
  });
});
