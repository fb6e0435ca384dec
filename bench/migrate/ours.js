// Copies (and, unless told not to, verifies) a directory with the built Stockroom, and prints what each phase took.
const dist = new URL('../../dist/', import.meta.url);
/** @param {string} path */
const load = (path) => import(new URL(path, dist).href);
const { Engine } = await load('migration/engine.js');
const { discover } = await load('migration/discover.js');
const { builtInSources } = await load('migration/sources/index.js');
const { migrate, openDurable } = await load('tiers/durable/index.js');

const [, , directory, url] = process.argv;
const tier = await openDurable({ databaseUrl: url, databasePoolMax: 5, dataDir: '.', schema: 'stockroom' });
await migrate(tier);
const discovery = await discover(directory ?? '', builtInSources);
const nowMicros = Date.now() * 1000;
const engine = new Engine({ tier, discovery, sources: builtInSources, timezones: new Map(), nowMicros });
const started = performance.now();
await engine.copy();
const copied = performance.now();
await engine.verify();
const verified = performance.now();
const report = engine.report([]);
await discovery.close();
await tier.close();
/** @type {{ loaded: number }[]} */
const sources = report.sources;
const rows = sources.reduce((sum, source) => sum + source.loaded, 0);
console.log(
  JSON.stringify({ rows, exit: report.exit, copyMs: copied - started, verifyMs: verified - copied }),
);
