/**
 * Works on every item, on so many at once. None is begun after one has failed.
 * @throws what the first one threw, when those under way have ended
 */
export async function atOnce<T>(
  most: number,
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    try {
      while (failures.length === 0) {
        const next = await waiting.next();
        if (next.done === true) return;
        await work(next.value);
      }
    } catch (reason) {
      failures.push(reason);
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
  await waiting.return?.();
  if (failures.length > 0) throw failures[0];
}
