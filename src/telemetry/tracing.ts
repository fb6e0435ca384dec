import { AsyncLocalStorage } from 'node:async_hooks';
import type { Channel } from 'node:diagnostics_channel';
import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { cacheFactory, type CacheFactoryRun } from '../core/cache-diagnostics.ts';
import { durableQuery } from '../core/diagnostics.ts';
import { codeOf } from '../core/errors.ts';
import { version } from '../core/version.ts';

/** A statement's text is cut here: that of a bulk insert may be very long. */
const STATEMENT_MAX = 2_000;

/**
 * Makes OpenTelemetry spans of what the core tells on its diagnostics channels: `cache.factory`, one run of a factory, and
 * `durable.query`, one statement. Names of namespaces and texts of statements are attributes; keys and values never are.
 * Without an SDK in the process all of it does nothing. @returns the way to stop
 */
export function traceDiagnostics(): () => void {
  const tracer = trace.getTracer('stockroom', version);
  /** What runs inside a factory belongs below its span, also where nobody else can see that span. */
  const inside = new AsyncLocalStorage<Context>();
  const parent = (): Context => inside.getStore() ?? context.active();
  const running = new WeakMap<CacheFactoryRun, Span>();

  const begin = (run: CacheFactoryRun): Context => {
    const attributes = {
      'stockroom.cache.namespace': run.namespace,
      'stockroom.cache.reason': run.reason,
      'stockroom.cache.keys': run.keys,
    };
    const around = parent();
    const span = tracer.startSpan('cache.factory', { kind: SpanKind.INTERNAL, attributes }, around);
    running.set(run, span);
    return trace.setSpan(around, span);
  };
  const onError = (message: unknown): void => {
    const run = message as CacheFactoryRun;
    const span = running.get(run);
    if (span === undefined) return;
    // The message may hold a key: the code and the class say what there is to say.
    const code = codeOf(run.error);
    const name = run.error instanceof Error ? run.error.name : typeof run.error;
    span.setAttribute('error.type', code === '' ? name : code);
    span.setStatus({ code: SpanStatusCode.ERROR });
  };
  const onEnd = (message: unknown): void => {
    const run = message as CacheFactoryRun;
    running.get(run)?.end();
    running.delete(run);
  };
  // Typed for stores of messages; a store may hold what is made of one.
  const start = cacheFactory.start as unknown as Channel<Context, CacheFactoryRun>;
  start.bindStore(inside, begin);
  cacheFactory.error.subscribe(onError);
  cacheFactory.asyncEnd.subscribe(onEnd);
  const stopQueries = durableQuery.subscribe(({ sql, durationMs, rows, errorCode }) => {
    const endTime = Date.now();
    const span = tracer.startSpan(
      'durable.query',
      {
        kind: SpanKind.CLIENT,
        startTime: endTime - durationMs,
        attributes: { 'db.system.name': 'postgresql', 'db.query.text': sql.slice(0, STATEMENT_MAX) },
      },
      parent(),
    );
    if (rows !== undefined) span.setAttribute('stockroom.durable.rows', rows);
    if (errorCode !== undefined) {
      span.setAttribute('error.type', errorCode);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(endTime);
  });
  return () => {
    stopQueries();
    start.unbindStore(inside);
    cacheFactory.error.unsubscribe(onError);
    cacheFactory.asyncEnd.unsubscribe(onEnd);
  };
}
