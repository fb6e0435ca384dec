import { ProxyTracerProvider, trace } from '@opentelemetry/api';

/** Whether there is an SDK in this process, as of now. Without one spans are not worth making: they cost time and nobody sees them. */
export function isTraced(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('stockroom') !== undefined;
}
