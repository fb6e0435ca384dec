import { messageOf, StockroomError } from '../../core/errors.ts';

/** What PostgreSQL says about an error; both drivers give these fields. */
export interface ServerError {
  severity: string;
  code: string;
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
  constraint?: string | undefined;
  column?: string | undefined;
  table?: string | undefined;
}

/** SQLSTATE values after which the same work may be tried again, when it is idempotent. */
const transient = new Set(['40001', '40P01', '57P01', '57P02', '57P03']);
/** SQLSTATE values with which the server ends the connection. */
const shutdown = new Set(['57P01', '57P02', '57P03']);

function isServerError(thrown: unknown): thrown is ServerError {
  // A system error has a `code` too, and `EPIPE` even looks like a SQLSTATE: only the server gives a severity.
  if (typeof thrown !== 'object' || thrown === null) return false;
  const { severity, code } = thrown as Partial<ServerError>;
  return typeof severity === 'string' && typeof code === 'string';
}

/** The SQLSTATE behind an error of this tier, or of anything that was caused by one. */
export function sqlState(thrown: unknown): string | undefined {
  if (thrown instanceof StockroomError && typeof thrown.details['sqlState'] === 'string') {
    return thrown.details['sqlState'];
  }
  if (isServerError(thrown)) return thrown.code;
  return thrown instanceof Error && thrown.cause !== undefined ? sqlState(thrown.cause) : undefined;
}

/**
 * Whether the same work may succeed when it is tried again: a serialization failure, a deadlock or a lost
 * connection. After a lost connection it is unknown whether the work was done, so only idempotent work may be.
 */
export function isRetryable(thrown: unknown): boolean {
  const state = sqlState(thrown);
  if (state !== undefined) return transient.has(state) || state.startsWith('08');
  return thrown instanceof StockroomError && thrown.code === 'DATABASE_UNREACHABLE';
}

/**
 * What a driver threw, as an error of ours. `location` says which database, for people.
 * Without a SQLSTATE the server did not answer, so the connection is gone.
 */
export function databaseError(thrown: unknown, location: string): StockroomError {
  if (thrown instanceof StockroomError) return thrown;
  if (!isServerError(thrown)) {
    return new StockroomError(
      'DATABASE_UNREACHABLE',
      `The connection to PostgreSQL at ${location} was lost: ${reasonOf(thrown)}. ` +
        'Check that the server runs and try again.',
      { cause: thrown },
    );
  }
  const { code: sqlState, constraint, column, table } = thrown;
  const about = { sqlState, constraint, column, table };
  const details = Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined));
  if (thrown.code.startsWith('08') || shutdown.has(thrown.code)) {
    return new StockroomError(
      'DATABASE_UNREACHABLE',
      `PostgreSQL at ${location} closed the connection (SQLSTATE ${thrown.code}): ${thrown.message}. ` +
        'Check that the server runs and try again.',
      { cause: thrown, details },
    );
  }
  if (thrown.code === GUARDED) {
    return new StockroomError(
      'NOT_AUTHORITY',
      `${thrown.message}. Write where the store's authority is: \`stockroom stage show\` says where that is`,
      { cause: thrown, details },
    );
  }
  const hint = thrown.hint === undefined ? '' : ` ${thrown.hint}`;
  return new StockroomError(
    'DATABASE_QUERY_FAILED',
    `PostgreSQL refused a statement (SQLSTATE ${thrown.code}): ${thrown.message}.${hint}`,
    { cause: thrown, details },
  );
}

/** SQLSTATE with which the guard of a store that is on its way refuses a write, see sql/000016_stages.sql. */
const GUARDED = 'SR001';

/** Node joins the failures of several addresses in one error whose own message is empty. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') {
    return thrown.errors.map(messageOf).join('; ');
  }
  return messageOf(thrown);
}
