import {
  BaseStore,
  type GetOperation,
  type Item,
  type ListNamespacesOperation,
  type Operation,
  type OperationResults,
  type SearchItem,
  type SearchOperation,
} from '@langchain/langgraph-checkpoint';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { StockroomError } from '../../../core/errors.ts';
import { pause } from '../../../core/wait.ts';
import { type DurableTier, type Session, sqlState } from '../../../tiers/durable/index.ts';
import { checkNamespace, refused } from './namespaces.ts';
import {
  checkGet,
  checkList,
  checkSearch,
  listNamespaces,
  readItem,
  searchItems,
  type VersionedItem,
} from './reads.ts';
import { type VersionedPut, write, writesOf } from './writes.ts';

export interface LangGraphStoreOptions {
  /** With an up-to-date schema. It stays open: it belongs to whoever opened it. */
  readonly durable: DurableTier;
  readonly clock?: Clock;
}

const BATCH_MAX = 10_000;
/** Of a batch that reads and writes, when what it writes changed since it read. */
const TRIES_MAX = 20;
const RETRY_MAX_MS = 100;
/** Serialization failure, deadlock: nothing was done. A lost connection is another matter. */
const undone: ReadonlySet<string | undefined> = new Set(['40001', '40P01']);

/** Opens nothing. See README.md for what it promises beyond `BaseStore`. */
export function createLangGraphStore(options: LangGraphStoreOptions): LangGraphStore {
  return new LangGraphStore(options);
}

/** Long-term memory of LangGraph.js in PostgreSQL, table `agent_store_items`. */
export class LangGraphStore extends BaseStore {
  readonly #durable: DurableTier;
  readonly #clock: Clock;

  constructor({ durable, clock = systemClock }: LangGraphStoreOptions) {
    super();
    this.#durable = durable;
    this.#clock = clock;
  }

  /**
   * All or nothing. Gets, searches and lists see the store as it was before the batch, all in the same state; of several puts of an item the
   * last one counts.
   *
   * @throws InvalidNamespaceError; StockroomError INVALID_INPUT before anything is written; CONFLICT when an item does not have the
   *   `expectedVersion` of its put; the error of PostgreSQL
   */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    if (operations.length > BATCH_MAX) {
      throw refused('operations', `at most ${BATCH_MAX} operations`, String(operations.length));
    }
    const steps = operations.map(stepOf);
    const writes = writesOf(operations.filter(isPut));
    const reads = steps.filter((step) => step !== undefined).length;
    const work = async (session: Session): Promise<unknown[]> => {
      if (reads > 0 && reads + writes.length > 1) {
        await session.query('set transaction isolation level repeatable read');
      }
      const results: unknown[] = [];
      for (const step of steps) results.push(await step?.(session));
      await write(session, writes, this.#clock());
      return results;
    };
    const results = reads + writes.length > 1 ? this.#transact(work) : work(this.#durable);
    return (await results) as OperationResults<Op>;
  }

  override async get(namespace: string[], key: string): Promise<Item | null> {
    const [item] = await this.batch<[GetOperation]>([{ namespace, key }]);
    return item;
  }

  /** Without embeddings, as the store in memory: `query` ranks nothing, and no item has a score. */
  override async search(
    namespacePrefix: string[],
    options: Omit<SearchOperation, 'namespacePrefix'> = {},
  ): Promise<SearchItem[]> {
    const [items] = await this.batch<[SearchOperation]>([{ namespacePrefix, ...options }]);
    return items;
  }

  /** @param _index without meaning here: there are no embeddings */
  override async put(
    namespace: string[],
    key: string,
    value: Record<string, unknown>,
    _index?: false | string[],
  ): Promise<void> {
    await this.putVersioned(namespace, key, value);
  }

  override async delete(namespace: string[], key: string): Promise<void> {
    await this.batch([{ namespace, key, value: null }]);
  }

  override async listNamespaces(
    options: {
      prefix?: string[];
      suffix?: string[];
      maxDepth?: number;
      limit?: number;
      offset?: number;
    } = {},
  ): Promise<string[][]> {
    const { prefix, suffix, maxDepth, limit = 100, offset = 0 } = options;
    const operation: ListNamespacesOperation = {
      matchConditions: [
        ...(prefix === undefined ? [] : [{ matchType: 'prefix' as const, path: prefix }]),
        ...(suffix === undefined ? [] : [{ matchType: 'suffix' as const, path: suffix }]),
      ],
      ...(maxDepth === undefined ? {} : { maxDepth }),
      limit,
      offset,
    };
    const [namespaces] = await this.batch<[ListNamespacesOperation]>([operation]);
    return namespaces;
  }

  /** An item with its version: for `putVersioned` and `deleteVersioned`. */
  getVersioned(namespace: string[], key: string): Promise<VersionedItem | null> {
    const operation = { namespace, key };
    checkGet(operation);
    return readItem(this.#durable, operation);
  }

  /**
   * @param options.expectedVersion the item has this version still; null: there is no such item. Absent: whatever is there
   * @returns the version that it has now
   * @throws StockroomError CONFLICT when it has another one; what `batch` throws
   */
  async putVersioned(
    namespace: string[],
    key: string,
    value: Record<string, unknown>,
    options: { readonly expectedVersion?: bigint | null } = {},
  ): Promise<bigint> {
    checkNamespace(namespace);
    const [version] = await this.#writeOne({ namespace, key, value, ...options });
    return version!;
  }

  /** @throws StockroomError CONFLICT when it has another version, or is not there; what `batch` throws */
  async deleteVersioned(namespace: string[], key: string, expectedVersion: bigint): Promise<void> {
    await this.#writeOne({ namespace, key, value: null, expectedVersion });
  }

  #writeOne(operation: VersionedPut): Promise<(bigint | undefined)[]> {
    return write(this.#durable, writesOf([operation]), this.#clock());
  }

  async #transact<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#durable.transaction(work);
      } catch (error) {
        if (!undone.has(sqlState(error))) throw error;
        if (tries >= TRIES_MAX) {
          throw new StockroomError(
            'UNAVAILABLE',
            `The batch met changes of others ${tries} times; try again`,
            {
              cause: error,
            },
          );
        }
        await pause(Math.random() * Math.min(RETRY_MAX_MS, 2 ** tries));
      }
    }
  }
}

function isPut(operation: Operation): operation is VersionedPut {
  return 'value' in operation;
}

/** What an operation reads, checked; undefined: it writes. */
function stepOf(operation: Operation): ((session: Session) => Promise<unknown>) | undefined {
  if (isPut(operation)) return undefined;
  if ('namespacePrefix' in operation) {
    checkSearch(operation);
    return (session) => searchItems(session, operation);
  }
  if ('key' in operation) {
    checkGet(operation);
    return async (session) => (await readItem(session, operation))?.item ?? null;
  }
  checkList(operation);
  return (session) => listNamespaces(session, operation);
}
