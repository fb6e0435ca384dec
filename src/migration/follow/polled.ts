import { basename, dirname } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { asSourceError } from '../../legacy/sqlite/database.ts';
import { captureToken } from '../../legacy/sqlite/change-log.ts';
import { discover, reasonOf } from '../discover.ts';
import { ChunkEncoder } from '../chunk.ts';
import { FileSetUnit } from '../file-unit.ts';
import { compareKeys, type RowKey } from '../ledger.ts';
import type { SourceDefinition, SourceRow } from '../source.ts';
import type { Discovery, Unit } from '../unit.ts';
import { applyBatches } from './apply.ts';
import type { Outcome } from './outcome.ts';
import { touchedParts } from './part.ts';
import type { Place } from './place.ts';
import { followWhole } from './whole.ts';

/** Files of a row each that one transaction takes. */
const FILES_PER_BATCH = 50;

/** Keys of rows whose file is there no more, by source. */
export type Removed = Map<SourceDefinition, string[]>;

/** What following files by their content found. */
export interface Polled {
  /** What was done, by file; by `SOURCE/*` where each file is a row. */
  outcomes: Map<string, Outcome>;
  /** Files that a source takes. */
  claimed: Set<string>;
  /** Files that cannot be read at the moment, and why: what is loaded of them stays. */
  unreadable: Map<string, string>;
  /** Databases in which capture was found: they are followed by that. */
  captured: string[];
  /** Files that are a row each, by source. */
  sets: Map<string, string[]>;
  /** Files whose companion says something else of them now, as folder and stem. */
  stale: Set<string>;
  /** Databases without capture that are not in WAL mode. */
  databases: string[];
}

/** Errors of a file, not of PostgreSQL or of ours. */
export const isOfFile = (error: unknown): boolean =>
  /^(SQLITE_|SOURCE_|EACCES|EPERM|ENOENT|EIO|EISDIR|EBUSY|EMFILE)/.test(codeOf(error));

/**
 * Brings the rows of some files up to date, and takes out those whose file is gone.
 * A file that fails while it is read is reported, and the others go on.
 */
export async function followPolled(
  place: Place,
  changed: ReadonlySet<string>,
  removed: Removed,
): Promise<Polled> {
  const polled: Polled = {
    outcomes: new Map(),
    claimed: new Set(),
    unreadable: new Map(),
    captured: [],
    sets: new Map(),
    stale: new Set(),
    databases: [],
  };
  const folders = new Set([...changed].map((path) => dirname(path)));
  const discovery = await discover(
    place.directory,
    place.sources,
    place.prefix,
    ({ path }) => changed.has(path) || (isCompanion(path) && folders.has(dirname(path))),
  );
  try {
    for (const { file, reason } of discovery.unreadable)
      if (changed.has(file)) polled.unreadable.set(file, reason);
    takeCompanions(place, discovery, changed, polled);
    place.onUnreadable = (file, error) => polled.unreadable.set(file, reasonOf(error));
    splitDatabases(discovery, polled);
    const units = discovery.units.filter(
      ({ files }) => !files.some((file) => polled.captured.includes(file)),
    );
    for (const unit of units) {
      for (const file of unit.files) polled.claimed.add(file);
      const file = unit.files[0]!;
      await guard(polled, file, async () => {
        if (unit instanceof FileSetUnit) {
          polled.sets.set(unit.source.id, [...unit.files]);
          await followSet(place, unit, removed.get(unit.source) ?? [], polled);
        } else {
          const family = units.filter((one) => one.source === unit.source);
          note(polled, file, await followWhole(place, unit, family));
        }
      });
    }
    for (const [source, keys] of removed) {
      if (polled.sets.has(source.id) || keys.length === 0) continue;
      await followSet(place, new FileSetUnit(source, [], place.prefix), keys, polled);
    }
    return polled;
  } finally {
    place.onUnreadable = () => undefined;
    await discovery.close();
  }
}

/** Takes over what companion files say, and notes of which files they say something else than before. */
function takeCompanions(
  place: Place,
  { companions }: Discovery,
  changed: ReadonlySet<string>,
  { stale }: Polled,
): void {
  const told = (entry: ReadonlyMap<string, string> | undefined): string => JSON.stringify([...(entry ?? [])]);
  const knownFolders = new Set([...place.companions.keys()].map((name) => dirname(name)));
  const changedFolders = new Set([...changed].filter(isCompanion).map((path) => dirname(path)));
  for (const [name, entry] of companions) {
    const folder = dirname(name);
    const mayDiffer = knownFolders.has(folder) || changedFolders.has(folder);
    if (mayDiffer && told(place.companions.get(name)) !== told(entry)) stale.add(name);
  }
  place.companions = new Map([...place.companions, ...companions]);
}

/** A file that says something of the files beside it. */
export const isCompanion = (path: string): boolean => basename(path) === 'metadata.json';

function splitDatabases({ databases }: Discovery, polled: Polled): void {
  for (const [path, { connection, snapshot }] of databases) {
    if (captureToken(connection) !== null) polled.captured.push(path);
    else if (!snapshot) polled.databases.push(path);
  }
}

async function guard(polled: Polled, file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isOfFile(error)) throw error;
    const failure = codeOf(error).startsWith('SQLITE_') ? asSourceError(file, error) : error;
    polled.unreadable.set(file, reasonOf(failure));
  }
}

function note(polled: Polled, file: string, outcome: Outcome): void {
  const known = polled.outcomes.get(file);
  if (known) known.join(outcome);
  else polled.outcomes.set(file, outcome);
}

/** Files that are a row each: those that changed, and those that are gone. */
async function followSet(
  place: Place,
  unit: FileSetUnit,
  removed: readonly string[],
  polled: Polled,
): Promise<void> {
  const context = place.contextOf(unit.source);
  let rows: SourceRow[] = [];
  for (const row of unit.rows(context)) {
    rows.push(row);
    if (rows.length < FILES_PER_BATCH) continue;
    await applyRows(
      place,
      unit,
      rows.map((one) => one.key),
      rows,
      polled,
    );
    rows = [];
  }
  // A key that stands in both has a file again.
  const present = new Set<RowKey>(unit.files.map((path) => place.prefix + path));
  const gone = removed.filter((key) => !present.has(key));
  const keys = new Set([...rows.map(({ key }) => key), ...gone]);
  await applyRows(place, unit, [...keys].sort(compareKeys), rows, polled);
}

async function applyRows(
  place: Place,
  unit: Unit,
  keys: readonly RowKey[],
  rows: readonly SourceRow[],
  polled: Polled,
): Promise<void> {
  if (keys.length === 0) return;
  const context = place.contextOf(unit.source);
  const build = async () => {
    const encoder = new ChunkEncoder(unit, context, undefined);
    return [
      await place.tier.session((session) =>
        touchedParts(session, {
          unit,
          encoder,
          context,
          keys,
          rows,
          sourceWins: place.sourceWins(unit.source),
        }),
      ),
    ].filter((batch) => batch.parts.length > 0);
  };
  const outcome = await applyBatches(place.tier, build, null);
  note(polled, `${unit.source.id}/*`, outcome);
  place.stopIfAsked();
}
