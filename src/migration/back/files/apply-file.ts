import { dirname } from 'node:path';
import type { StockroomError } from '../../../core/errors.ts';
import { MAX_DOCUMENT_BYTES } from '../../../legacy/json-files/document.ts';
import type { RowKey } from '../../ledger.ts';
import type { FileContext, SourceRow } from '../../source.ts';
import type { LoadedTuple } from '../table-back.ts';
import { type Companions, membersOf, readIfThere, stemOf } from './companion.ts';
import type { Built, FileBack, FileBackContext, FileChange, Verdict } from './file-back.ts';
import { toBytes } from './object-text.ts';
import { alreadyTaken, changedMeanwhile, refusalOf, unlike } from './refusals.ts';
import { notWritable, removeFile, Replacement } from './replace-file.ts';
import { loadsAsTuple } from './value-text.ts';

/** What became of a change. */
export interface FileOutcome {
  readonly change: FileChange;
  /** The file's path in the old directory. */
  readonly path: string;
  /** Its key in the file, also of a row that had none; null when it has none there. */
  readonly key: RowKey | null;
  /**
   * `expired`: its time is over, so that the old application would not read it; `superseded`: what is there is newer;
   * `refused`: see `error`.
   */
  readonly did: 'written' | Verdict | 'refused';
  readonly error: StockroomError | null;
}

/** The readings of each row of a file. */
type Read = ReadonlyMap<RowKey, readonly SourceRow[]>;

/** How often a file is read again that somebody changed while it was worked on. */
const MAX_ATTEMPTS = 3;

/** Changes of the rows of one file. Nothing of it is written until every row of it was read again as it should be. */
export class FileChanges {
  private readonly back: FileBack;
  private readonly file: string;
  private readonly path: string;
  private readonly context: FileBackContext;
  private readonly companions: Companions;
  private readonly outcomes = new Map<FileChange, FileOutcome>();

  constructor(
    back: FileBack,
    place: { readonly file: string; readonly path: string },
    context: FileBackContext,
    companions: Companions,
  ) {
    this.back = back;
    this.file = place.file;
    this.path = place.path;
    this.context = context;
    this.companions = companions;
  }

  /** Gives an outcome a change, in their order. An error that is none of the file's is thrown. */
  apply(changes: readonly FileChange[]): FileOutcome[] {
    try {
      for (let attempt = 1; !this.work(changes); attempt++)
        if (attempt === MAX_ATTEMPTS) throw changedMeanwhile(this.path);
    } catch (error) {
      const refusal = refusalOf(this.path, error);
      if (refusal === null) throw error;
      for (const change of changes) if (!this.outcomes.has(change)) this.refuse(change, refusal);
    }
    return changes.map((change) => this.outcomes.get(change)!);
  }

  private get isOne(): boolean {
    return this.back.source.files!.rowsPerFile === 'one';
  }

  /** False when somebody changed the file meanwhile. */
  private work(changes: readonly FileChange[]): boolean {
    const document = readIfThere(this.file);
    if (document !== null && document.length > MAX_DOCUMENT_BYTES)
      throw notWritable(this.path, `it is larger than ${MAX_DOCUMENT_BYTES >> 20} MiB`);
    const there: Read = document === null ? new Map() : this.read(this.file, this.told());
    const wanted = changes.filter((change) => !this.isSettled(change, there));
    if (this.isOne && wanted[0]?.tuple === null) return this.remove(wanted[0]);
    return this.write(document, wanted);
  }

  /** Whether there is nothing to do about a change. */
  private isSettled(change: FileChange, there: Read): boolean {
    const { tuple } = change;
    const key = this.keyOf(change);
    const rows = key === null ? undefined : there.get(key);
    if (rows === undefined) {
      if (tuple === null) this.settle(change, 'unchanged');
    } else if (tuple !== null) {
      const { back } = this;
      // A file's own time may have to follow from a row's: of many rows all columns are looked at here.
      const same = this.loads(rows, tuple, this.isOne ? back.besides : []);
      const isNew = change.key === null;
      if (same && this.context.anew !== true) this.settle(change, 'unchanged');
      else if (!same && isNew && back.outranks?.(rows[0]!, tuple, this.context) === true)
        this.settle(change, 'superseded');
      else if (!same && isNew && this.isOne && back.outranks === undefined)
        this.refuse(change, alreadyTaken(this.path));
    }
    return this.outcomes.has(change);
  }

  private loads(rows: readonly SourceRow[], tuple: LoadedTuple, besides: readonly string[]): boolean {
    const { timezones } = this.context;
    return rows.some((row) => loadsAsTuple(this.back.source, row, tuple, timezones, besides));
  }

  private remove(change: FileChange): boolean {
    // First what names the file: one that is named and not there is a fault, one that nobody names is not.
    if (this.told() !== undefined) {
      this.companions.set(this.path, null);
      this.companions.write();
    }
    removeFile(this.file);
    this.settle(change, 'removed');
    return true;
  }

  private write(document: string | null, wanted: readonly FileChange[]): boolean {
    let changes = wanted;
    // Rows that cannot be written so that they load as what they are, are left out, and the others tried again.
    while (changes.length > 0) {
      const building = {
        path: this.path,
        document,
        changes,
        context: this.context,
        told: this.told(),
      };
      const failing = this.put(document, changes, this.back.build(building));
      if (failing === null) return false;
      for (const change of failing) this.refuse(change, unlike(this.path, this.keyOf(change)));
      changes = changes.filter((change) => !this.outcomes.has(change));
    }
    return true;
  }

  /**
   * Puts the first candidate in place that holds every change. Gives the changes that the last one does not hold; null
   * when somebody changed the file meanwhile.
   */
  private put(
    document: string | null,
    changes: readonly FileChange[],
    candidates: readonly Built[],
  ): readonly FileChange[] | null {
    let failing: readonly FileChange[] = [];
    for (const built of candidates) {
      const isThere = built.document === document;
      const replacement = isThere ? null : Replacement.write(this.file, toBytes(built.document));
      try {
        const told = built.told === undefined ? this.told() : (built.told ?? undefined);
        failing = this.failing(this.read(replacement?.path ?? this.file, told), changes, built);
        if (failing.length > 0) continue;
        if (document !== readIfThere(this.file)) return null;
        replacement?.commit();
      } finally {
        replacement?.discard();
      }
      const isSame = isThere && (built.told === undefined || built.told === (this.told() ?? null));
      if (built.told !== undefined) this.companions.set(this.path, built.told);
      for (const change of changes) {
        const did = isSame ? 'unchanged' : change.tuple === null ? 'removed' : 'written';
        this.settle(change, built.verdicts?.get(change) ?? did, built.keys?.get(change));
      }
      return [];
    }
    return failing;
  }

  private failing(read: Read, changes: readonly FileChange[], built: Built): readonly FileChange[] {
    return changes.filter((change) => {
      if (built.verdicts?.get(change) === 'expired') return false;
      const key = built.keys?.get(change) ?? this.keyOf(change);
      const rows = key === null ? undefined : read.get(key);
      if (change.tuple === null || rows === undefined)
        return (change.tuple === null) !== (rows === undefined);
      return !this.loads(rows, change.tuple, this.back.besides);
    });
  }

  /** The rows of a file by key; of several with one key the first. */
  private read(absolute: string, told: string | undefined): Read {
    const { source } = this.back;
    const entry = `${dirname(this.path)}/${stemOf(this.path)}`;
    const found = { path: this.path, absolute, bytes: 0, modifiedMs: 0 };
    const rows = new Map<RowKey, readonly SourceRow[]>();
    // Candles of a session that was open are read for as long as their answer lives, and were loaded while it did.
    const times = this.back.readsByTime === true ? [this.context.nowMicros, 0] : [this.context.nowMicros];
    for (const nowMicros of times) {
      const seen = new Set<RowKey>();
      const context: FileContext = {
        nowMicros,
        timezones: this.context.timezones,
        companions: new Map(told === undefined ? [] : [[entry, membersOf(told)]]),
        onUnreadable: (_file, error) => {
          throw error;
        },
      };
      for (const row of source.files!.rows(found, context)) {
        const key = this.isOne ? this.path : row.key;
        if (seen.has(key)) continue;
        seen.add(key);
        rows.set(key, [...(rows.get(key) ?? []), row]);
      }
    }
    return rows;
  }

  private told(): string | undefined {
    return this.back.hasCompanion === true ? this.companions.entry(this.path) : undefined;
  }

  private keyOf({ key, tuple }: FileChange): RowKey | null {
    if (this.isOne) return this.path;
    return key ?? (tuple === null ? null : this.back.placeOf(tuple, [this.path]).key);
  }

  private settle(change: FileChange, did: FileOutcome['did'], key?: RowKey): void {
    const own = key ?? change.key ?? this.keyOf(change);
    this.outcomes.set(change, { change, path: this.path, key: own, did, error: null });
  }

  private refuse(change: FileChange, error: StockroomError): void {
    this.outcomes.set(change, { change, path: this.path, key: change.key, did: 'refused', error });
  }
}
