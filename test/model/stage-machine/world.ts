import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { FENCE_TABLE } from '../../../src/legacy/sqlite/change-log.ts';
import { codeOf } from '../../../src/core/errors.ts';
import { runMigration } from '../../../src/migration/index.ts';
import { Ground } from '../../../src/migration/stages/ground.ts';
import { Replayer, Superseded } from '../../../src/migration/stages/replay.ts';
import type { Stage } from '../../../src/migration/stages/stage.ts';
import type { DurableTier } from '../../../src/tiers/durable/index.ts';
import { durableWith, freshTier, type TestTier, type tierKinds } from '../../support/durable.ts';
import { OldDirectory } from '../../support/old-directory.ts';
import { definition, KINDS, type Rows, sqlOf, type Step, type TableKind } from './rows.ts';

type State = 'open' | 'fenced' | 'given';

/** The control rows of a store, read without the code that is tested. */
export interface Control {
  readonly here: { stage: Stage; state: State; epoch: bigint; ramp: number } | null;
  /** By file. */
  readonly there: ReadonlyMap<string, { state: State; epoch: bigint } | null>;
}

/** Where a replayer stops: after it has read, before it gives keys, before and after it strikes off. */
export const PLACES = ['session', 'transaction', 'query', 'struck'] as const;
export type Place = (typeof PLACES)[number];

/** A replayer that sleeps in the middle of a batch. */
interface Sleeper {
  readonly store: string;
  readonly wake: () => void;
  readonly ended: Promise<'done' | 'superseded'>;
}

class RolledBack extends Error {}

/** Both sides as they are: a PostgreSQL, an old directory, and whoever works on them. */
export class World {
  readonly tier: DurableTier;
  readonly old: OldDirectory;
  sleeper: Sleeper | null = null;
  private readonly test: TestTier;

  private constructor(test: TestTier, old: OldDirectory) {
    this.test = test;
    this.tier = test.durable;
    this.old = old;
  }

  static async make(kind: (typeof tierKinds)[number], rows: ReadonlyMap<TableKind, Rows>): Promise<World> {
    const old = new OldDirectory();
    const test = await freshTier(kind);
    const world = new World(test, old);
    for (const table of KINDS) {
      old.table(table.file, table.name, [], definition(table));
      const steps = [...(rows.get(table) ?? [])].map(([name, value]): Step => ['insert', name, value]);
      if (!world.writeOld(table, steps).taken) throw new Error(`${table.name} takes no first rows`);
    }
    await runMigration({ tier: test.durable, directory: old.path });
    return world;
  }

  async remove(): Promise<void> {
    await this.wake();
    this.old.remove();
    await this.test.remove();
  }

  inOld<T>(file: string, work: (db: Sqlite.Database) => T): T {
    const db = new Sqlite(join(this.old.path, file));
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  /** Writes as the old application does, in one transaction. */
  writeOld(table: TableKind, steps: readonly Step[], keep = true): { taken: boolean; changes: number } {
    return this.inOld(table.file, (db) => {
      let changes = 0;
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const step of steps) {
          const over = step[0] === 'replace' ? step[3] : null;
          const id = db
            .prepare<[string | null], number>(`SELECT id FROM ${table.name} WHERE ${table.key} = ?`)
            .pluck()
            .get(over);
          for (const sql of sqlOf(table, step, 'old', id === undefined ? null : String(id)))
            changes += db.prepare(sql).run().changes;
        }
        db.exec(keep ? 'COMMIT' : 'ROLLBACK');
        return { taken: true, changes };
      } catch (error) {
        if (db.inTransaction) db.exec('ROLLBACK');
        if (codeOf(error) !== 'SQLITE_CONSTRAINT_TRIGGER') throw error;
        return { taken: false, changes: 0 };
      }
    });
  }

  /** Writes as an application on PostgreSQL does, in one transaction. */
  async writeNew(
    table: TableKind,
    steps: readonly Step[],
    keep = true,
  ): Promise<{ taken: boolean; changes: number }> {
    let changes = 0;
    try {
      await this.tier.transaction(async (session) => {
        for (const step of steps) {
          const over = step[0] === 'replace' ? step[3] : null;
          const { rows } = await session.query<{ id: bigint }>(
            `SELECT id FROM ${table.name} WHERE ${table.key} = $1`,
            [over],
          );
          const id = rows[0] === undefined ? null : String(rows[0].id);
          for (const sql of sqlOf(table, step, 'new', id)) changes += (await session.query(sql)).count;
        }
        if (!keep) throw new RolledBack();
      });
      return { taken: true, changes };
    } catch (error) {
      if (error instanceof RolledBack) return { taken: true, changes };
      if (codeOf(error) !== 'NOT_AUTHORITY') throw error;
      return { taken: false, changes: 0 };
    }
  }

  oldRows(table: TableKind): string[] {
    const sql = `SELECT ${table.key} || ' ' || ${table.value} FROM ${table.name}`;
    return this.inOld(table.file, (db) => db.prepare<[], string>(sql).pluck().all()).sort();
  }

  async newRows(table: TableKind): Promise<string[]> {
    const sql = `SELECT concat_ws(' ', ${table.key}, ${table.value}::text) AS row FROM ${table.name}`;
    return (await this.tier.query<{ row: string }>(sql)).rows.map(({ row }) => row).sort();
  }

  async control(store: string): Promise<Control> {
    const { rows } = await this.tier.query<NonNullable<Control['here']>>(
      'SELECT stage, state, epoch, ramp FROM migration_stages WHERE store = $1',
      [store],
    );
    const files = [...new Set(KINDS.filter((kind) => kind.store === store).map(({ file }) => file))];
    return { here: rows[0] ?? null, there: new Map(files.map((file) => [file, this.fence(file, store)])) };
  }

  private fence(file: string, store: string): { state: State; epoch: bigint } | null {
    return this.inOld(file, (db) => {
      const has = db.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(FENCE_TABLE);
      if (has === undefined) return null;
      const row = db
        .prepare<[string], { state: State; epoch: bigint }>(
          `SELECT state, epoch FROM ${FENCE_TABLE} WHERE store = ?`,
        )
        .safeIntegers()
        .get(store);
      return row ?? null;
    });
  }

  /** Whether the triggers that refuse writes are on a table. */
  hasFence(table: TableKind): boolean {
    const sql = `SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? AND name LIKE '\\_stockroomfence\\_%' ESCAPE '\\'`;
    return this.inOld(table.file, (db) => db.prepare<[string], number>(sql).pluck().get(table.name)) === 3;
  }

  /** Drops a table and makes it again, with its rows or without. */
  remake(table: TableKind, withRows: boolean): void {
    this.inOld(table.file, (db) => {
      db.exec(`BEGIN IMMEDIATE; CREATE TEMP TABLE kept AS SELECT * FROM ${table.name}; DROP TABLE ${table.name};
        ${definition(table)};
        ${withRows ? `INSERT INTO ${table.name} SELECT * FROM kept;` : ''} COMMIT`);
    });
  }

  async owed(store: string): Promise<number> {
    const { rows } = await this.tier.query<{ waiting: bigint }>(
      'SELECT count(*) AS waiting FROM migration_outbox WHERE store = $1',
      [store],
    );
    return Number(rows[0]!.waiting);
  }

  async replayer(store: string, tier = this.tier): Promise<Replayer> {
    const { side, prefix, sources, timezones } = await Ground.find({ tier: this.tier, store });
    return new Replayer({ tier, side, prefix, sources, timezones });
  }

  /** One batch; false: it may not be replayed here. */
  async replay(store: string): Promise<boolean> {
    try {
      await (await this.replayer(store)).batch();
      return true;
    } catch (error) {
      if (error instanceof Superseded) return false;
      throw error;
    }
  }

  /** Begins a batch that stops at a place. */
  async sleep(store: string, where: Place): Promise<void> {
    let wake = (): void => undefined;
    let asleep = (): void => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const reached = new Promise<void>((resolve) => (asleep = resolve));
    const rest = async (): Promise<void> => {
      asleep();
      await woken;
    };
    const { tier } = this;
    const slow = durableWith(tier, {
      session: async (work) => {
        const result = await tier.session(work);
        if (where === 'session') await rest();
        return result;
      },
      transaction: async (work) => {
        if (where === 'transaction') await rest();
        return tier.transaction(work);
      },
      query: async (sql, params) => {
        if (where === 'query' && sql.startsWith('DELETE')) await rest();
        const result = await tier.query(sql, params);
        if (where === 'struck' && sql.startsWith('DELETE')) await rest();
        return result as never;
      },
    });
    const replayer = await this.replayer(store, slow);
    const ended = replayer.batch().then(
      () => 'done' as const,
      (error: unknown) => {
        if (error instanceof Superseded) return 'superseded' as const;
        throw error;
      },
    );
    // Where it never comes to that place it ends by itself.
    await Promise.race([reached, ended]);
    this.sleeper = { store, wake, ended };
  }

  async wake(): Promise<void> {
    const { sleeper } = this;
    this.sleeper = null;
    sleeper?.wake();
    await sleeper?.ended;
  }
}
