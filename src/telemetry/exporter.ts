import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { messageOf } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { within } from '../core/wait.ts';
import { traceHotCommands } from './hot-spans.ts';
import type { Logger } from './logger.ts';

/** What is left is sent at the end, for so long at the most. */
const FLUSH_MS = 2_000;
type ExportResultCode = Parameters<Parameters<SpanExporter['export']>[1]>[0]['code'];
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enumeration is in a package that is none of ours
const SUCCESS = 0 as ExportResultCode;
/** Different complaints of the SDK that are written; a wrong setting is one. */
const COMPLAINTS_MAX = 20;

export interface ExportOptions {
  readonly logger: Logger;
  /** The process's by default. The SDK reads its own settings (headers, sampler, batches) from the process itself. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Sends spans to an OpenTelemetry collector (OTLP over HTTP, JSON) when `OTEL_EXPORTER_OTLP_ENDPOINT` or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set; without, nothing is loaded. Spans wait in a bounded queue and are dropped when it is
 * full: a collector that is away costs spans and never time. That it is away is written once, and that it is back.
 *
 * @returns the way to send what is left, within 2 s, and to stop. It never rejects
 */
export async function exportTraces({
  logger,
  env = process.env,
}: ExportOptions): Promise<() => Promise<void>> {
  const set = (name: string): boolean => (env[name] ?? '').trim() !== '';
  const wanted = set('OTEL_EXPORTER_OTLP_ENDPOINT') || set('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const off =
    env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none';
  if (!wanted || off) return async () => undefined;
  const [base, { OTLPTraceExporter }, { resourceFromAttributes }, { AsyncLocalStorageContextManager }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/context-async-hooks'),
    ]);
  complainTo(logger);
  const name = env['OTEL_SERVICE_NAME']?.trim();
  const provider = new base.BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': name === undefined || name === '' ? 'stockroom' : name,
      'service.version': version,
    }),
    spanProcessors: [new base.BatchSpanProcessor(toldOnce(new OTLPTraceExporter(), logger))],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  const stopCommands = traceHotCommands();
  return async () => {
    stopCommands();
    // A failure was told by then, and what could not be sent within the time is lost.
    await within(provider.shutdown(), FLUSH_MS).catch((error: unknown) =>
      logger.warn({ reason: messageOf(error) }, 'the last traces could not be exported'),
    );
    trace.disable();
    context.disable();
    diag.disable();
  };
}

/** Failed batches are lost either way: the processor behind need not hear of each, and the log hears of the first. */
function toldOnce(exporter: SpanExporter, logger: Logger): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, ({ code, error }) => {
        const failed = code !== SUCCESS;
        if (failed && !failing) {
          const reason = messageOf(error ?? 'unknown');
          logger.warn({ reason }, 'traces cannot be exported, and are dropped until the collector answers');
        } else if (!failed && failing) logger.info('traces are exported again');
        failing = failed;
        done({ code: SUCCESS });
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** What the SDK says of its settings and its queue: each kind of complaint once. */
function complainTo(logger: Logger): void {
  const told = new Set<string>();
  const complain = (message: string): void => {
    const kind = message.replace(/\d+/g, 'N');
    if (told.size >= COMPLAINTS_MAX || told.has(kind)) return;
    told.add(kind);
    logger.warn({ reason: message }, 'OpenTelemetry');
  };
  const silent = (): void => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
