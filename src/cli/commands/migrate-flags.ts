import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Flag } from '../flags.ts';
import { durableSettings, SettingFlag } from '../settings.ts';

export const storeFlag = (): Flag =>
  new Flag(
    '--store <name>',
    'STOCKROOM_STORE',
    'only this store or source; may be given several times',
    true,
  );

export const timezoneFlag = (): Flag =>
  new Flag(
    '--timezone <source.column=zone>',
    'STOCKROOM_TIMEZONE',
    'read a column of times that lie in this zone; may be given several times',
    true,
  );

export function addDurableSettings(command: Command): void {
  for (const variable of durableSettings) command.addOption(new SettingFlag(variable));
}

/** Notes which directory the command is about, for what it says when it fails. */
export function directoryOf(context: Context, given: string | undefined): string {
  context.directory = resolve(given ?? '.');
  return context.directory;
}
