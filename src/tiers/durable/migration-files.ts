import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StockroomError } from '../../core/errors.ts';

/** One step of the schema, from a file `000001_name.sql`. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, in hexadecimal. */
  readonly checksum: string;
}

/** `sql/` of the package: as far from src/tiers/durable as from dist/tiers/durable. */
export const shippedDirectory = fileURLToPath(new URL('../../../sql/', import.meta.url));

/** What all migrations add up to, as SQL. */
export const shippedSnapshot = (): Promise<string> =>
  readFile(join(shippedDirectory, 'schema.snapshot.sql'), 'utf8');

/** The names of the tables that all migrations make. */
export async function shippedTables(): Promise<string[]> {
  return [...(await shippedSnapshot()).matchAll(/^CREATE TABLE (\w+) /gm)].map(([, name]) => name!);
}

const fileName = /^(\d{6})_([a-z0-9_]+)\.sql$/;

/** Reads the numbered files of a directory, which must count from 1 without a gap. Other files are passed over. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => fileName.test(name)).sort();
  const migrations = await Promise.all(names.map((name) => readMigration(directory, name)));
  for (const [index, { number, name }] of migrations.entries()) {
    if (number === index + 1) continue;
    throw new StockroomError(
      'INTERNAL',
      `${directory}: expected migration ${index + 1}, found ${number} (${name}). Numbers count from 1 without a gap.`,
    );
  }
  return migrations;
}

async function readMigration(directory: string, file: string): Promise<Migration> {
  const [, number, name] = fileName.exec(file)!;
  // A checkout may have changed the line ends; that is no change of the migration.
  const sql = (await readFile(join(directory, file), 'utf8')).replaceAll('\r\n', '\n');
  return {
    number: Number(number),
    name: name!,
    sql,
    checksum: createHash('sha256').update(sql).digest('hex'),
  };
}
