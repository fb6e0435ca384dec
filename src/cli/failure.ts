import { CommanderError } from 'commander';
import { messageOf, StockroomError } from '../core/errors.ts';
import { colorsOf, type Io, writeJson, writeLines } from './io.ts';
import { Interrupted } from './lifetime.ts';
import { plain } from './render/text.ts';

/** How a command ended that did not do what it was asked to. */
export interface Failure {
  readonly exit: number;
  /** A code of docs/errors.md, or INTERRUPTED. */
  readonly code: string;
  /** One line. */
  readonly message: string;
  /** Files that no source takes, when there was nothing else. */
  readonly unclaimed: readonly unknown[];
}

const USAGE_EXIT = 2;
const INTERNAL_EXIT = 1;

/** @param called the command as it was called: `migrate run` */
export function failureOf(error: unknown, called: string): Failure {
  if (error instanceof Interrupted)
    return { exit: error.exitCode, code: 'INTERRUPTED', message: error.message, unclaimed: [] };
  if (error instanceof CommanderError) {
    const help = `see ${['stockroom', called, '--help'].filter(Boolean).join(' ')}`;
    const about =
      error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
    return { exit: USAGE_EXIT, code: 'USAGE', message: plain(`${about}; ${help}`), unclaimed: [] };
  }
  if (error instanceof StockroomError) {
    const { unclaimed } = error.details;
    return {
      exit: error.exitCode,
      code: error.code,
      message: plain(error.message),
      unclaimed: Array.isArray(unclaimed) ? unclaimed : [],
    };
  }
  const message = `${messageOf(error)}; LOG_LEVEL=debug shows where`;
  return { exit: INTERNAL_EXIT, code: 'INTERNAL', message: plain(message), unclaimed: [] };
}

/** What a command with `--json` prints when it fails; `run` and `verify` keep the fields of their report. */
export function failureDocument(failure: Failure, called: string, directory: string | undefined): object {
  const { exit, code, message, unclaimed } = failure;
  const head = { ok: false, exit, ...(directory === undefined ? {} : { directory }) };
  const error = { code, message };
  if (!/^migrate (?:run|verify|inspect)$/.test(called)) return { ...head, error };
  return { ...head, elapsed_ms: 0, sources: [], unreadable: [], unclaimed, warnings: [], error };
}

/** Says on stderr what went wrong, in one line, and on stdout as a document where one was asked for. */
export function reportFailure(
  io: Io,
  error: unknown,
  about: { called: string; json: boolean; directory: string | undefined },
): number {
  const failure = failureOf(error, about.called);
  const colors = colorsOf(io.stderr, io.env);
  const paint = error instanceof Interrupted ? colors.yellow : colors.red;
  writeLines(io.stderr, [`stockroom: ${paint(failure.code)}: ${failure.message}`]);
  if (failure.code === 'INTERNAL' && /^(?:debug|trace)$/i.test(io.env['LOG_LEVEL'] ?? '')) {
    writeLines(io.stderr, [error instanceof Error ? (error.stack ?? error.message) : String(error)]);
  }
  if (about.json) writeJson(io.stdout, failureDocument(failure, about.called, about.directory));
  return failure.exit;
}
