import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { contextOfCaller } from './trace-parent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const spanOf = (traceparent: string | string[] | undefined, tracestate?: string | string[]) =>
  trace.getSpanContext(contextOfCaller(ROOT_CONTEXT, traceparent, tracestate));

describe('contextOfCaller', () => {
  it('is below the span that the headers name', () => {
    expect(spanOf(`00-${TRACE}-${SPAN}-01`)).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: 1,
      isRemote: true,
    });
    expect(spanOf(`00-${TRACE}-${SPAN}-00`)?.traceFlags).toBe(0);
    expect(spanOf(`00-${TRACE}-${SPAN}-01`, ['a=1', 'b=2'])?.traceState?.serialize()).toBe('a=1,b=2');
    // A later version, and flags of later versions.
    expect(spanOf(`01-${TRACE}-${SPAN}-ff-more`)?.traceFlags).toBe(1);
  });

  it.each([
    undefined,
    '',
    'x'.repeat(100_000),
    [`00-${TRACE}-${SPAN}-01`],
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
  ])('is that around where they name none: %.60s', (traceparent) => {
    expect(contextOfCaller(ROOT_CONTEXT, traceparent, 'a=1')).toBe(ROOT_CONTEXT);
  });

  it('leaves a state out that is too long', () => {
    expect(spanOf(`00-${TRACE}-${SPAN}-01`, `a=${'1'.repeat(512)}`)).not.toHaveProperty('traceState');
  });
});
