// A cleanup that kills its own process: `cleanup-child URL DIRECTORY ARCHIVES PHASE NTH` dies in a phase, when it tells of its
// progress for the nth time. Prints how often it told when it ends alive.
import { cleanupDirectory } from '../../src/migration/cleanup/index.ts';
import { openDurable } from '../../src/tiers/durable/index.ts';

const [, , databaseUrl = '', directory = '', archives = '', deadly = '', nth = ''] = process.argv;
const told: Record<string, number> = {};

const tier = await openDurable({ databaseUrl, databasePoolMax: 2, dataDir: archives, schema: 'stockroom' });
const report = await cleanupDirectory({
  tier,
  directory,
  archives,
  apply: true,
  onProgress: ({ phase }) => {
    told[phase] = (told[phase] ?? 0) + 1;
    if (phase === deadly && told[phase] === Number(nth)) process.kill(process.pid, 'SIGKILL');
  },
});
await tier.close();
process.stdout.write(JSON.stringify({ told, report }));
