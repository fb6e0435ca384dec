import type { Command } from 'commander';
import { act, type Context } from '../context.ts';
import { explain } from '../help.ts';
import { serve } from '../service.ts';
import { allSettings, configOf, SettingFlag } from '../settings.ts';

export function registerServe(program: Command, context: Context): void {
  const command = program
    .command('serve')
    .description('serve API and console; the schema must be up to date, which `start` sees to');
  for (const variable of allSettings) command.addOption(new SettingFlag(variable));
  explain(command, {
    examples: [
      { line: 'stockroom serve', does: 'on 127.0.0.1:4100, from the embedded PostgreSQL' },
      { line: 'DATABASE_URL=postgresql://… stockroom serve --port 8080', does: 'from a server' },
    ],
    exits: [1, 2, 130],
  });
  act(context, command, async () => {
    const config = configOf(command, context.io.env);
    const { openDurable, requireCurrentSchema } = await import('../../tiers/durable/index.ts');
    const tier = await openDurable(config);
    context.lifetime.holding(() => tier.close());
    await requireCurrentSchema(tier);
    return serve(context, config, tier);
  });
}
