import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Role } from './contender.ts';
import { mulberry32, shuffled } from './random.ts';

/** What is timed: the n-th call of it. */
export interface Runner {
  readonly op: (n: number) => unknown;
  /** It answers at once, with no promise: the limit of everything in the process. */
  readonly synchronous?: boolean;
  /** What the n-th call has to give; undefined: whatever it gives is right. */
  readonly expected?: (n: number) => unknown;
  /** What it told of by an event instead of a rejection. */
  readonly firstError?: (() => unknown) | undefined;
  readonly close: () => Promise<void>;
}

export interface Entry {
  readonly name: string;
  readonly role: Role;
  /** Its writes do not wait for Redis. */
  readonly unacknowledged?: boolean;
  readonly open: () => Promise<Runner>;
}

export interface Times {
  readonly rounds: number;
  readonly warmUpMs: number;
  /** Of one contender in one round: the contenders take turns so long, so that what else the machine does meets all of them. */
  readonly sliceMs: number;
  readonly slices: number;
}

export interface Line {
  readonly name: string;
  readonly role: Role;
  readonly unacknowledged: boolean;
  /** Calls per second, by round. */
  readonly rates: readonly number[];
  /** Of this process, for each call: other programs on the machine disturb it less than they disturb the rates. */
  readonly cpuMicros: number | undefined;
  /** Redis commands for each call. */
  readonly commands: number | undefined;
  readonly failure: string | undefined;
}

const CHECKED_CALLS = 10;
const CLOSE_MS = 3_000;
const CALL_MS = 60_000;
/** The clock is read about so often. */
const CHUNK_MS = 2;
const DRAIN_MS = 5_000;
const DRAIN_LOOK_MS = 5;
/** Heartbeats and the question itself. */
const DRAINED_BELOW = 10;
const SEED = 1;

/** One contender in one row, from its opening to its end. What it throws is a result, not the end of the benchmark. */
class Contest {
  readonly entry: Entry;
  readonly rates: number[] = [];
  commands: number | undefined;
  failure: string | undefined;
  readonly #inFlight: number;
  readonly #commandsSoFar: () => Promise<number>;
  #runner: Runner | undefined;
  #next = 0;
  #chunk = 1;
  /** In this round. */
  #calls = 0;
  #ms = 0;
  /** In all rounds. */
  #allCalls = 0;
  #cpuMicros = 0;

  /** @param commandsSoFar how many commands Redis has run */
  constructor(entry: Entry, inFlight: number, commandsSoFar: () => Promise<number>) {
    this.entry = entry;
    this.#inFlight = inFlight;
    this.#commandsSoFar = commandsSoFar;
  }

  async warmUp(ms: number): Promise<void> {
    await this.#guard(async () => {
      this.#runner = await within(this.entry.open(), CALL_MS);
      await this.#check(this.#runner);
      // Twice: the first time the compiler is still at work.
      for (let turn = 0; turn < 2; turn++) {
        const before = await this.#commandsSoFar();
        const from = this.#next;
        const rate = await this.#run(this.#runner, ms / 2);
        this.#chunk = Math.max(1, Math.min(10_000, Math.round(((rate / 1000) * CHUNK_MS) / this.#inFlight)));
        this.commands = ((await this.#commandsSoFar()) - before) / (this.#next - from);
      }
    });
  }

  async slice(ms: number): Promise<void> {
    const runner = this.#runner;
    if (runner === undefined || this.failure !== undefined) return;
    await this.#guard(async () => {
      const from = this.#next;
      const before = process.cpuUsage();
      const rate = await this.#run(runner, ms);
      const { user, system } = process.cpuUsage(before);
      const calls = this.#next - from;
      this.#calls += calls;
      this.#ms += (calls / rate) * 1000;
      this.#allCalls += calls;
      this.#cpuMicros += user + system;
    });
  }

  endRound(): void {
    if (this.failure === undefined) this.rates.push((this.#calls / this.#ms) * 1000);
    this.#calls = 0;
    this.#ms = 0;
  }

  async close(): Promise<void> {
    // A peer that does not close in time is left alone: its server ends anyway.
    await Promise.race([this.#runner?.close().catch(() => undefined), pause(CLOSE_MS)]);
  }

  line(): Line {
    const { rates, commands, failure } = this;
    const { name, role, unacknowledged = false } = this.entry;
    const cpuMicros = this.#allCalls === 0 ? undefined : this.#cpuMicros / this.#allCalls;
    return { name, role, unacknowledged, rates, cpuMicros, commands, failure };
  }

  async #check({ op, expected }: Runner): Promise<void> {
    if (expected === undefined) return;
    for (let n = 0; n < CHECKED_CALLS; n++) {
      const found = await op(n);
      if (!isDeepStrictEqual(found, expected(n))) {
        throw new Error(`gave ${JSON.stringify(found)?.slice(0, 80)} instead of the value`);
      }
    }
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
      const told = this.#runner?.firstError?.();
      if (told !== undefined) throw told;
    } catch (error) {
      this.failure = String(error).split('\n')[0]!.slice(0, 160);
      console.error(`  ${this.entry.name} failed: ${this.failure}`);
    }
  }

  async #run(runner: Runner, ms: number): Promise<number> {
    if (runner.synchronous) return this.#synchronous(runner, ms);
    const rate = await within(this.#asynchronous(runner, ms), CALL_MS + ms);
    if (this.entry.unacknowledged) await this.#drained();
    return rate;
  }

  /** What nobody waits for must not be left to the one that is next: it is over when Redis gets no more commands. */
  async #drained(): Promise<void> {
    const until = performance.now() + DRAIN_MS;
    let before = await this.#commandsSoFar();
    while (performance.now() < until) {
      await pause(DRAIN_LOOK_MS);
      const now = await this.#commandsSoFar();
      if (now - before < DRAINED_BELOW) return;
      before = now;
    }
  }

  async #asynchronous({ op }: Runner, ms: number): Promise<number> {
    const chunk = this.#chunk;
    const from = this.#next;
    const started = performance.now();
    const until = started + ms;
    const caller = async (): Promise<void> => {
      do {
        for (let call = 0; call < chunk; call++) await op(this.#next++);
      } while (performance.now() < until);
    };
    await Promise.all(Array.from({ length: this.#inFlight }, caller));
    return ((this.#next - from) / (performance.now() - started)) * 1000;
  }

  #synchronous({ op }: Runner, ms: number): number {
    const from = this.#next;
    const started = performance.now();
    const until = started + ms;
    do {
      for (let call = 0; call < this.#chunk; call++) op(this.#next++);
    } while (performance.now() < until);
    return ((this.#next - from) / (performance.now() - started)) * 1000;
  }
}

/**
 * All contenders of a row, taking turns in random order: what one leaves behind does not always meet the same other.
 * @param commandsSoFar how many commands Redis has run
 */
export async function compete(
  entries: readonly Entry[],
  inFlight: number,
  times: Times,
  commandsSoFar: () => Promise<number>,
): Promise<Line[]> {
  const contests = entries.map((entry) => new Contest(entry, inFlight, commandsSoFar));
  const random = mulberry32(SEED);
  try {
    for (const contest of contests) await contest.warmUp(times.warmUpMs);
    for (let round = 0; round < times.rounds; round++) {
      globalThis.gc?.();
      for (let slice = 0; slice < times.slices; slice++) {
        for (const contest of shuffled(contests, random)) await contest.slice(times.sliceMs);
      }
      for (const contest of contests) contest.endRound();
    }
  } finally {
    await Promise.all(contests.map((contest) => contest.close()));
  }
  return contests.map((contest) => contest.line());
}

export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const timer = new AbortController();
  const late = pause(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${ms} ms`);
  });
  late.catch(() => undefined); // Called off.
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How many times as quick as the other, round by round, in the middle: the rounds differ more than the contenders in one. */
export function ratio(a: Line, b: Line): number | undefined {
  const rounds = Math.min(a.rates.length, b.rates.length);
  if (rounds === 0) return undefined;
  return median(Array.from({ length: rounds }, (_, round) => a.rates[round]! / b.rates[round]!));
}
