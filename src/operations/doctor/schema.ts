import { StockroomError } from '../../core/errors.ts';
import {
  type DurableTier,
  pendingMigrations,
  schemaSnapshot,
  schemaVersion,
} from '../../tiers/durable/index.ts';
import { readMigrations, shippedDirectory, shippedSnapshot } from '../../tiers/durable/migration-files.ts';
import { fail, type Found, ok, skip, warn } from './finding.ts';

/** Lines of a difference that are told. */
const SHOWN_MAX = 20;
/** Triggers that a store has while it is on its way: see `stage`. */
const STAGE_TRIGGER = /^CREATE TRIGGER "?migration_/;

export async function schemaIsCurrent(durable: DurableTier): Promise<Found> {
  try {
    const pending = await pendingMigrations(durable);
    const version = await schemaVersion(durable);
    const evidence = { schema: durable.schema, version, shipped: version + pending.length };
    if (pending.length === 0) return ok('The schema is up to date.', evidence);
    return warn(
      version === 0 ? 'There is no schema yet.' : `The schema lacks ${pending.length} migrations.`,
      evidence,
      '`stockroom start` applies them; make a backup first.',
    );
  } catch (error) {
    if (!(error instanceof StockroomError) || !error.code.startsWith('SCHEMA_')) throw error;
    return fail(error.message, error.details, 'Do what the message says before anything writes.');
  }
}

/** A trigger, or a table, that is not as CREATE makes it. */
const ALTERED = /: ALTER TABLE /;
const OWN_SCHEMA = ' SET search_path TO the schema';

/** Whether it is of an older Stockroom. @throws StockroomError SCHEMA_TOO_NEW, SCHEMA_CHANGED */
export async function lacksMigrations(durable: DurableTier): Promise<boolean> {
  return (await pendingMigrations(durable)).length > 0;
}

/** What stands in the catalog against what the migrations make. */
export async function schemaDrift(durable: DurableTier): Promise<Found> {
  const shipped = (await readMigrations(shippedDirectory)).length;
  if ((await schemaVersion(durable)) !== shipped)
    return skip(`the schema is not of version ${shipped}, which this Stockroom makes.`);
  // Functions that name their schema name that of the database which the snapshot was taken of.
  const shippedText = await shippedSnapshot();
  const expected = linesOf(shippedText.replace(/^ SET search_path TO '.*'$/gm, OWN_SCHEMA));
  const foundText = await schemaSnapshot(durable);
  const found = linesOf(foundText.replaceAll(` SET search_path TO '${durable.schema}'`, OWN_SCHEMA));
  const missing = without(expected, found);
  const extra = without(found, expected);
  if (missing.length === 0 && extra.length === 0)
    return ok('The schema is what the migrations make.', { lines: expected.length });
  const altered = extra.filter((line) => ALTERED.test(line));
  if (altered.length > 0) {
    return fail(
      'What the migrations made is there, but altered: what keeps rows safe does not work as it should.',
      { altered: altered.slice(0, SHOWN_MAX) },
      'Undo it: ALTER TABLE with ENABLE TRIGGER, SET LOGGED or DISABLE ROW LEVEL SECURITY.',
    );
  }
  const evidence = { missing: missing.slice(0, SHOWN_MAX), extra: extra.slice(0, SHOWN_MAX) };
  if (missing.length === 0) {
    return warn(
      'The schema holds what the migrations did not make.',
      evidence,
      'Move what is yours into a schema of its own: an upgrade may meet it.',
    );
  }
  return fail(
    'The schema lacks what the migrations make: somebody changed it.',
    evidence,
    'Make again what is missing, as sql/schema.snapshot.sql has it; or back up, and restore into an empty database.',
  );
}

/** Lines that count, each with the object it belongs to: so the same column of two tables is two lines. */
function linesOf(snapshot: string): string[] {
  let object = '';
  return snapshot
    .replaceAll('\r\n', '\n')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--') && !STAGE_TRIGGER.test(line))
    .map((line) => {
      if (/^CREATE (?!(?:UNIQUE )?INDEX|TRIGGER)/.test(line))
        object = line.replace(/^CREATE (?:OR REPLACE )?|[ (]+$/g, '');
      // The last column has no comma.
      return `${object}: ${line.trim().replace(/,$/, '')}`;
    });
}

/** Those of the one list that the other has not as often. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const there = left.get(line) ?? 0;
    left.set(line, there - 1);
    return there <= 0;
  });
}
