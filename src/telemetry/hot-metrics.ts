import { Counter, Gauge, type Registry } from 'prom-client';
import { hotBreaker, hotConnection, hotFailure } from '../core/hot-diagnostics.ts';

/** A server of the hot tier, as a scrape finds it. */
export interface HotNode {
  readonly location: string;
  readonly connected: boolean;
  readonly breaker: 'closed' | 'open' | 'half-open';
}

/** What Prometheus can add up: how far a server is from answering. */
const breakerValues = { closed: 0, 'half-open': 1, open: 2 } as const;

export interface HotMetrics {
  /** Told at a scrape: a server that has left the Cluster would else be told of forever. */
  observeNodes(nodes: readonly HotNode[]): void;
  /** Stops listening to the diagnostics channels. */
  close(): void;
}

/** The figures of the hot tier. Its servers are few: where each is may be a label, a key never is. */
export function hotMetrics(registers: Registry[]): HotMetrics {
  const labelNames = ['location'] as const;
  const connected = new Gauge({
    name: 'stockroom_hot_connected',
    help: '1 while the process is connected to the server, else 0',
    labelNames,
    registers,
  });
  const breaker = new Gauge({
    name: 'stockroom_hot_breaker_state',
    help: 'The breaker of the server: 0 closed, 1 half-open, 2 open',
    labelNames,
    registers,
  });
  const opened = new Counter({
    name: 'stockroom_hot_breaker_opened_total',
    help: 'How often the breaker of the server opened',
    labelNames,
    registers,
  });
  const disconnects = new Counter({
    name: 'stockroom_hot_disconnects_total',
    help: 'How often the connection to the server was lost',
    labelNames,
    registers,
  });
  const failures = new Counter({
    name: 'stockroom_hot_failures_total',
    help: 'Calls to Redis that failed: not sent, without an answer in time, or refused',
    labelNames: ['code'] as const,
    registers,
  });
  const stops = [
    hotBreaker.subscribe(({ location, state }) => {
      if (state === 'open') opened.inc({ location });
    }),
    hotConnection.subscribe(({ location, up }) => {
      if (!up) disconnects.inc({ location });
    }),
    hotFailure.subscribe(({ code }) => failures.inc({ code })),
  ];
  return {
    observeNodes(nodes) {
      connected.reset();
      breaker.reset();
      for (const { location, connected: up, breaker: state } of nodes) {
        connected.set({ location }, up ? 1 : 0);
        breaker.set({ location }, breakerValues[state]);
      }
    },
    close: () => stops.forEach((stop) => stop()),
  };
}
