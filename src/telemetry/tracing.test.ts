import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cacheFactory } from '../core/cache-diagnostics.ts';
import { durableQuery } from '../core/diagnostics.ts';
import { pause } from '../core/wait.ts';
import { traceDiagnostics } from './tracing.ts';

const exporter = new InMemorySpanExporter();
let stop: () => void;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  stop = traceDiagnostics();
});
afterEach(() => exporter.reset());
afterAll(() => {
  stop();
  trace.disable();
  context.disable();
});

const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
const named = (name: string): ReadableSpan => spans().find((span) => span.name === name)!;
const run = { namespace: 'prices', keys: 2, reason: 'miss' } as const;
const query = { sql: 'SELECT 1', durationMs: 250, rows: 1, errorCode: undefined };

describe('traceDiagnostics', () => {
  it('makes a span of a factory, below that of the caller', async () => {
    const tracer = trace.getTracer('test');
    await tracer.startActiveSpan('caller', async (caller) => {
      await cacheFactory.tracePromise(async () => pause(5), { ...run });
      caller.end();
    });
    const factory = named('cache.factory');
    expect(factory.attributes).toEqual({
      'stockroom.cache.namespace': 'prices',
      'stockroom.cache.keys': 2,
      'stockroom.cache.reason': 'miss',
    });
    expect(factory.parentSpanContext?.spanId).toBe(named('caller').spanContext().spanId);
    expect(factory.status.code).toBe(SpanStatusCode.UNSET);
    expect(factory.duration[1]).toBeGreaterThan(3_000_000);
  });

  it('says how a factory failed, and not its message, which may hold a key', async () => {
    const failing = cacheFactory.tracePromise(
      async () => {
        throw new TypeError('no price of SECRETKEY');
      },
      { ...run },
    );
    await expect(failing).rejects.toThrow('SECRETKEY');
    const factory = named('cache.factory');
    expect(factory.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(factory.attributes).toMatchObject({ 'error.type': 'TypeError' });
    expect(JSON.stringify([factory.attributes, factory.events])).not.toContain('SECRETKEY');
  });

  it('puts a statement that a factory runs below the factory, with its own time', async () => {
    await cacheFactory.tracePromise(
      async () => {
        await pause(1);
        durableQuery.publish(() => query);
      },
      { ...run },
    );
    durableQuery.publish(() => ({ ...query, sql: 'SELECT 2', rows: undefined, errorCode: '57014' }));
    const [within, alone] = spans().filter(({ name }) => name === 'durable.query');
    expect(within!.parentSpanContext?.spanId).toBe(named('cache.factory').spanContext().spanId);
    expect(within!.attributes).toMatchObject({ 'db.query.text': 'SELECT 1', 'stockroom.durable.rows': 1 });
    expect(within!.duration).toEqual([0, 250_000_000]);
    expect(alone!.parentSpanContext).toBeUndefined();
    expect(alone!.status.code).toBe(SpanStatusCode.ERROR);
    expect(alone!.attributes).toMatchObject({ 'error.type': '57014' });
  });

  it('makes no more spans once it is stopped', async () => {
    const again = traceDiagnostics();
    again();
    stop();
    await cacheFactory.tracePromise(async () => undefined, { ...run });
    durableQuery.publish(() => query);
    expect(spans()).toEqual([]);
    stop = traceDiagnostics();
  });
});
