import Sqlite from 'better-sqlite3';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type FenceRow, readFence } from '../../src/capture/index.ts';
import { codeOf, messageOf } from '../../src/core/errors.ts';
import { within } from '../../src/core/wait.ts';
import { installCaptureIn } from '../../src/migration/capture.ts';
import {
  followDirectory,
  type FollowReport,
  type FollowStatus,
  runMigration,
} from '../../src/migration/index.ts';
import { type MoveOptions, type MoveReport, setStage, type Stage } from '../../src/migration/stages/index.ts';
import { openStores, type StoreSystem } from '../../src/system/index.ts';
import { type DurableTier, migrate } from '../../src/tiers/durable/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { withDatabase } from './hostile/kit.ts';
import { OldDirectory, REQUESTS } from './old-directory.ts';

export const STORE = 'llm-costs';
/** The stages in which faults are put, in their order. */
export const FAULTY_STAGES = ['legacy', 'dual-write', 'shadow', 'live', 'ramp-down'] as const;
/** What the old application waits for a lock: Python's default. */
const OLD_PATIENCE_MS = 5_000;
/** No caller waits longer, whatever happens: SQLite's patience in this very process holds up all of it. */
export const CALL_MS = 25_000;
const ROWS = 40;
const AGREE = { timeout: 40_000, interval: 100 };

export type Side = 'old' | 'new';

/** What a caller was told: `ok`, or the code and the message of an error. */
export interface Told {
  readonly code: string;
  readonly message: string;
}

const OK: Told = { code: 'ok', message: '' };
const told = (error: unknown): Told => ({ code: codeOf(error) || 'none', message: messageOf(error) });

export const authorityOf = (stage: Stage): Side =>
  stage === 'live' || stage === 'ramp-down' || stage === 'complete' ? 'new' : 'old';

/** Fails when something takes longer than any caller may wait. */
export async function bounded<T>(what: string, work: Promise<T>, ms = CALL_MS): Promise<T> {
  const done = await within(
    work.then((value) => ({ value })),
    ms,
  );
  if (done === undefined) throw new Error(`${what} has not ended after ${ms} ms: it hangs`);
  return done.value;
}

/** One store on its way, with its follower, its old application and its new one. */
export class StageWorld {
  readonly old: OldDirectory;
  readonly tier: DurableTier;
  /** The follower's own connections, as those of another process. */
  private readonly followTier: DurableTier;
  private readonly system: StoreSystem;
  private readonly hot: HotTier;
  private readonly end = new AbortController();
  private following: Promise<FollowReport | { failed: unknown }> | undefined;
  private readonly attempted = new Set<string>();
  private readonly acknowledged = new Set<string>();
  /** Not acknowledged, nor refused: they may have been done. */
  private readonly unknown = new Set<string>();
  private count = 0;
  status: FollowStatus | undefined;

  private constructor(parts: {
    old: OldDirectory;
    tier: DurableTier;
    followTier: DurableTier;
    system: StoreSystem;
    hot: HotTier;
  }) {
    this.old = parts.old;
    this.tier = parts.tier;
    this.followTier = parts.followTier;
    this.system = parts.system;
    this.hot = parts.hot;
  }

  /** A directory that was migrated, with capture and a follower. */
  static async open(
    url: string,
    options: { hot?: string; old?: OldDirectory; follow?: boolean } = {},
  ): Promise<StageWorld> {
    const open = (): Promise<DurableTier> =>
      openServer({ url, schema: 'stockroom', poolMax: 4, limits: { acquireTimeoutMs: 10_000 } });
    const [tier, followTier, forStores] = await Promise.all([open(), open(), open()]);
    await migrate(tier);
    const old = options.old ?? new OldDirectory();
    old.requests(ROWS);
    await runMigration({ tier, directory: old.path });
    await installCaptureIn({ directory: old.path });
    const hot =
      options.hot === undefined
        ? createInProcessTier({ prefix: 'stockroom:' })
        : await openHot({
            redis: { kind: 'url', url: options.hot },
            keyPrefix: 'stockroom:',
            settings: { reconnectMaxMs: 50 },
          });
    const system = await openStores({ durable: forStores, hot });
    const world = new StageWorld({ old, tier, followTier, system, hot });
    if (options.follow !== false) {
      world.follow();
      await vi.waitFor(() => expect(world.status?.rounds).toBeGreaterThan(0), AGREE);
    }
    return world;
  }

  async close(): Promise<void> {
    await this.stopFollowing();
    await this.system.close();
    await this.hot.close();
    await Promise.all([this.tier, this.followTier, this.system.durable].map((tier) => tier.close()));
    this.old.remove();
  }

  follow(clock?: () => Date): void {
    this.following = followDirectory({
      tier: this.followTier,
      directory: this.old.path,
      signal: this.end.signal,
      onStatus: (status) => (this.status = status),
      ...(clock === undefined ? {} : { clock }),
    }).catch((failed: unknown) => ({ failed }));
  }

  /** @throws what made the follower end */
  async stopFollowing(): Promise<void> {
    this.end.abort();
    const report = await this.following;
    if (report !== undefined && 'failed' in report) throw report.failed;
  }

  get file(): string {
    return join(this.old.path, REQUESTS);
  }

  move(to: Stage, more: Partial<MoveOptions> = {}): Promise<MoveReport> {
    return setStage({ tier: this.tier, store: STORE, to, ...more });
  }

  /** A move as a caller sees it. */
  async tryMove(to: Stage, more: Partial<MoveOptions> = {}): Promise<Told> {
    return bounded(
      `the move to ${to}`,
      this.move(to, more).then(() => OK, told),
      60_000,
    );
  }

  /** What the old application does: another row, with a connection of its own. */
  writeOld(createdAt = '2026-02-03 04:05:06'): Told {
    const name = this.next('old');
    try {
      const db = new Sqlite(this.file, { timeout: OLD_PATIENCE_MS });
      try {
        db.prepare(
          'INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) VALUES (?, ?, 8, 0.25, ?)',
        ).run(name, this.count, createdAt);
      } finally {
        db.close();
      }
      this.acknowledged.add(name);
      return OK;
    } catch (error) {
      return told(error);
    }
  }

  /** What the new application does: another row, under a key that makes it one whatever is repeated. */
  writeNew(name = this.next('new'), tokens = this.count): Promise<Told> {
    const request = {
      model: name,
      tokens_input: tokens,
      tokens_output: 8,
      cost_usd: '0.25',
      idempotency_key: name,
    };
    const work = this.system.stores.llmCosts.log(request).then(
      () => {
        this.acknowledged.add(name);
        this.unknown.delete(name);
        return OK;
      },
      (error: unknown) => {
        const answer = told(error);
        if (answer.code !== 'NOT_AUTHORITY') this.unknown.add(name);
        return answer;
      },
    );
    return bounded(`a write of ${name}`, work);
  }

  write(side: Side): Promise<Told> {
    return side === 'new' ? this.writeNew() : Promise.resolve(this.writeOld());
  }

  private next(side: Side): string {
    const name = `${side} ${++this.count}`;
    this.attempted.add(name);
    return name;
  }

  /** Callers that were told nothing ask again under the same key. */
  async repeatUnknown(): Promise<void> {
    for (const name of this.unknown) {
      const again = await this.writeNew(name, Number(name.split(' ')[1]));
      expect([name, again.code]).toEqual([name, 'ok']);
    }
  }

  /** Waits until both sides hold the same, with everything that was acknowledged in it once and nothing beside it. */
  async agree(): Promise<void> {
    const ended = this.following?.then((report) => {
      if ('failed' in report) throw report.failed;
    });
    const waited = vi.waitFor(async () => {
      expect(this.oldRows()).toEqual(await this.newRows());
    }, AGREE);
    await Promise.race([waited, Promise.all([ended ?? waited, waited])]);
    const names = (await this.newRows()).map((row) => row.split('|')[0]!);
    const written = names.filter((name) => /^(?:old|new) \d/.test(name));
    expect(new Set(written).size).toBe(written.length);
    expect(new Set(written)).toEqual(
      new Set([...this.acknowledged, ...written.filter((name) => this.unknown.has(name))]),
    );
    expect(names.length - written.length).toBe(ROWS);
  }

  oldRows(): string[] {
    let rows: unknown[][] = [];
    withDatabase(this.old.path, REQUESTS, (db) => {
      rows = db
        .prepare("SELECT model, tokens_input, tokens_output, printf('%.2f', cost_usd) FROM llm_requests")
        .raw()
        .all() as unknown[][];
    });
    return rows.map((row) => row.join('|')).sort();
  }

  async newRows(): Promise<string[]> {
    const { rows } = await this.tier.query<{ row: string }>(
      "SELECT concat_ws('|', model, tokens_input, tokens_output, to_char(cost_usd, 'FM0.00')) AS row FROM llm_requests",
    );
    return rows.map(({ row }) => row).sort();
  }

  /** The control row of the old side; null before the store is under guard. */
  oldFence(): FenceRow | null {
    const db = new Sqlite(this.file, { timeout: OLD_PATIENCE_MS });
    try {
      return readFence(db, STORE);
    } finally {
      db.close();
    }
  }

  async newRow(): Promise<{ stage: Stage; state: string; epoch: bigint } | undefined> {
    const { rows } = await this.tier.query<{ stage: Stage; state: string; epoch: bigint }>(
      'SELECT stage, state, epoch FROM migration_stages WHERE store = $1',
      [STORE],
    );
    return rows[0];
  }

  /** Waits until exactly one side takes writes, as the stage says. */
  async oneAuthority(stage: Stage): Promise<void> {
    const [old, here] = authorityOf(stage) === 'old' ? ['open', 'given'] : ['given', 'open'];
    await vi.waitFor(async () => {
      expect({ ...(await this.newRow()), old: this.oldFence()?.state }).toMatchObject({
        stage,
        state: here,
        old,
      });
    }, AGREE);
  }
}

/** Another process that can hold an old database, as one does that stopped in the middle of a transaction. */
export class LockHolder {
  private readonly folder = mkdtempSync(join(tmpdir(), 'stockroom-lock-'));
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(file: string) {
    const script = `const { existsSync, writeFileSync } = require('node:fs');
      const [file, want, held] = process.argv.slice(1);
      const until = (holds) => { while (!holds()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); };
      const db = new (require('better-sqlite3'))(file, { timeout: 30000 });
      until(() => existsSync(want)); db.exec('BEGIN EXCLUSIVE'); writeFileSync(held, '');
      until(() => !existsSync(want)); db.exec('ROLLBACK'); db.close();`;
    this.child = spawn(process.execPath, ['-e', script, file, this.want, this.held], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.closed = once(this.child, 'close');
  }

  private get want(): string {
    return join(this.folder, 'want');
  }

  private get held(): string {
    return join(this.folder, 'held');
  }

  /** Returns once the database is held: nothing else of this process runs in between. */
  hold(): void {
    writeFileSync(this.want, '');
    const deadline = performance.now() + 30_000;
    while (!existsSync(this.held)) {
      if (performance.now() > deadline) throw new Error('the database could not be held');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }

  /** Lets it go; resolves when the process is gone. It is of no use after that. */
  async release(): Promise<void> {
    if (!existsSync(this.held)) this.child.kill('SIGKILL');
    rmSync(this.want, { force: true });
    await this.closed;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
