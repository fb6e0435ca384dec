import { messageOf } from '../core/errors.ts';
import type { Io } from './io.ts';
import { plain } from './render/text.ts';

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof signalNumbers;

/**
 * npm hands a Ctrl-C on to a child that the terminal sent it to as well: two signals within this time are one wish.
 */
const SAME_WISH_MS = 200;
/** Closing that takes longer is announced. */
const SILENCE_MS = 500;

/** The command was asked to end before it was done. Shells expect 128 and the number of the signal as exit code. */
export class Interrupted extends Error {
  readonly signal: Signal;
  readonly exitCode: number;

  constructor(signal: Signal, message: string) {
    super(message);
    this.name = 'Interrupted';
    this.signal = signal;
    this.exitCode = 128 + signalNumbers[signal];
  }
}

/**
 * What a command holds open, and how long it may run: until it is done, until something is thrown outside of any promise,
 * or until the first SIGINT or SIGTERM. What it holds is closed in each case, newest first. A second signal ends the
 * process at once.
 */
export class Lifetime {
  /** What a person should know when the command is interrupted: what became of its work. */
  interruptedNote = 'interrupted';
  readonly #io: Io;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #listeners: [event: string, listener: (value: unknown) => void][] = [];
  #end: (reason: unknown) => void = () => undefined;
  #firstSignalMs: number | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Runs a command. @throws Interrupted at the first signal, and whatever the command throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const ended = new Promise<never>((_, reject) => {
      this.#end = reject;
    });
    for (const signal of Object.keys(signalNumbers) as Signal[])
      this.#listen(signal, () => this.#onSignal(signal));
    this.#listen('uncaughtException', (error) => this.#end(error));
    try {
      const result = await Promise.race([work(), ended]);
      const [failure, ...more] = await this.#close();
      for (const { error } of more) this.#say(`while closing: ${messageOf(error)}`);
      if (failure !== undefined) throw failure.error;
      return result;
    } catch (error) {
      // What ended the command is its outcome; what goes wrong on the way out is said beside it.
      for (const failure of await this.#close()) this.#say(`while closing: ${messageOf(failure.error)}`);
      throw error;
    } finally {
      this.deafen();
    }
  }

  /** Closes `close` at the end of the command. @returns the way to close it earlier */
  holding(close: () => Promise<void>): () => Promise<void> {
    let closing: Promise<void> | undefined;
    const once = (): Promise<void> => (closing ??= close());
    this.#closers.push(once);
    return once;
  }

  /** Leaves signals to the operating system from here on. */
  deafen(): void {
    for (const [event, listener] of this.#listeners.splice(0)) this.#io.events.off(event, listener);
  }

  #listen(event: string, listener: (value: unknown) => void): void {
    this.#listeners.push([event, listener]);
    this.#io.events.on(event, listener);
  }

  #onSignal(signal: Signal): void {
    const now = performance.now();
    if (this.#firstSignalMs === undefined) {
      this.#firstSignalMs = now;
      this.#end(new Interrupted(signal, this.interruptedNote));
    } else if (now - this.#firstSignalMs > SAME_WISH_MS) {
      this.#io.exit(128 + signalNumbers[signal]);
    }
  }

  /** Closes all that is held, also after a failure. @returns what failed */
  async #close(): Promise<{ error: unknown }[]> {
    const failures: { error: unknown }[] = [];
    const patience = setTimeout(() => {
      if (this.#firstSignalMs !== undefined) this.#say('stopping; a second signal ends at once');
    }, SILENCE_MS);
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push({ error });
      }
    }
    clearTimeout(patience);
    return failures;
  }

  #say(text: string): void {
    this.#io.stderr.write(`stockroom: ${plain(text)}\n`);
  }
}
