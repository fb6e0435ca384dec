import { createHash } from 'node:crypto';
import { pause } from '../../core/wait.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { type LoadedValue, tuplesOf } from '../back/index.ts';
import { prepare } from '../engine.ts';
import type { RowKey } from '../ledger.ts';
import type { FileContext, RawValue, SourceDefinition } from '../source.ts';
import { TableUnit } from '../table-unit.ts';
import type { Unit } from '../unit.ts';
import { Sides, type Verdict } from './compare.ts';
import type { Ground } from './ground.ts';
import { loadedRows } from './loaded.ts';
import { pendingKeys } from './pending.ts';
import { addReads, noReads, type ReadCounts, type ReadResult } from './reads.ts';

/** Rows that one read of both sides compares. */
const KEYS_PER_READ = 50;
const READ_TIMEOUT_MS = 2000;
/** Looks at rows that differ, and the pause before each. */
const AGAIN = { times: 4, pauseMs: 250 };
/** Reads that did not agree which are kept of a store. */
const MAX_KEPT = 1000;

/**
 * Reads rows from both sides, off the path of any caller: half of them the newest, half from all over. What differs is read
 * again before it is called a mismatch, since what was written last may be on its way; what stays is kept, redacted.
 */
export async function shadowReads(
  ground: Ground,
  epoch: bigint,
  count: number,
  settle: () => Promise<unknown> = async () => undefined,
): Promise<ReadCounts> {
  const counts = noReads();
  await ground.withUnits(async (units, place) => {
    const share = Math.ceil(count / Math.max(1, units.length));
    for (const unit of units) {
      const context = place.contextOf(unit.source);
      const family = units.filter((one) => one.source === unit.source);
      const sides = new Sides(ground.tier, unit, context, prepare(unit.source, family, context));
      const keys = await chooseKeys(ground.tier, unit, share, context);
      for (let at = 0; at < keys.length; at += KEYS_PER_READ) {
        const some = keys.slice(at, at + KEYS_PER_READ);
        const results = await readOnce(sides, some, settle, (asked) => pendingKeys(ground, unit, asked));
        for (const [key, result] of results) {
          counts[result]++;
          if (result === 'mismatch' || result === 'missing' || result === 'extra')
            await keep(ground, epoch, unit, key, result);
        }
      }
    }
  });
  await ground.tier.transaction((session) => addReads(session, ground.store, epoch, counts));
  return counts;
}

async function readOnce(
  sides: Sides,
  keys: readonly RowKey[],
  settle: () => Promise<unknown>,
  pending: (keys: readonly RowKey[]) => Promise<Set<RowKey>>,
): Promise<Map<RowKey, ReadResult>> {
  const results = new Map<RowKey, ReadResult>();
  try {
    let differing = note(results, await inTime(sides.compare(keys)), 'match');
    for (let time = 0; time < AGAIN.times && differing.length > 0; time++) {
      await settle();
      if (time > 0) await pause(AGAIN.pauseMs);
      const before = await pending(differing);
      const again = await inTime(sides.compare(differing));
      // Looked at on both sides of the read: what was on its way then may have arrived by now, or set out.
      const after = await pending(differing);
      differing = note(results, again, 'in flight');
      for (const key of differing) if (before.has(key) || after.has(key)) results.set(key, 'in flight');
      differing = differing.filter((key) => results.get(key) !== 'in flight');
    }
  } catch (error) {
    if (!(error instanceof TooLate) && results.size === 0) throw error;
    const result = error instanceof TooLate ? 'timeout' : 'error';
    for (const key of keys) if (!isAgreed(results.get(key))) results.set(key, result);
  }
  return results;
}

const isAgreed = (result: ReadResult | undefined): boolean => result === 'match' || result === 'in flight';

/** Notes what reads gave; what agrees is noted as `agreed`. @returns the keys that do not */
function note(
  results: Map<RowKey, ReadResult>,
  verdicts: ReadonlyMap<RowKey, Verdict>,
  agreed: ReadResult,
): RowKey[] {
  for (const [key, verdict] of verdicts)
    results.set(key, verdict === 'match' || verdict === 'aside' ? agreed : verdict);
  return [...results].flatMap(([key, result]) => (isAgreed(result) ? [] : [key]));
}

class TooLate extends Error {}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const end = new AbortController();
  try {
    return await Promise.race([
      work,
      pause(READ_TIMEOUT_MS, end.signal).then(() => {
        throw new TooLate();
      }),
    ]);
  } finally {
    end.abort();
    // Of work that comes too late nobody waits for the answer.
    work.catch(() => undefined);
  }
}

/** Keys of rows: of either side the newest, and of the old one some from a random place on. */
async function chooseKeys(
  tier: DurableTier,
  unit: Unit,
  count: number,
  context: FileContext,
): Promise<RowKey[]> {
  const { source, name } = unit;
  const old = unit instanceof TableUnit ? unit.sample(count, Math.random()) : firstKeys(unit, count, context);
  const sql = loadedRows(source, name, [source.identity], (key) => `${key} IS NOT NULL`);
  const { rows } = await tier.query<Record<string, RowKey>>(
    `SELECT * FROM (${sql}) rows ORDER BY 1 DESC LIMIT ${Math.ceil(count / 4)}`,
  );
  const here = rows.map((row) => row[source.identity]!);
  return [...new Set([...here, ...old])].slice(0, count);
}

function firstKeys(unit: Unit, count: number, context: FileContext): RowKey[] {
  const keys: RowKey[] = [];
  for (const { key } of unit.rows(context)) if (keys.push(key) >= count) break;
  return keys;
}

async function keep(
  ground: Ground,
  epoch: bigint,
  unit: Unit,
  key: RowKey,
  result: ReadResult,
): Promise<void> {
  const { tier, store } = ground;
  const old = unit instanceof TableUnit ? unit.find(key, 0) : null;
  const [tuple] = await tuplesOf(tier, unit.source, unit.name, [key]);
  await tier.query(
    `INSERT INTO migration_mismatches (store, epoch, source, unit, key, result, old_side, new_side)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      store,
      epoch,
      unit.source.id,
      unit.name,
      String(key),
      result,
      old === null ? null : redacted(unit.source, old.values),
      tuple === undefined ? null : redacted(unit.source, tuple.values),
    ],
  );
  await tier.query(
    `DELETE FROM migration_mismatches WHERE store = $1 AND id <
       (SELECT min(id) FROM (SELECT id FROM migration_mismatches WHERE store = $1 ORDER BY id DESC LIMIT ${MAX_KEPT}) kept)`,
    [store],
  );
}

/** Values by column: numbers and times as they are; of text its length and a digest, so that two can be told apart. */
function redacted(source: SourceDefinition, values: readonly (LoadedValue | RawValue)[]): string {
  const shown = source.columns.map(({ name, kind }, index) => {
    const value = values[index] ?? null;
    const isPlain = kind !== 'text' && kind !== 'json';
    if (value === null || typeof value === 'boolean') return [name, value];
    if (isPlain && !(value instanceof Uint8Array)) return [name, String(value)];
    const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    return [name, `${bytes.length} bytes, sha256 ${digest}`];
  });
  return JSON.stringify(Object.fromEntries(shown));
}
