import { pause } from '../../core/wait.ts';
import { StockroomError } from '../../core/errors.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { awaitInFlight } from '../load.ts';
import { runLockKey, tryLock, unlock } from '../run.ts';

/** How long a second follower waits: long enough for a killed one's connections to end. */
const PATIENCE_MS = 5000;
const RETRY_MS = 100;
/** What a run that waits for its turn gets between two rounds: it asks every 100 ms. */
const TURN_MS = 120;
/** How long rounds may follow one another before a run that waits gets its turn. */
const ROUNDS_MS = 5000;

/** The right to follow a directory, for as long as it is held. */
export interface FollowLock {
  /** Runs work that writes the books, while no run does. `onWait` is called when one has to be waited for. */
  exclusively<T>(work: () => Promise<T>, onWait: () => void, signal: AbortSignal | undefined): Promise<T>;
}

/** The embedded database has one owner; within its process these are followed. */
const followed = new WeakMap<DurableTier, Set<string>>();

/**
 * Runs `work` as the only follower of a directory in a database.
 *
 * @throws StockroomError RUN_IN_PROGRESS when another process follows it
 */
export async function asOnlyFollower<T>(
  tier: DurableTier,
  directory: string,
  work: (lock: FollowLock) => Promise<T>,
): Promise<T> {
  if (tier.kind === 'embedded') return alone(tier, directory, work);
  return tier.session(async (session) => {
    const key = `stockroom follow ${tier.schema} ${directory}`;
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await tryLock(session, key))) {
      if (performance.now() > deadline) throw taken(tier, directory);
      await pause(RETRY_MS);
    }
    try {
      return await work(new SessionLock(tier, session));
    } finally {
      // A connection that is lost has lost its locks.
      await unlock(session, key).catch(() => undefined);
    }
  });
}

async function alone<T>(
  tier: DurableTier,
  directory: string,
  work: (lock: FollowLock) => Promise<T>,
): Promise<T> {
  const own = followed.get(tier) ?? new Set();
  followed.set(tier, own);
  if (own.has(directory)) throw taken(tier, directory);
  own.add(directory);
  try {
    return await work({ exclusively: (each) => each() });
  } finally {
    own.delete(directory);
  }
}

function taken(tier: DurableTier, directory: string): StockroomError {
  return new StockroomError(
    'RUN_IN_PROGRESS',
    `another process follows ${directory} into ${tier.location}: stop that one first`,
    { details: { directory } },
  );
}

class SessionLock implements FollowLock {
  private readonly tier: DurableTier;
  private readonly session: Session;
  private readonly key: string;
  private isFirst = true;
  private sinceMs = performance.now();

  constructor(tier: DurableTier, session: Session) {
    this.tier = tier;
    this.session = session;
    this.key = runLockKey(tier);
  }

  async exclusively<T>(
    work: () => Promise<T>,
    onWait: () => void,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (performance.now() - this.sinceMs > ROUNDS_MS) {
      await pause(TURN_MS, signal);
      this.sinceMs = performance.now();
    }
    while (!(await tryLock(this.session, this.key))) {
      onWait();
      await pause(RETRY_MS, signal);
      signal?.throwIfAborted();
    }
    try {
      // What a killed process left in flight is over once this is.
      if (this.isFirst) await awaitInFlight(this.tier);
      this.isFirst = false;
      return await work();
    } finally {
      await unlock(this.session, this.key).catch(() => undefined);
    }
  }
}
