import { createColors } from 'picocolors';

/** A stream that a command writes to. `process.stdout` is one, and so is a buffer of a test. */
export interface Output {
  write(text: string): boolean;
  readonly isTTY?: boolean | undefined;
}

/** What a command knows of the process it runs in. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Answers. With `--json` exactly one document. */
  readonly stdout: Output;
  /** Progress, logs and errors. */
  readonly stderr: Output;
  /** Where signals and uncaught errors are heard: `process`. */
  readonly events: NodeJS.EventEmitter;
  /** Ends the process without waiting for anything. */
  exit(code: number): void;
}

export type Colors = ReturnType<typeof createColors>;

/** Colours for a stream: on a terminal alone, and never when NO_COLOR (https://no-color.org) is set. */
export function colorsOf(output: Output, env: Io['env']): Colors {
  const wanted = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return createColors(output.isTTY === true && wanted);
}

export function writeLines(output: Output, lines: readonly string[]): void {
  output.write(`${lines.join('\n')}\n`);
}

export function writeJson(output: Output, document: unknown): void {
  output.write(`${JSON.stringify(document, null, 2)}\n`);
}
