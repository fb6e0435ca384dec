import { openProbe, type ChangeProbe } from '../../legacy/sqlite/live.ts';
import { readHeader } from '../../legacy/sqlite/database.ts';
import { readDocument } from '../../legacy/json-files/document.ts';
import { walk, type FoundFile } from '../../legacy/walk.ts';
import { isDocument, reasonOf } from '../discover.ts';
import { type Fingerprint, fingerprintOf, sizeIn } from './fingerprint.ts';

/** How long a file of lines that became shorter, or one that is gone, has to stay so before it counts. */
const REST_MS = 1000;
const isText = (path: string): boolean => /\.jsonl?$/i.test(path);

/** A file that is not as it was when it was last read. */
export interface ChangedFile extends FoundFile {
  fingerprint: Fingerprint;
}

export interface Seen {
  changed: ChangedFile[];
  /** Files that look as if their writer were in the middle of it, and why: what is loaded of them stays. */
  unfinished: Map<string, string>;
  /** Paths of all files that are there. */
  paths: Set<string>;
  /** Known files that are gone for good, as far as waiting tells. */
  gone: string[];
  /** Something may change within a moment: gone files that are waited for. */
  restless: boolean;
  /** What could not be looked at: nothing in it counts as gone. */
  blind: boolean;
}

/** Looks for files that changed, without reading those that did not. */
export class Watch {
  private readonly directory: string;
  /** What each file looked like when it was read. */
  private readonly known = new Map<string, string>();
  private readonly halves = new Map<string, { text: string; reason: string }>();
  private readonly missingSince = new Map<string, number>();
  private readonly probes = new Map<string, { probe: ChangeProbe; version: number | null; text: string }>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Takes over what an earlier process has read. */
  remember(path: string, fingerprint: string): void {
    if (!this.known.has(path)) this.known.set(path, fingerprint);
  }

  look(): Seen {
    const { files, unreadable } = walk(this.directory);
    const paths = new Set(files.map((file) => file.path));
    const seen: Seen = {
      changed: [],
      unfinished: new Map(),
      paths,
      gone: [],
      restless: false,
      blind: unreadable.length > 0,
    };
    for (const file of files) {
      const owner = file.path.replace(/-(wal|shm|journal)$/, '');
      if (owner !== file.path && paths.has(owner)) continue;
      this.lookAt(file, seen);
    }
    for (const path of this.known.keys()) this.lookFor(path, paths, seen);
    return seen;
  }

  private lookAt(file: FoundFile, seen: Seen): void {
    this.missingSince.delete(file.path);
    const fingerprint = fingerprintOf(file.absolute, !isText(file.path));
    if (fingerprint === null) return;
    const known = this.known.get(file.path);
    if (known === fingerprint.text && !this.probed(file)) return;
    const unfinished = isText(file.path) ? this.unfinished(file, fingerprint, known) : null;
    if (unfinished === null) seen.changed.push({ ...file, fingerprint });
    else seen.unfinished.set(file.path, unfinished);
  }

  /** As {@link unfinishedReason}; one that stays as it is is not read again and again. */
  private unfinished(file: FoundFile, fingerprint: Fingerprint, known: string | undefined): string | null {
    const half = this.halves.get(file.path);
    if (half?.text === fingerprint.text && fingerprint.settled && !/\.jsonl$/i.test(file.path))
      return half.reason;
    const reason = unfinishedReason(file, fingerprint, known);
    if (reason === null) this.halves.delete(file.path);
    else this.halves.set(file.path, { text: fingerprint.text, reason });
    return reason;
  }

  private lookFor(path: string, paths: ReadonlySet<string>, seen: Seen): void {
    if (paths.has(path)) return;
    const since = this.missingSince.get(path) ?? performance.now();
    this.missingSince.set(path, since);
    if (performance.now() - since >= REST_MS) seen.gone.push(path);
    else seen.restless = true;
  }

  /** Notes that a file was read as it looked then; it is read again when it looks otherwise. */
  done(path: string, fingerprint: Fingerprint): void {
    if (fingerprint.settled) this.known.set(path, fingerprint.text);
    else this.known.set(path, `${fingerprint.text} unsettled`);
  }

  /** Has a file read again that did not change itself. */
  stale(path: string): void {
    this.known.set(path, 'stale');
  }

  /** Forgets a file: it is read again when it is there, and not missed when it is not. */
  forget(path: string): void {
    this.known.delete(path);
    this.missingSince.delete(path);
    this.unprobe(path);
  }

  /** Asks SQLite itself from now on whether a database changed: its time of change alone may not show it. */
  probe(file: FoundFile, text: string): void {
    const known = this.probes.get(file.path);
    const inode = text.split(' ')[0]!;
    if (known?.text === inode) {
      known.version = known.probe.version();
      return;
    }
    this.unprobe(file.path);
    const probe = openProbe(file.absolute);
    if (probe !== null) this.probes.set(file.path, { probe, version: probe.version(), text: inode });
  }

  close(): void {
    for (const path of this.probes.keys()) this.unprobe(path);
  }

  private unprobe(path: string): void {
    this.probes.get(path)?.probe.close();
    this.probes.delete(path);
  }

  private probed(file: FoundFile): boolean {
    const known = this.probes.get(file.path);
    if (known === undefined) return false;
    // A database that went over to WAL would get files beside it from being asked.
    if (readHeader(file.absolute)[18] === 2) {
      this.unprobe(file.path);
      return true;
    }
    return known.probe.version() !== known.version;
  }
}

function unfinishedReason(
  file: FoundFile,
  fingerprint: Fingerprint,
  known: string | undefined,
): string | null {
  const resting = Math.abs(fingerprint.ageMs) >= REST_MS;
  if (/\.jsonl$/i.test(file.path)) {
    const shrunk = fingerprint.bytes < sizeIn(known);
    return shrunk && !resting ? 'it became shorter a moment ago' : null;
  }
  try {
    if (fingerprint.bytes === 0) return 'empty: 0 bytes';
    return isDocument(readDocument(file.absolute).text) ? null : 'it breaks off: no whole JSON document';
  } catch (error) {
    return reasonOf(error);
  }
}
