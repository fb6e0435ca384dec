import type { Command } from 'commander';

const meanings = {
  0: 'all well',
  1: 'failed',
  2: 'wrong usage, or a setting that cannot be used',
  3: 'done and verified, but rows are in quarantine or files could not be read',
  4: 'verification found a difference',
  130: 'interrupted (143: terminated)',
} as const;
export type ExitCode = keyof typeof meanings;

export interface Example {
  readonly line: string;
  readonly does: string;
}

/** Puts examples and exit codes below the help of a command. */
export function explain(
  command: Command,
  about: { examples: readonly Example[]; exits: readonly ExitCode[] },
): void {
  const width = Math.max(...about.examples.map(({ line }) => line.length));
  const examples = about.examples.map(({ line, does }) => `  ${line.padEnd(width)}  ${does}`);
  const exits = about.exits.map((code) => `  ${String(code).padEnd(4)} ${meanings[code]}`);
  command.addHelpText('after', ['', 'Examples:', ...examples, '', 'Exit codes:', ...exits].join('\n'));
}
