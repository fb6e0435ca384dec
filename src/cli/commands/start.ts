import type { Command } from 'commander';
import type { Config } from '../../core/config.ts';
import { StockroomError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { act, type Context, openTier } from '../context.ts';
import { demoDirectory } from '../demo.ts';
import { Flag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeLines } from '../io.ts';
import { withMigrationProgress } from '../progress.ts';
import { EMBEDDED_NOTE, renderReport } from '../render/report.ts';
import { counted } from '../render/text.ts';
import { requireFreePort, serve } from '../service.ts';
import { allSettings, configOf, SettingFlag } from '../settings.ts';
import { directoryOf, requireDirectory } from './migrate-flags.ts';
import { RUN_INTERRUPTED } from './migrate-run.ts';

/** A migration that ended so may be served: all is loaded, or all but what is in quarantine. */
const servable = [0, 3];

export function registerStart(program: Command, context: Context): void {
  const command = program
    .command('start')
    .description(
      'bring the schema up to date, migrate and verify an old directory if one is given, then serve',
    )
    .addOption(
      new Flag('--legacy <dir>', 'STOCKROOM_LEGACY', 'old data directory to migrate and verify first'),
    )
    .addOption(new Flag('--demo', 'STOCKROOM_DEMO', 'migrate a sample, which is written when there is none'));
  for (const variable of allSettings) command.addOption(new SettingFlag(variable));
  explain(command, {
    examples: [
      { line: 'stockroom start --demo', does: 'see all of it on made-up data' },
      { line: 'stockroom start --legacy ../old-app', does: 'into the embedded PostgreSQL' },
      {
        line: 'DATABASE_URL=postgresql://… stockroom start --legacy ../old-app --port 8080',
        does: 'into a server',
      },
    ],
    exits: [1, 2, 4, 130],
  });
  act(context, command, async () => {
    const { io } = context;
    const config = configOf(command, io.env);
    const { legacy, demo } = wishOf(command);
    if (legacy !== undefined) requireDirectory(directoryOf(context, legacy));
    await requireFreePort(config);
    const { tier, migrations } = await openTier(context, config);
    const schema = migrations === 0 ? 'up to date' : `brought up to date, ${counted(migrations, 'step')}`;
    writeLines(io.stdout, [
      `Stockroom ${version}`,
      `Database  ${tier.kind === 'server' ? 'PostgreSQL at' : 'embedded PostgreSQL in'} ${tier.location}`,
      `Schema    ${tier.schema}, ${schema}`,
    ]);
    if (demo) context.directory = await demoDirectory(context, config);
    if (context.directory !== undefined) {
      const exit = await migrateFirst(context, config, tier, context.directory);
      if (!servable.includes(exit)) return exit;
    } else if (tier.kind === 'embedded') writeLines(io.stdout, [EMBEDDED_NOTE]);
    return serve(context, config, tier);
  });
}

/** `--legacy` and `--demo` say different things; what stands on the command line wins over a variable. */
function wishOf(command: Command): { legacy: string | undefined; demo: boolean } {
  const { legacy, demo = false } = command.opts<{ legacy?: string; demo?: boolean }>();
  if (legacy === undefined || !demo) return { legacy, demo };
  const [ofLegacy, ofDemo] = ['legacy', 'demo'].map((name) => command.getOptionValueSource(name));
  if (ofLegacy === ofDemo) {
    throw new StockroomError(
      'USAGE',
      '--legacy and --demo: expected one of them, found both; --demo has a directory of its own',
    );
  }
  return ofLegacy === 'cli' ? { legacy, demo: false } : { legacy: undefined, demo };
}

async function migrateFirst(
  context: Context,
  config: Config,
  tier: DurableTier,
  directory: string,
): Promise<number> {
  const { io, colors, lifetime } = context;
  const { runMigration } = await import('../../migration/index.ts');
  lifetime.interruptedNote = RUN_INTERRUPTED;
  const report = await withMigrationProgress(context, () => runMigration({ tier, directory }));
  const goesOn = servable.includes(report.exit);
  writeLines(io.stdout, [
    '',
    ...renderReport(report, { colors, place: tier, command: 'run', next: !goesOn }),
    '',
    ...(report.exit === 3
      ? ['What is loaded is proven and will be served; the rest waits in quarantine.']
      : []),
    ...(goesOn ? [] : [`Nothing is served: the migration into ${config.schema} has to end well first.`]),
  ]);
  return report.exit;
}
