import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { StockroomError } from '../../core/errors.ts';
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

/** Notes which directory the command is about, for what it says when it fails. @returns its absolute path */
export function directoryOf(context: Context, given: string | undefined): string {
  context.directory = resolve(given ?? '.');
  return context.directory;
}

/**
 * Finds a mistyped path before a database is made for it.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND
 */
export function requireDirectory(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  const what = found === undefined ? 'nothing' : 'a file';
  throw new StockroomError(
    'DIRECTORY_NOT_FOUND',
    `expected a directory at ${directory}, found ${what}: check the path`,
    { details: { directory } },
  );
}
