import { EventEmitter } from 'node:events';
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/program.ts';

export interface TestIo extends Io {
  readonly events: EventEmitter;
  /** Everything written so far. */
  out(): string;
  err(): string;
  /** Codes with which the process would have been ended at once. */
  readonly exits: number[];
}

/** A process for a command to run in, with its output in memory. */
export function testIo(env: Io['env'] = {}, terminal = false): TestIo {
  const written: Record<'out' | 'err', string[]> = { out: [], err: [] };
  const exits: number[] = [];
  const into = (parts: string[]) => ({
    isTTY: terminal,
    columns: 100,
    write: (text: string) => parts.push(text) > 0,
  });
  return {
    env,
    stdout: into(written.out),
    stderr: into(written.err),
    events: new EventEmitter(),
    exit: (code) => void exits.push(code),
    exits,
    out: () => written.out.join(''),
    err: () => written.err.join(''),
  };
}

export interface Called {
  exit: number;
  out: string;
  err: string;
  /** stdout as the one JSON document that it has to be. */
  json: () => Record<string, unknown>;
}

/** Runs a command line in this process. */
export async function call(argv: readonly string[], env: Io['env'] = {}): Promise<Called> {
  const io = testIo(env);
  const exit = await run(argv, io);
  return {
    exit,
    out: io.out(),
    err: io.err(),
    json: () => JSON.parse(io.out()) as Record<string, unknown>,
  };
}
