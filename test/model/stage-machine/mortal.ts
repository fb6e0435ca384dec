import { codeOf } from '../../../src/core/errors.ts';
import { Ground } from '../../../src/migration/stages/ground.ts';
import { asOnlyMover } from '../../../src/migration/stages/move.ts';
import { Mover, type MoveOptions } from '../../../src/migration/stages/mover.ts';
import type { OldSide } from '../../../src/migration/stages/old-side.ts';
import { settle } from '../../../src/migration/stages/settle.ts';
import { durableWith } from '../../support/durable.ts';

/** What befalls a mover, and after how many of its transactions. */
export interface Fate {
  /** `dies`: it does nothing any more; `answer lost`: PostgreSQL committed, and it learns of an error. */
  readonly what: 'dies' | 'answer lost';
  /** Counted: those that move a control row at the old side, or all that write. */
  readonly counted: 'old side' | 'all';
  readonly after: number;
}

class Killed extends Error {}

/** The code of what an interrupted connection gives. */
const LOST = 'ECONNRESET';

/** The real mover on the real databases, up to a transaction that is its last one. @returns whether it came to its end */
export async function moveUntil(options: MoveOptions, fate: Fate): Promise<boolean> {
  let left = fate.after;
  let dead = false;
  const breathe = (): void => {
    if (dead) throw new Killed();
  };
  const count = (isOld: boolean): void => {
    if (fate.counted === 'old side' && !isOld) return;
    if (left-- !== 0) return;
    if (fate.what === 'dies') {
      dead = true;
      throw new Killed();
    }
    if (isOld) left = 0;
    else throw Object.assign(new Error('the connection was lost'), { code: LOST });
  };
  const { tier } = options;
  const mortal = durableWith(tier, {
    transaction: async (work) => {
      breathe();
      const result = await tier.transaction(work);
      count(false);
      return result;
    },
    query: async (sql, params) => {
      breathe();
      const result = await tier.query(sql, params);
      if (/^\s*(INSERT|UPDATE|DELETE)/.test(sql)) count(false);
      return result as never;
    },
    session: async (work) => {
      breathe();
      return tier.session(work);
    },
  });
  try {
    const ground = await Ground.find({ ...options, tier: mortal });
    Object.defineProperty(ground, 'side', { value: fileByFile(ground.side, breathe, () => count(true)) });
    await asOnlyMover(ground, async () => {
      await settle(ground);
      await new Mover(ground, { ...options, tier: mortal }).run();
    });
    return true;
  } catch (error) {
    if (error instanceof Killed || codeOf(error) === LOST) return false;
    if (
      fate.what === 'answer lost' &&
      /^(CONFLICT|GATE_CLOSED|UNAVAILABLE|DATABASE_UNREACHABLE)$/.test(codeOf(error))
    )
      return false;
    throw error;
  }
}

/** The same side, each of its files moved in a call of its own. */
function fileByFile(side: OldSide, before: () => void, after: () => void): OldSide {
  const each = (work: (one: OldSide) => void): void => {
    for (const file of side.databases) {
      before();
      work(Object.create(side, { databases: { value: [file] } }) as OldSide);
      after();
    }
  };
  return Object.create(side, {
    set: { value: (...change: Parameters<OldSide['set']>) => each((one) => one.set(...change)) },
    install: { value: (epoch: bigint) => each((one) => one.install(epoch)) },
  }) as OldSide;
}
