import { openEmbedded } from '../../../src/tiers/durable/embedded/open-embedded.ts';
import type { DurableTier } from '../../../src/tiers/durable/index.ts';
import { openServer } from '../../../src/tiers/durable/server/open-server.ts';
import { freshDatabase } from '../../support/database.ts';

/** The tier under test, and how to get rid of it. */
export interface Opened {
  readonly tier: DurableTier;
  close(): Promise<void>;
}

export interface Subject {
  readonly kind: 'server' | 'embedded';
  open(): Promise<Opened>;
}

/** A name that has to be quoted, so that a forgotten quote shows. */
export const oddSchema = 'Stock "room"';

/** Both drivers behind the same port: one suite for the two. */
export const subjects: readonly Subject[] = [
  {
    kind: 'server',
    async open() {
      const database = await freshDatabase();
      const tier = await openServer({ url: database.url, schema: oddSchema, poolMax: 4 });
      await tier.query(`CREATE SCHEMA "Stock ""room"""`);
      return {
        tier,
        close: async () => {
          await tier.close();
          await database.drop();
        },
      };
    },
  },
  {
    kind: 'embedded',
    async open() {
      const tier = await openEmbedded({ memory: true, schema: oddSchema });
      await tier.query(`CREATE SCHEMA "Stock ""room"""`);
      return { tier, close: () => tier.close() };
    },
  },
];

/** Something to wait for that another part of the test gives. */
export function signal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

/** What a promise is rejected with; fails when it is not. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => {
      throw new Error('expected an error, and there was none');
    },
    (error: unknown) => error,
  );
}
