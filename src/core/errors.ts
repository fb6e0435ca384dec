/**
 * Every error that a caller may meet has a stable code. The catalogue is the one list of them: docs/errors.md is
 * checked against it, HTTP answers take their status from it and the command line its exit code.
 */
const catalogue = {
  CONFIG_INVALID: { status: 500, exit: 2, title: 'A setting has a value that cannot be used' },
  USAGE: { status: 400, exit: 2, title: 'The command was called the wrong way' },
  INVALID_INPUT: { status: 400, exit: 2, title: 'A value in the request is not of the expected form' },
  UNAUTHORIZED: { status: 401, exit: 2, title: 'No valid API key was given' },
  FORBIDDEN: { status: 403, exit: 2, title: 'The API key lacks the scope, or the caller is not on loopback' },
  RATE_LIMITED: { status: 429, exit: 1, title: 'The API key has asked too often' },
  TOO_LARGE: { status: 413, exit: 2, title: 'The request is larger than is taken' },
  UNSUPPORTED_TYPE: { status: 415, exit: 2, title: 'The body is of a kind that is not taken here' },
  CONFLICT: { status: 409, exit: 1, title: 'What is there does not allow it' },
  IDEMPOTENCY_CONFLICT: {
    status: 409,
    exit: 1,
    title: 'The idempotency key was used before with another payload',
  },
  BUDGET_EXCEEDED: { status: 402, exit: 1, title: 'A budget has not enough left' },
  NOT_FOUND: { status: 404, exit: 1, title: 'There is no such thing' },
  INTERNAL: { status: 500, exit: 1, title: 'Stockroom failed in a way it did not foresee' },
  UNAVAILABLE: { status: 503, exit: 1, title: 'A tier cannot be reached at the moment' },
  DATABASE_UNREACHABLE: { status: 503, exit: 1, title: 'PostgreSQL cannot be reached' },
  DATABASE_TOO_OLD: { status: 503, exit: 1, title: 'The PostgreSQL server is older than version 15' },
  DATABASE_QUERY_FAILED: { status: 500, exit: 1, title: 'PostgreSQL refused a statement' },
  HOT_UNAVAILABLE: { status: 503, exit: 1, title: 'Redis cannot be reached at the moment' },
  HOT_TIMEOUT: { status: 503, exit: 1, title: 'Redis gave no answer in time' },
  HOT_REFUSED: { status: 503, exit: 1, title: 'Redis refused a command' },
  FACTORY_TIMEOUT: { status: 504, exit: 1, title: 'What a cache was to be filled from took too long' },
  EMBEDDED_IN_USE: { status: 503, exit: 1, title: 'Another process owns the embedded database' },
  EMBEDDED_FAILED: { status: 503, exit: 1, title: 'The embedded database stopped' },
  NESTED_POOL_USE: {
    status: 500,
    exit: 1,
    title: 'The pool was used inside a transaction of the embedded database',
  },
  SCHEMA_TOO_NEW: { status: 503, exit: 1, title: 'The database was brought up to date by a newer Stockroom' },
  SCHEMA_CHANGED: {
    status: 503,
    exit: 1,
    title: 'A migration that was applied differs from the one shipped',
  },
  SCHEMA_OUTDATED: { status: 503, exit: 1, title: 'The database lacks migrations of this Stockroom' },
  DIRECTORY_NOT_FOUND: {
    status: 404,
    exit: 1,
    title: 'The old data directory does not exist or cannot be read',
  },
  NOTHING_TO_MIGRATE: { status: 404, exit: 1, title: 'No known source was found in the directory' },
  SOURCE_UNKNOWN: { status: 404, exit: 2, title: 'There is no source or store of that name' },
  SOURCE_UNREADABLE: { status: 500, exit: 3, title: 'A source file cannot be read' },
  SOURCE_LOCKED: { status: 503, exit: 3, title: 'A source file stayed locked by another process' },
  SOURCE_NOT_WRITABLE: { status: 500, exit: 3, title: 'A source file cannot be written' },
  TARGET_EXISTS: { status: 409, exit: 1, title: 'The target is there already and would be overwritten' },
  NO_RUN: { status: 404, exit: 1, title: 'No migration has been run on this database' },
  NOT_AUTHORITY: {
    status: 409,
    exit: 1,
    title: 'The other side of a migration takes the writes of this store',
  },
  GATE_CLOSED: { status: 409, exit: 1, title: 'A gate of the stage that was asked for is closed' },
  RUN_IN_PROGRESS: { status: 409, exit: 1, title: 'Another migration runs on this database' },
  INTERRUPTED: { status: 503, exit: 130, title: 'The command was stopped by a signal' },
  ARCHIVE_INVALID: { status: 500, exit: 1, title: 'A file of the archive is not what was written' },
  CERTIFICATE_INVALID: { status: 400, exit: 1, title: 'The file is no certificate, or was changed' },
} as const satisfies Record<string, { status: number; exit: number; title: string }>;

export type ErrorCode = keyof typeof catalogue;

export const errorCatalogue: Readonly<Record<ErrorCode, { status: number; exit: number; title: string }>> =
  catalogue;

/** An error with a stable code, a message that names what it is about and the way out, and its cause. */
export class StockroomError extends Error {
  readonly code: ErrorCode;
  /** What the error is about: names and values, never a secret. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StockroomError';
    this.code = code;
    this.details = options.details ?? {};
  }

  /** HTTP status of the answer that reports this error. */
  get status(): number {
    return catalogue[this.code].status;
  }

  /** Exit code of a command that ends with this error. */
  get exitCode(): number {
    return catalogue[this.code].exit;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of anything that was thrown (Node.js, SQLite, ours); empty when it has none. */
export function codeOf(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}
