import { type Command, Option } from 'commander';
import { StockroomError } from '../core/errors.ts';
import type { Io } from './io.ts';

/** A flag and the environment variable that says the same. The flag wins. */
export class Flag extends Option {
  readonly variable: string;
  /** Its variable may hold several values, separated by commas. */
  readonly repeatable: boolean;

  constructor(flags: string, variable: string, description: string, repeatable = false) {
    super(flags, description);
    this.variable = variable;
    this.repeatable = repeatable;
    if (repeatable) this.argParser((value: string, before?: string[]) => [...(before ?? []), value]);
  }
}

function flagOf(flag: Flag, value: string): unknown {
  if (flag.repeatable) {
    return value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  if (!flag.isBoolean()) return value;
  if (/^(?:1|true|yes)$/i.test(value)) return true;
  if (/^(?:0|false|no)$/i.test(value)) return false;
  throw new StockroomError(
    'USAGE',
    `${flag.variable}: expected true or false, found ${JSON.stringify(value)}`,
  );
}

/**
 * Gives a command the values of its flags' variables where the command line says nothing. Commander could read them
 * itself, but takes `STOCKROOM_JSON=false` and an empty value for a yes.
 */
export function applyVariables(command: Command, env: Io['env']): void {
  for (const flag of command.options) {
    if (!(flag instanceof Flag)) continue;
    const name = flag.attributeName();
    const value = env[flag.variable]?.trim() ?? '';
    if (value === '' || command.getOptionValueSource(name) === 'cli') continue;
    command.setOptionValueWithSource(name, flagOf(flag, value), 'env');
  }
}

/** @throws StockroomError USAGE */
export function wholeNumber(
  name: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const expected = `a whole number from ${min} to ${max}`;
  throw new StockroomError('USAGE', `${name}: expected ${expected}, found ${JSON.stringify(text)}`);
}

export const jsonFlag = (): Flag =>
  new Flag('--json', 'STOCKROOM_JSON', 'print one JSON document on stdout instead of text');
