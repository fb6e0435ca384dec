import { type Options, SingleBar } from 'cli-progress';
import { migrationProgress } from '../core/diagnostics.ts';
import type { Context } from './context.ts';
import type { Io, Output } from './io.ts';
import { count, plain } from './render/text.ts';

/** How far something is. */
export interface Step {
  /** What is counted: a source, a file. */
  readonly name: string;
  /** What is done with it: `copy`, `verify`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number | undefined;
  /** What shares its lines in a log; absent: the name has lines of its own. */
  readonly group?: string;
}

export interface Progress {
  show(step: Step): void;
  /** Clears what a later line would not replace. */
  stop(): void;
}

/** A log that somebody keeps should hold how the work went on, not every moment of it. */
const LINE_PAUSE_MS = 1_000;
const NAME_WIDTH = 26;
const PHASE_WIDTH = 8;

const labelOf = ({ phase, name }: Step): string =>
  `${phase.padEnd(PHASE_WIDTH)}${plain(name).padEnd(NAME_WIDTH)}`;

const barOptions = (stream: Output): Options => ({
  stream: stream as NodeJS.WritableStream,
  format: '{label} {bar} {value}/{total}',
  formatValue: (value) => count(value),
  barsize: 24,
  barCompleteChar: '█',
  barIncompleteChar: '░',
  clearOnComplete: true,
  emptyOnZero: true,
  // A terminal whose wrapping was switched off would stay so after a kill; long lines are cut instead.
  linewrap: true,
});

/** One bar after the other: each source has one while it is copied, and one while it is verified. */
class Bars implements Progress {
  readonly #stream: Output;
  #bar: SingleBar | undefined;
  #key = '';

  constructor(stream: Output) {
    this.#stream = stream;
  }

  show(step: Step): void {
    const label = labelOf(step);
    const key = `${label} ${step.total === undefined}`;
    if (key !== this.#key) this.#begin(key, step, label);
    // An estimate may be less than what is found.
    if (step.total !== undefined) this.#bar?.setTotal(Math.max(step.total, step.done));
    this.#bar?.update(step.done);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#key = '';
  }

  #begin(key: string, step: Step, label: string): void {
    this.stop();
    const options = barOptions(this.#stream);
    this.#bar = new SingleBar(step.total === undefined ? { ...options, format: '{label} {value}' } : options);
    this.#bar.start(step.total ?? 0, 0, { label });
    this.#key = key;
  }
}

/** Lines for a log or a pipe. */
class Lines implements Progress {
  readonly #stream: Output;
  readonly #now: () => number;
  readonly #lastMs = new Map<string, number>();

  constructor(stream: Output, now: () => number) {
    this.#stream = stream;
    this.#now = now;
  }

  show(step: Step): void {
    const now = this.#now();
    const group = step.group ?? step.name;
    const last = this.#lastMs.get(group);
    if (last !== undefined && now - last < LINE_PAUSE_MS) return;
    this.#lastMs.set(group, now);
    const total = step.total === undefined ? '' : ` of ${count(Math.max(step.total, step.done))}`;
    this.#stream.write(`${labelOf(step)} ${count(step.done)}${total}\n`);
  }

  stop(): void {
    this.#lastMs.clear();
  }
}

/** Progress on stderr: bars on a terminal, else lines. `now` is in milliseconds. */
export function createProgress(io: Io, now: () => number = () => performance.now()): Progress {
  return io.stderr.isTTY === true ? new Bars(io.stderr) : new Lines(io.stderr, now);
}

/** Shows what a migration tells of its progress while `work` runs. */
export async function withMigrationProgress<T>(
  { io, lifetime }: Context,
  work: () => Promise<T>,
): Promise<T> {
  const progress = createProgress(io);
  const silence = migrationProgress.subscribe(({ source, ...rest }) =>
    progress.show({ name: source, ...rest }),
  );
  const stop = lifetime.holding(async () => {
    silence();
    progress.stop();
  });
  try {
    return await work();
  } finally {
    await stop();
  }
}

/** How far the writing of a sample is. */
export const sampleStep = ({ file, rows }: { file: string; rows: number }): Step => ({
  name: file,
  phase: 'write',
  done: rows,
  total: undefined,
  group: 'sample',
});

/** Shows the steps that `work` tells while it runs. */
export async function withProgress<T>(
  { io, lifetime }: Context,
  work: (show: (step: Step) => void) => Promise<T>,
): Promise<T> {
  const progress = createProgress(io);
  const stop = lifetime.holding(async () => progress.stop());
  try {
    return await work((step) => progress.show(step));
  } finally {
    await stop();
  }
}
