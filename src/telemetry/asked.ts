import { within } from '../core/wait.ts';

export interface AskedOptions {
  /** Between two questions at the least, from the answer of the one to the other. */
  readonly everyMs: number;
  /** A question that takes longer is given up. */
  readonly deadlineMs: number;
}

/**
 * A question that many may ask and that is asked seldom: whoever comes meanwhile gets the last answer, and shares the question that is
 * under way. One that was given up goes on alone, and no other is asked before it has ended: so a server that hangs has one
 * question of ours at the most.
 *
 * @param failed told once for each time that it begins to fail
 * @returns the way to ask, which never rejects; undefined: it failed, or took too long
 */
export function askedSeldom<T extends object>(
  ask: () => Promise<T>,
  { everyMs, deadlineMs }: AskedOptions,
  failed: (error: unknown) => void,
): () => Promise<T | undefined> {
  let last: T | undefined;
  let lastAt = -Infinity;
  let failing = false;
  let asking: Promise<void> | undefined;
  const note = (answer: T | undefined, error?: unknown): void => {
    last = answer;
    lastAt = performance.now();
    if (answer === undefined && !failing) failed(error);
    failing = answer === undefined;
  };
  return async () => {
    if (asking === undefined && performance.now() - lastAt >= everyMs) {
      asking = ask()
        .then(note, (error: unknown) => note(undefined, error))
        .finally(() => {
          asking = undefined;
        });
    }
    const late =
      asking !== undefined &&
      (await within(
        asking.then(() => true),
        deadlineMs,
      )) !== true;
    if (late && !failing) note(undefined, new Error(`no answer within ${deadlineMs} ms`));
    return late ? undefined : last;
  };
}
