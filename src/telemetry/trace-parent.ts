import { type Context, createTraceState, isSpanContextValid, trace } from '@opentelemetry/api';

/** https://www.w3.org/TR/trace-context: version, trace, parent, flags; a later version may have more behind. */
const FORM = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const TRACE_STATE_MAX_LENGTH = 512;

type Header = string | readonly string[] | undefined;

/** The context below what the caller says that it is doing, in headers of W3C Trace Context; `around` when it says nothing valid. */
export function contextOfCaller(around: Context, traceparent: Header, tracestate: Header): Context {
  const [, version, traceId = '', spanId = '', flags = '', more] =
    typeof traceparent === 'string' ? (FORM.exec(traceparent) ?? []) : [];
  if (version === undefined || (version === '00' && more !== undefined)) return around;
  const state = typeof tracestate === 'string' ? tracestate : (tracestate ?? []).join(',');
  const spanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(state !== '' && state.length <= TRACE_STATE_MAX_LENGTH
      ? { traceState: createTraceState(state) }
      : {}),
  };
  return isSpanContextValid(spanContext) ? trace.setSpanContext(around, spanContext) : around;
}
