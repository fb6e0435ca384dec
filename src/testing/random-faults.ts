import { StockroomError } from '../core/errors.ts';
import { mulberry32, SEED_MAX } from './seeded.ts';
import { checkedWhole, type Direction, type TcpProxy } from './tcp-proxy.ts';

const faultNames = ['delay', 'blackHole', 'stall', 'cutAfter', 'reset', 'refuse'] as const;
export type FaultName = (typeof faultNames)[number];

export interface RandomFaultsOptions {
  /** The same seed gives the same faults in the same order: a whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  /** The least and the longest time from one fault to the next, in whole milliseconds from 1. */
  readonly everyMs: readonly [min: number, max: number];
  /** Those to choose from; all when left out. */
  readonly faults?: readonly FaultName[];
}

export interface AppliedFault {
  /** Since the start, as measured. */
  readonly atMs: number;
  /** What was done: `stall down for 40 ms`. The seed alone decides it. */
  readonly fault: string;
}

export interface RandomFaults {
  /** Grows while it runs; of a long run the last 10,000. */
  readonly log: readonly AppliedFault[];
  /** No fault comes any more, and the proxy is healed. A second call does nothing. */
  stop(): Promise<void>;
}

const LOG_MAX = 10_000;
const PERIOD_MAX_MS = 3_600_000;
const DELAY_MAX_MS = 200;
/** Small enough to fall into the first answers of a connection. */
const CUT_MAX_BYTES = 4096;
/** A fault lasts from a tenth to a half of its period, so that a client has time to recover as well. */
const LASTS = { min: 0.1, max: 0.5 };

/** One fault, and when. Each takes the same number of draws, so that all that follows stays the same. */
interface Step {
  name: FaultName;
  direction: Direction;
  /** From 0 up to, not with, 1. */
  strength: number;
  /** Without a fault, before it. */
  quietMs: number;
  lastsMs: number;
}

function chosen<T>(from: readonly T[], share: number): T {
  return from[Math.floor(share * from.length)]!;
}

function nextStep(random: () => number, faults: readonly FaultName[], [min, max]: readonly number[]): Step {
  const name = chosen(faults, random());
  const direction = chosen(['up', 'down', 'both'] as const, random());
  const strength = random();
  const periodMs = min! + Math.floor(random() * (max! - min! + 1));
  const share = LASTS.min + random() * (LASTS.max - LASTS.min);
  const lastsMs = Math.max(1, Math.round(periodMs * share));
  return { name, direction, strength, quietMs: periodMs - lastsMs, lastsMs };
}

/** @returns what was done, in words */
function apply(proxy: TcpProxy, { name, direction, strength, lastsMs }: Step): string {
  const delayMs = 1 + Math.floor(strength * DELAY_MAX_MS);
  const bytes = Math.floor(strength * CUT_MAX_BYTES);
  const lasting = `for ${lastsMs} ms`;
  switch (name) {
    case 'delay':
      proxy.delay(delayMs, direction);
      return `delay of ${delayMs} ms ${direction} ${lasting}`;
    case 'cutAfter':
      proxy.cutAfter(bytes, direction);
      return `cutAfter ${bytes} bytes ${direction} ${lasting}`;
    case 'blackHole':
    case 'stall':
      proxy[name](direction);
      return `${name} ${direction} ${lasting}`;
    case 'refuse':
      proxy.refuse();
      return `refuse ${lasting}`;
    case 'reset':
      proxy.reset();
      return 'reset';
  }
}

function check({ seed, everyMs: [min, max], faults = faultNames }: RandomFaultsOptions): void {
  checkedWhole('seed', seed, 0, SEED_MAX);
  checkedWhole('everyMs[0]', min, 1, PERIOD_MAX_MS);
  checkedWhole('everyMs[1]', max, min, PERIOD_MAX_MS);
  const unknown = faults.filter((name) => !faultNames.includes(name));
  if (faults.length > 0 && unknown.length === 0) return;
  throw new StockroomError(
    'INVALID_INPUT',
    `faults is [${faults.join(', ')}]: expected one or more of ${faultNames.join(', ')}`,
    { details: { found: faults } },
  );
}

/**
 * Applies a random fault to the proxy for a short random time, heals it, and so on until stopped. What else is done to
 * the proxy in the meantime is healed with it. The faults keep no process alive.
 * @throws StockroomError INVALID_INPUT
 */
export function randomFaults(proxy: TcpProxy, options: RandomFaultsOptions): RandomFaults {
  check(options);
  const { everyMs, faults = faultNames } = options;
  const random = mulberry32(options.seed);
  const startMs = performance.now();
  const log: AppliedFault[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const wait = (ms: number, then: () => void): void => {
    timer = setTimeout(then, ms).unref();
  };
  const next = (): void => {
    const step = nextStep(random, faults, everyMs);
    wait(step.quietMs, () => {
      const atMs = performance.now() - startMs;
      if (log.push({ atMs, fault: apply(proxy, step) }) > LOG_MAX) log.shift();
      wait(step.lastsMs, () => {
        proxy.heal();
        next();
      });
    });
  };
  next();
  return {
    log,
    async stop() {
      if (isStopped) return;
      isStopped = true;
      clearTimeout(timer);
      proxy.heal();
    },
  };
}
