import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  applyToFile,
  type FileBackContext,
  type FileChange,
  type FileOutcome,
  type LoadedTuple,
  type LoadedValue,
  type PlacedChange,
  writeFileBack,
} from '../../src/migration/back/index.ts';
import type { SourceDefinition } from '../../src/migration/source.ts';

export const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Microseconds since 1970. */
export const at = (time: string): bigint => BigInt(Date.parse(time)) * 1000n;

export const NOW = at('2026-01-09T10:00:00Z');

/** A row as PostgreSQL holds it, by the names of its source's columns. */
export function tuple(
  source: SourceDefinition,
  values: Readonly<Record<string, LoadedValue>>,
  key: string | bigint | null = null,
): LoadedTuple {
  return {
    key,
    values: source.columns.map(({ name }) => values[name] ?? null),
    extra: null,
    originals: new Map(),
  };
}

/** A row that Stockroom made. */
export const made = (
  source: SourceDefinition,
  values: Readonly<Record<string, LoadedValue>>,
): PlacedChange => ({ key: null, tuple: tuple(source, values), path: null });

export const did = (outcomes: readonly FileOutcome[]): string[] => outcomes.map((one) => one.did);

/** A directory of old files into which rows are written back. */
export class OldFiles {
  readonly root = mkdtempSync(join(tmpdir(), 'stockroom-file-back-'));
  private readonly context: FileBackContext = { nowMicros: Number(NOW), timezones: new Map() };

  put(file: string, content: string): string {
    const path = join(this.root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8');
  }

  write(source: SourceDefinition, changes: readonly PlacedChange[]): FileOutcome[] {
    return writeFileBack({ directory: this.root, source, changes, context: this.context });
  }

  apply(
    path: string,
    source: SourceDefinition,
    changes: readonly FileChange[],
    context: Partial<FileBackContext> = {},
  ): FileOutcome[] {
    return applyToFile(path, source, changes, { ...this.context, ...context });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
