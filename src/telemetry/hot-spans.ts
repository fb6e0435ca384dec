import diagnosticsChannel from 'node:diagnostics_channel';
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { codeOf } from '../core/errors.ts';
import { version } from '../core/version.ts';

/** What the Redis client tells of one command, with the same object at its start and at its end. Its arguments are not read: keys. */
interface Command {
  readonly command: string;
  readonly serverAddress?: string;
  readonly serverPort?: number | undefined;
  error?: unknown;
}

/**
 * Makes a span of each command to Redis that belongs to another span which is recorded; what the process asks Redis by itself
 * (heartbeats, sweeps) is none. The client measures commands only while somebody listens, which takes time from each.
 * @returns the way to stop
 */
export function traceHotCommands(): () => void {
  const tracer = trace.getTracer('stockroom', version);
  const channel = diagnosticsChannel.tracingChannel<Command>('node-redis:command');
  const running = new WeakMap<Command, Span>();
  const none = (): void => undefined;

  const subscribers = {
    start(message: unknown): void {
      if (trace.getActiveSpan()?.isRecording() !== true) return;
      const command = message as Command;
      const { serverAddress, serverPort } = command;
      const attributes = {
        'db.system.name': 'redis',
        'db.operation.name': command.command,
        ...(serverAddress === undefined ? {} : { 'server.address': serverAddress }),
        ...(serverPort === undefined ? {} : { 'server.port': serverPort }),
      };
      running.set(
        command,
        tracer.startSpan('hot.command', { kind: SpanKind.CLIENT, attributes }, context.active()),
      );
    },
    error(message: unknown): void {
      const command = message as Command;
      const span = running.get(command);
      if (span === undefined) return;
      // The message of an error may hold a key.
      const code = codeOf(command.error);
      const name = command.error instanceof Error ? command.error.name : typeof command.error;
      span.setAttribute('error.type', code === '' ? name : code);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    asyncEnd(message: unknown): void {
      const command = message as Command;
      running.get(command)?.end();
      running.delete(command);
    },
    end: none,
    asyncStart: none,
  };
  channel.subscribe(subscribers);
  return () => channel.unsubscribe(subscribers);
}
