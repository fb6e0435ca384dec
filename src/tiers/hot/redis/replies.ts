import { ErrorReply } from 'redis';
import { messageOf, StockroomError } from '../../../core/errors.ts';

/** The command was not run, and may be when the server is itself again. */
const passing: ReadonlySet<string> = new Set([
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'READONLY',
  'NOREPLICAS',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'BUSY',
  'UNKILLABLE',
]);

/** Redis does not let us in, or not do what has to be done. */
const denying: ReadonlySet<string> = new Set(['WRONGPASS', 'NOAUTH', 'NOPERM', 'MISCONF']);

/** For a Redis that cannot write to its disk. */
export const DISK_REMEDY =
  'Give its disk room and rights, or let it do without (CONFIG SET save "", CONFIG SET appendonly no): PostgreSQL has everything.';

/** Why there is no connection. Its server stands nowhere in it: who tells of it names that. */
export interface Absence {
  readonly why: string;
  readonly cause?: unknown;
  /** What a person can do about it; absent where nothing has to be done. */
  readonly wayOut?: string;
}

/** The code that Redis begins an error with (`OOM`, `MOVED`, `WRONGTYPE`), and the words after it. */
export function redisCode(error: unknown): { code: string; rest: string } {
  const message = messageOf(error);
  const end = message.indexOf(' ');
  return end === -1
    ? { code: message, rest: '' }
    : { code: message.slice(0, end), rest: message.slice(end + 1) };
}

export function refused(location: string, error: unknown): StockroomError {
  const { code } = redisCode(error);
  const details = { location, redisCode: code };
  if (passing.has(code)) return unavailable(location, { why: messageOf(error), cause: error });
  return new StockroomError('HOT_REFUSED', `Redis at ${location}: ${messageOf(error)}`, {
    cause: error,
    details,
  });
}

export function unavailable(location: string, { why, cause, wayOut }: Absence): StockroomError {
  const reason = wayOut === undefined ? why : `${why.replace(/\.$/, '')}. ${wayOut}`;
  const answered = cause instanceof ErrorReply ? { redisCode: redisCode(cause).code } : {};
  return new StockroomError('HOT_UNAVAILABLE', `Redis at ${location} cannot be used: ${reason}`, {
    cause,
    details: { location, ...answered },
  });
}

/**
 * Why a connection could not be made, with the way out.
 * @param setting the variable that says where Redis is
 */
export function unconnected(error: unknown, setting: string): Absence {
  const why = whyOf(error);
  const wayOut =
    error instanceof ErrorReply ? wayIn(redisCode(error).code) : `Start the server, or correct ${setting}.`;
  return { why, cause: error, ...(wayOut === undefined ? {} : { wayOut }) };
}

/** What to do about a code with which Redis keeps us out; undefined for any other. */
export function wayIn(code: unknown): string | undefined {
  if (typeof code !== 'string' || !denying.has(code)) return undefined;
  if (code === 'NOPERM')
    return 'Give the user of REDIS_URL or REDIS_USERNAME the right that is missing (ACL SETUSER).';
  if (code === 'MISCONF') return DISK_REMEDY;
  return 'Correct the user and the password: in REDIS_URL, or REDIS_USERNAME and REDIS_PASSWORD.';
}

/** A name with several addresses fails with an error for each, and no message of its own. */
export function whyOf(error: unknown): string {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return all.length === 0 ? messageOf(error) : all.map(messageOf).join('; ');
}

export function timedOut(location: string, why: string, cause?: unknown): StockroomError {
  return new StockroomError('HOT_TIMEOUT', `Redis at ${location}: ${why}`, { cause, details: { location } });
}
