import { useEffect, useRef } from 'preact/hooks';
import { openStream } from './api.ts';
import { eventsIn, type ServerEvent } from './events.ts';

const AGAIN_MIN_MS = 1_000;
const AGAIN_MAX_MS = 30_000;

/**
 * Listens to events for as long as the page is there, and again after a stream has ended. A service that has none is asked once:
 * what they tell is polled besides.
 */
export function useEvents(kinds: string, onEvent: (event: ServerEvent) => void): void {
  const listener = useRef(onEvent);
  listener.current = onEvent;
  useEffect(() => {
    const abort = new AbortController();
    const listen = async (): Promise<void> => {
      for (let pause = AGAIN_MIN_MS; !abort.signal.aborted; pause = Math.min(2 * pause, AGAIN_MAX_MS)) {
        const told = await read(kinds, abort.signal, (event) => listener.current(event));
        if (told === 'none') return;
        if (told === 'some') pause = AGAIN_MIN_MS;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    };
    void listen();
    return () => abort.abort();
  }, [kinds]);
}

/** @returns whether there were events, or `none` when the service has none to give */
async function read(
  kinds: string,
  signal: AbortSignal,
  onEvent: (event: ServerEvent) => void,
): Promise<'some' | 'nothing' | 'none'> {
  let told: 'some' | 'nothing' = 'nothing';
  try {
    const reader = await openStream(`/v1/events?kinds=${kinds}`, signal);
    if (reader === undefined) return 'none';
    const decoder = new TextDecoder();
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const { events, rest } = eventsIn(text + decoder.decode(part.value, { stream: true }));
      text = rest;
      told = 'some';
      for (const event of events) onEvent(event);
    }
  } catch {
    // The connection is gone, or the page is: polling tells what is missed, and this is tried again.
  }
  return told;
}
