import { type Context, context, SpanKind, SpanStatusCode, type Span, trace } from '@opentelemetry/api';
import type { IncomingHttpHeaders } from 'node:http';
import { version } from '../core/version.ts';
import { contextOfCaller } from './trace-parent.ts';

export interface RequestStart {
  readonly method: string;
  /** The template of the route; undefined: there is none. Never the path: it has keys in it. */
  readonly route: string | undefined;
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
}

/** The span of a request that is being answered. */
export interface RequestSpan {
  /** What runs in here, and what follows from it, belongs to the request. */
  run<T>(work: () => T): T;
  /** Undefined: the caller left before there was an answer. A second call does nothing. */
  end(status: number | undefined): void;
}

/**
 * Makes one span a request, below the caller's own where its headers name that. Without an SDK in the process all of it does
 * nothing. @returns the way to begin one
 */
export function requestSpans(): (start: RequestStart) => RequestSpan {
  const tracer = trace.getTracer('stockroom', version);
  return ({ method, route, id, headers }) => {
    const around = contextOfCaller(context.active(), headers.traceparent, headers['tracestate']);
    const span = tracer.startSpan(
      route === undefined ? method : `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          'stockroom.request.id': id,
          ...(route === undefined ? {} : { 'http.route': route }),
        },
      },
      around,
    );
    return requestSpan(span, trace.setSpan(around, span));
  };
}

function requestSpan(span: Span, inside: Context): RequestSpan {
  let open = true;
  return {
    run: (work) => context.with(inside, work),
    end(status) {
      if (!open) return;
      open = false;
      if (status !== undefined) span.setAttribute('http.response.status_code', status);
      // A request that is refused is the caller's error, and none of the service's.
      if (status === undefined || status >= 500) {
        span.setAttribute('error.type', status === undefined ? 'aborted' : String(status));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}
