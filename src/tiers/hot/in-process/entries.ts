import { type Claim, type Entries, type Entry, type Feed, MARK_LIFE_MS } from '../port.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';
import { unique } from './unique.ts';

export function createEntries(space: Space): Synchronous<Entries> {
  const read = (key: string): Entry | undefined => space.get(key, 'entry')?.entry;
  return {
    read,
    readMany: (keys) => keys.map(read),
    write: (key, body, expiresAtMs, by) => write(space, { key, body, expiresAtMs }, by),
    writeMany: (writes, by) =>
      writes.map((one) => {
        write(space, one, by);
        return true;
      }),
    drop: (keys, by) => {
      for (const key of keys) space.delete(key, by);
    },
    claim: (key, lifeMs, by) => read(key) ?? claim(space, key, lifeMs, by),
    extend: (key, version, lifeMs) => isClaim(read(key), version) && space.expire(key, space.now() + lifeMs),
    unclaim: (key, version, afterMs = 0, by) => {
      if (!isClaim(read(key), version)) return;
      if (afterMs > 0) space.expire(key, space.now() + afterMs);
      else space.delete(key, by);
    },
    fill: (key, expected, body, expiresAtMs, by) => {
      if (read(key)?.version !== expected) return false;
      write(space, { key, body, expiresAtMs }, by);
      return true;
    },
    // A mark is a value without a body: what it says is its version.
    mark: (key) =>
      read(key)?.version ?? write(space, { key, body: '', expiresAtMs: space.now() + MARK_LIFE_MS }),
  };
}

interface Write {
  readonly key: string;
  readonly body: string;
  readonly expiresAtMs: number;
}

/** @returns the version */
function write(space: Space, { key, body, expiresAtMs }: Write, by?: Feed): string {
  const version = unique('V');
  space.set(key, { kind: 'entry', entry: { kind: 'value', version, body } }, expiresAtMs, by);
  return version;
}

function claim(space: Space, key: string, lifeMs: number, by: Feed | undefined): Claim {
  const version = unique('C');
  space.set(key, { kind: 'entry', entry: { kind: 'claim', version } }, space.now() + lifeMs, by);
  return { kind: 'claimed', version };
}

function isClaim(entry: Entry | undefined, version: string): boolean {
  return entry?.kind === 'claim' && entry.version === version;
}
