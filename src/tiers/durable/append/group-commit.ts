import { StockroomError } from '../../../core/errors.ts';
import { sqlState } from '../errors.ts';
import type { DurableTier, Session } from '../port.ts';
import { retried } from '../retried.ts';

/** The bounds of a group commit. */
export const groupCommitDefaults = Object.freeze({
  /** Items in one transaction. */
  batchMax: 256,
  /** Transactions at once, where the tier has that many connections. */
  concurrency: 2,
  /** Items that wait for a transaction; one more is refused. */
  waitingMax: 20_000,
});

export type GroupCommitSettings = { [Name in keyof typeof groupCommitDefaults]: number };

export interface GroupCommitOptions<Item, Result> {
  readonly durable: DurableTier;
  /**
   * Writes the items in the transaction of the session. Has to be idempotent: it is called again when it is not known whether the
   * transaction was committed, and with fewer items after PostgreSQL refused one.
   */
  readonly write: (session: Session, items: readonly Item[]) => Promise<Written<Result>>;
  /** What differs from `groupCommitDefaults`. */
  readonly settings?: Partial<GroupCommitSettings>;
}

export interface Written<Result> {
  /** What became of each, in the order of the items; an error is that item's alone. */
  readonly results: readonly (Result | StockroomError)[];
  /** Runs after the commit, before anybody is told. Must not reject. */
  readonly committed?: () => Promise<void>;
}

export interface GroupCommit<Item, Result> {
  /**
   * Resolves once the transaction with this item is committed.
   * @throws StockroomError UNAVAILABLE when too much waits, or after `close`: nothing was written. DATABASE_UNREACHABLE when
   *   PostgreSQL stayed away: it may or may not have been
   */
  submit(item: Item): Promise<Result>;
  /** Takes no more, and resolves when everything that was taken is settled. */
  close(): Promise<void>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Callers in flight share one transaction: while one is on its way the next batch gathers, so a single caller waits for nobody and
 * many pay for one commit together. What PostgreSQL refuses because of its data is halved until the refused item is alone.
 */
export function createGroupCommit<Item, Result>({
  durable,
  write,
  settings,
}: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  const bounds = { ...groupCommitDefaults, ...settings };
  const slots = Math.max(1, Math.min(bounds.concurrency, durable.concurrency));
  const waiting: Waiting<Item, Result>[] = [];
  const running = new Set<Promise<void>>();
  /** What is done after commits, and the answers behind it. */
  const following = new Set<Promise<void>>();
  let closed = false;

  function attempt(batch: readonly Waiting<Item, Result>[]): Promise<Written<Result>> {
    const items = batch.map(({ item }) => item);
    return retried(() => durable.transaction((session) => write(session, items)));
  }

  async function settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const { results, committed } = await attempt(batch);
      const tell = (): void => answer(batch, results);
      if (committed === undefined) tell();
      // The next transaction need not wait for what follows this one.
      else track(committed().then(tell));
    } catch (error) {
      if (batch.length === 1 || !isAboutData(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const half = batch.length >> 1;
      await settle(batch.slice(0, half));
      await settle(batch.slice(half));
    }
  }

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => following.delete(tracked));
    following.add(tracked);
  }

  function start(): void {
    while (waiting.length > 0 && running.size < slots) {
      const batch = waiting.splice(0, bounds.batchMax);
      const run = settle(batch).finally(() => {
        running.delete(run);
        start();
      });
      running.add(run);
    }
  }

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new StockroomError('UNAVAILABLE', 'The store is closed'));
        if (waiting.length >= bounds.waitingMax) {
          return reject(
            new StockroomError(
              'UNAVAILABLE',
              `${waiting.length} writes wait for PostgreSQL already; try again later`,
            ),
          );
        }
        waiting.push({ item, resolve, reject });
        // Whoever calls in the same turn of the event loop shares the transaction.
        if (waiting.length === 1) setImmediate(start);
      }),
    async close() {
      closed = true;
      while (waiting.length > 0 || running.size > 0) {
        start();
        await Promise.all(running);
      }
      await Promise.all(following);
    },
  };
}

function answer<Result>(
  batch: readonly Waiting<unknown, Result>[],
  results: readonly (Result | StockroomError)[],
): void {
  for (const [index, { resolve, reject }] of batch.entries()) {
    const result = results[index]!;
    if (result instanceof StockroomError) reject(result);
    else resolve(result);
  }
}

/** A value that its column does not take, or a constraint that it breaks: the classes 22 and 23 of SQLSTATE. */
function isAboutData(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}
