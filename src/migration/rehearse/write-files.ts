import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { fileBackOf, loadedPages, type PlacedChange, writeFileBack } from '../back/index.ts';
import type { Timezones } from '../settings.ts';
import { TableUnit } from '../table-unit.ts';
import type { Discovery, Unit } from '../unit.ts';
import type { OnStep, Stop } from './snapshot.ts';

/** The files of a unit that were written anew. */
export interface BackFiles {
  readonly unit: Unit;
  loaded: number;
  /** Why rows could not be written, by key. */
  readonly refused: Map<string, string>;
}

export interface WriteFilesOptions {
  readonly tier: DurableTier;
  readonly discovery: Discovery;
  readonly timezones: Timezones;
  readonly nowMicros: number;
  /** Directory for the new files. */
  readonly target: string;
  readonly onStep: OnStep;
  readonly stop: Stop;
}

/** Rows of one file that are written at once: all of the file is read and written for them. */
const FILE_ROWS = 20_000;
/** Names of what stands beside price files. */
const COMPANION = 'metadata.json';

/**
 * Writes the rows that are kept in files back into copies of the files: each value of each row anew, out of PostgreSQL, also
 * where the file says the same. What no row holds (quarantined rows, expired ones) is what the copy has.
 */
export async function writeFilesBack(options: WriteFilesOptions): Promise<BackFiles[]> {
  const { discovery, stop } = options;
  const results: BackFiles[] = [];
  for (const unit of discovery.units) {
    if (stop.requested) break;
    if (unit instanceof TableUnit || fileBackOf(unit.source) === undefined) continue;
    results.push(await writeUnit(unit, options));
  }
  return results;
}

async function writeUnit(unit: Unit, options: WriteFilesOptions): Promise<BackFiles> {
  const { tier, discovery, target, stop, onStep } = options;
  const { source } = unit;
  for (const file of unit.files) copy(discovery.directory, target, file);
  const result: BackFiles = { unit, loaded: 0, refused: new Map() };
  const isOne = source.files!.rowsPerFile === 'one';
  let waiting: PlacedChange[] = [];
  const write = async (): Promise<void> => {
    apply(waiting, result, options);
    result.loaded += waiting.length;
    waiting = [];
    onStep({ name: source.id, phase: 'back', done: result.loaded, total: undefined });
    await breathe();
  };
  for await (const page of loadedPages(tier, source, unit.name)) {
    if (stop.requested) return result;
    for (const tuple of page)
      waiting.push({ key: tuple.key, tuple, path: isOne ? String(tuple.key) : unit.files[0]! });
    if (isOne || waiting.length >= FILE_ROWS) await write();
  }
  if (waiting.length > 0) await write();
  return result;
}

function apply(
  changes: readonly PlacedChange[],
  { unit, refused }: BackFiles,
  { target, timezones, nowMicros }: WriteFilesOptions,
): void {
  const { source } = unit;
  const context = { nowMicros, timezones: timezones.get(source.id) ?? new Map<string, string>(), anew: true };
  for (const { change, error } of writeFileBack({ directory: target, source, changes, context }))
    if (error !== null) refused.set(String(change.key), error.message);
}

function copy(from: string, to: string, file: string): void {
  const beside = join(dirname(file), COMPANION);
  for (const one of [file, beside]) {
    const source = join(from, one);
    const target = join(to, one);
    if (!existsSync(source) || existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
  }
}
