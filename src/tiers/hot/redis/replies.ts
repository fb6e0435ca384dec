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
  if (passing.has(code)) return unavailable(location, messageOf(error), error);
  return new StockroomError('HOT_REFUSED', `Redis at ${location}: ${messageOf(error)}`, {
    cause: error,
    details,
  });
}

export function unavailable(location: string, why: string, cause?: unknown): StockroomError {
  return new StockroomError('HOT_UNAVAILABLE', `Redis at ${location} cannot be used: ${why}`, {
    cause,
    details: { location },
  });
}

export function timedOut(location: string, why: string, cause?: unknown): StockroomError {
  return new StockroomError('HOT_TIMEOUT', `Redis at ${location}: ${why}`, { cause, details: { location } });
}
