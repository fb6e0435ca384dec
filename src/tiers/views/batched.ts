import type { Source } from './view.ts';

type Load<T> = (source: Source, ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;

/** What is asked for in the same turn of the event loop is asked of PostgreSQL together. */
export function batched<T>(load: Load<T>): (source: Source, id: string) => Promise<T | undefined> {
  const gathering = new Map<Source, { ids: Set<string>; loaded: Promise<ReadonlyMap<string, T>> }>();
  return async (source, id) => {
    let batch = gathering.get(source);
    if (batch === undefined) {
      const ids = new Set<string>();
      const loaded = new Promise<void>((resolve) => {
        setImmediate(resolve);
      }).then(() => {
        gathering.delete(source);
        return load(source, [...ids]);
      });
      batch = { ids, loaded };
      gathering.set(source, batch);
    }
    batch.ids.add(id);
    return (await batch.loaded).get(id);
  };
}
