import { StockroomError } from '../../core/errors.ts';
import { pause } from '../../core/wait.ts';
import { tryLock, unlock } from '../run.ts';
import { Ground } from './ground.ts';
import { Mover, type MoveOptions, type MoveReport } from './mover.ts';
import { settle } from './settle.ts';

/** How long a second mover waits for the first. */
const LOCK_PATIENCE_MS = 5000;
const LOCK_RETRY_MS = 100;

/**
 * Takes a store to another stage. Everything that a stage asks for is looked at first; a gate that is closed leaves all as
 * it is. What another mover left behind when it died is settled before.
 *
 * @throws StockroomError GATE_CLOSED, CONFLICT, SOURCE_UNKNOWN, NO_RUN, SOURCE_LOCKED, SOURCE_NOT_WRITABLE
 */
export async function setStage(options: MoveOptions): Promise<MoveReport> {
  if (options.ramp !== undefined && options.to !== 'live') {
    throw new StockroomError(
      'INVALID_INPUT',
      `ramp: expected only with the stage live, found ${options.to}`,
      {
        details: { field: 'ramp' },
      },
    );
  }
  const ground = await Ground.find(options);
  return asOnlyMover(ground, async () => {
    await settle(ground);
    return new Mover(ground, options).run();
  });
}

/** Runs `work` as the only mover of a store. @throws StockroomError CONFLICT when another process moves it */
export async function asOnlyMover<T>(
  { tier, store }: Ground,
  work: () => Promise<T>,
  patienceMs = LOCK_PATIENCE_MS,
): Promise<T> {
  // The embedded database has one owner, and one session.
  if (tier.kind === 'embedded') return work();
  return tier.session(async (session) => {
    const key = `stockroom move ${tier.schema} ${store}`;
    const deadline = performance.now() + patienceMs;
    while (!(await tryLock(session, key))) {
      if (performance.now() > deadline)
        throw new StockroomError('CONFLICT', `another process moves ${store}: wait for it to end`);
      await pause(LOCK_RETRY_MS);
    }
    try {
      return await work();
    } finally {
      // A connection that is lost has lost its locks.
      await unlock(session, key).catch(() => undefined);
    }
  });
}
