import { isSpanContextValid, trace } from '@opentelemetry/api';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../core/config-values.ts';
import { channel, durableQuery, migrationWarning } from '../core/diagnostics.ts';
import { codeOf, messageOf } from '../core/errors.ts';
import { hotBreaker, hotConnection } from '../core/hot-diagnostics.ts';

export type { Logger } from 'pino';

/** A statement that takes longer is worth a line: at a normal load none does. */
export const SLOW_QUERY_MS = 1_000;

/** Wherever one of these stands in what is logged, one level deep, its value is not written. */
const secretNames = ['authorization', 'x-api-key', 'cookie', 'password', 'apiKey', 'apiKeys', 'databaseUrl'];
const secretPaths = secretNames.flatMap((name) => [
  `["${name}"]`,
  `*["${name}"]`,
  `req.headers["${name}"]`,
  `config["${name}"]`,
]);

/** What fails where no caller waits for it, by the channel that tells of it. Nothing of a value or a key is written. */
const failures: readonly (readonly [channel: string, message: string])[] = [
  ['stockroom:market-cache:fetch-failure', 'a value of the market cache could not be fetched'],
  ['stockroom:market-cache:copy-failure', 'a copy of the market cache could not be written'],
  ['stockroom:market:calendar-failure', 'the overrides of the market calendar could not be read'],
  ['stockroom:top-picks:listener-failure', 'a subscriber of saved runs failed and is told again'],
  ['stockroom:durable:replica-left-out', 'the replica could not be read, and the primary was instead'],
  ['stockroom:llm:unlogged', 'a call of a language model could not be logged'],
];

export interface LoggerOptions {
  level: LogLevel;
  /** Absent: stderr, written at once, so that the last line before a crash is there. */
  stream?: DestinationStream;
}

/** JSON lines on stderr; stdout belongs to the answers of commands. */
export function createLogger({ level, stream }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      mixin: activeTrace,
      redact: { paths: secretPaths, censor: '[redacted]' },
    },
    stream ?? destination({ dest: 2, sync: true }),
  );
}

/** Where in which trace a line was written, while there is one. */
function activeTrace(): object {
  const active = trace.getActiveSpan()?.spanContext();
  if (active === undefined || !isSpanContextValid(active)) return {};
  return { trace_id: active.traceId, span_id: active.spanId };
}

/**
 * Writes what the core tells on its diagnostics channels: warnings of the migration, failed and slow statements, and how the
 * connections to Redis come and go. Single calls that fail are counted, not written: an outage would fill the log.
 * The process that owns the logger calls it once. @returns the way to stop
 */
export function logDiagnostics(logger: Logger): () => void {
  const stops = [
    migrationWarning.subscribe((warning) => logger.warn(warning, 'migration warning')),
    durableQuery.subscribe((query) => {
      if (query.errorCode !== undefined) logger.warn(query, 'a statement failed');
      else if (query.durationMs >= SLOW_QUERY_MS) logger.warn(query, 'a statement was slow');
    }),
    hotConnection.subscribe((connection) => {
      if (connection.up) logger.info(connection, 'connected to Redis');
      else logger.warn(connection, 'the connection to Redis was lost');
    }),
    hotBreaker.subscribe((breaker) => {
      if (breaker.state === 'open')
        logger.warn(breaker, 'Redis does not answer in time: calls do without it');
      else if (breaker.state === 'half-open') logger.info(breaker, 'Redis is tried again');
      else logger.info(breaker, 'Redis answers in time again');
    }),
    ...failures.map(([name, message]) =>
      channel<{ error: unknown }>(name).subscribe(({ error }) =>
        logger.warn({ code: codeOf(error), reason: messageOf(error) }, message),
      ),
    ),
  ];
  return () => stops.forEach((stop) => stop());
}
