/** Keys of one query. */
const BATCH_MAX = 500;

interface Waiting<V> {
  readonly key: string;
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one query of look-ups that are asked for together: after a write of many scores each key of Redis is built, and a query a key
 * would be thousands. What is asked for is read after it was asked for.
 */
export function createLoader<V>(
  load: (keys: string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  let waiting: Waiting<V>[] = [];

  async function flush(): Promise<void> {
    const asked = waiting;
    waiting = [];
    for (let from = 0; from < asked.length; from += BATCH_MAX) {
      const batch = asked.slice(from, from + BATCH_MAX);
      try {
        const found = await load([...new Set(batch.map(({ key }) => key))]);
        for (const { key, resolve } of batch) resolve(found.get(key));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      // Answers of Redis to one pipeline arrive in one turn of the loop: all that follow from them are asked for in it.
      if (waiting.length === 0) setImmediate(() => void flush());
      waiting.push({ key, resolve, reject });
    });
}
