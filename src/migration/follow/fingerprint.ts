import { statSync } from 'node:fs';

/** Longer than a tick of the file system's clock, within which a second change would not show. */
const TICK_MS = 50;

export interface Fingerprint {
  /** Inode, size and time of change, of the file and of what SQLite keeps beside it. */
  readonly text: string;
  readonly bytes: number;
  /** Since the last change. */
  readonly ageMs: number;
  /** A change after this look would show. */
  readonly settled: boolean;
}

/** What a file looks like; null when it is not there. */
export function fingerprintOf(file: string, isDatabase: boolean): Fingerprint | null {
  const suffixes = isDatabase ? ['', '-wal', '-journal'] : [''];
  const stats = suffixes.map((suffix) => statSync(file + suffix, { bigint: true, throwIfNoEntry: false }));
  if (stats[0] === undefined) return null;
  const latestMs = Math.max(...stats.map((stat) => Number((stat?.mtimeNs ?? 0n) / 1_000_000n)));
  const ageMs = Date.now() - latestMs;
  return {
    text: stats.map((stat) => (stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : '-')).join(' | '),
    bytes: Number(stats[0].size),
    ageMs,
    // A time of change ahead of the clock says nothing about now.
    settled: ageMs > TICK_MS || ageMs < -TICK_MS,
  };
}

/** The size that a fingerprint speaks of; 0 when there is none. */
export const sizeIn = (fingerprint: string | null | undefined): number =>
  Number(fingerprint?.split(' ')[1] ?? 0);
