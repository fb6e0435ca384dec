import type { Command } from 'commander';
import { act, type Context, openHotTier } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { examinationLines } from '../render/doctor.ts';
import { allSettings, configOf, SettingFlag } from '../settings.ts';

/** A person waits longer than a service does. */
const PATIENCE_MS = 5_000;

export function registerDoctor(program: Command, context: Context): void {
  const command = program
    .command('doctor')
    .description(
      'look at versions, settings, clocks, the schema and both tiers, and say what to do; changes nothing',
    )
    .addOption(jsonFlag());
  for (const variable of allSettings) command.addOption(new SettingFlag(variable));
  explain(command, {
    examples: [
      { line: 'stockroom doctor', does: 'what is wrong, and the way out' },
      { line: 'stockroom doctor --json', does: 'for a program; exit code 1 when a check fails' },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async () => {
    const { io, colors } = context;
    const config = configOf(command, io.env);
    const patience = { timeoutMs: PATIENCE_MS, slowMs: PATIENCE_MS, heartbeatMs: PATIENCE_MS };
    const hot = await openHotTier(context, config, patience);
    const { examine } = await import('../../operations/index.ts');
    context.lifetime.interruptedNote = 'nothing was changed';
    const { ok, findings } = await examine({ config, hot });
    const exit = ok ? 0 : 1;
    if (context.json) writeJson(io.stdout, { ok, exit, findings });
    else writeLines(io.stdout, examinationLines(findings, colors));
    return exit;
  });
}
