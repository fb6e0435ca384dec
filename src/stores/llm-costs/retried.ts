import { isRetryable } from '../../tiers/durable/index.ts';
import { pause } from '../../core/wait.ts';

const TRIES = 5;
const RETRY_MIN_MS = 20;

/** Runs work again that lost a connection or a race. The work has to know what of it was committed before. */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= TRIES || !isRetryable(error)) throw error;
      await pause(RETRY_MIN_MS * 2 ** tries * (0.5 + Math.random() / 2));
    }
  }
}
