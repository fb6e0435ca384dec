// Copies (and, unless told not to, verifies) a directory with the built Stockroom, and prints what each phase took.
import { Engine } from '../../dist/migration/engine.js';
import { discover } from '../../dist/migration/discover.js';
import { builtInSources } from '../../dist/migration/sources/index.js';
import { migrate, openDurable } from '../../dist/tiers/durable/index.js';

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
const rows = report.sources.reduce((sum, source) => sum + source.loaded, 0);
console.log(
  JSON.stringify({ rows, exit: report.exit, copyMs: copied - started, verifyMs: verified - copied }),
);
