import { pause } from '../../core/wait.ts';
import { isRetryable } from './errors.ts';

const TRIES = 5;
const RETRY_MIN_MS = 10;
const RETRY_MAX_MS = 500;

/**
 * Does the work again when it failed in passing: a lost connection, a deadlock. It has to be idempotent: whether a transaction whose
 * connection broke was committed, nobody knows.
 * @param again whether an error is worth another try
 */
export async function retried<T>(
  work: () => Promise<T>,
  { tries = TRIES, again = isRetryable }: { tries?: number; again?: (error: unknown) => boolean } = {},
): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await work();
    } catch (error) {
      if (count >= tries || !again(error)) throw error;
      await pause(Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** count) * (0.5 + Math.random() / 2));
    }
  }
}
