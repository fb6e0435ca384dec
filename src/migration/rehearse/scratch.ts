import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../core/errors.ts';

const PREFIX = 'stockroom-rehearsal-';
const OWNER = 'owner';
const KEPT = 'kept';
/** A file may appear while its folder is removed: work that an interruption cut off still runs. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

/** A directory of a rehearsal's own. */
export interface Scratch {
  readonly directory: string;
  /** Leaves it there, also for later rehearsals. */
  keep(): void;
  remove(): Promise<void>;
}

/** Makes a scratch directory, and removes those whose process was killed. */
export async function openScratch(): Promise<Scratch> {
  await sweep();
  const directory = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(directory, OWNER), String(process.pid));
  return {
    directory,
    keep: () => writeFileSync(join(directory, KEPT), ''),
    remove: () => rm(directory, REMOVAL),
  };
}

async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(tmpdir(), name);
    if (!isAbandoned(directory)) continue;
    try {
      await rm(directory, REMOVAL);
    } catch (error) {
      // Another user's: theirs to remove.
      if (!/^(?:EACCES|EPERM)$/.test(codeOf(error))) throw error;
    }
  }
}

function isAbandoned(directory: string): boolean {
  try {
    if (readdirSync(directory).includes(KEPT)) return false;
    return !isAlive(Number(readFileSync(join(directory, OWNER), 'utf8')));
  } catch (error) {
    // Made this moment, removed this moment, or not ours to look into.
    if (/^(?:ENOENT|ENOTDIR|EACCES|EPERM)$/.test(codeOf(error))) return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
