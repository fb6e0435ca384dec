import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../../core/errors.ts';
import { members } from '../../../legacy/json-files/document.ts';
import {
  editObject,
  encoded,
  fromBytes,
  type Layout,
  layoutOf,
  toBytes,
  valueOf,
  wholeObject,
} from './object-text.ts';
import { notWritable, Replacement } from './replace-file.ts';

const NAME = 'metadata.json';
const usual: Layout = { indent: '  ', compact: false, ascii: true };

/** The key of a file in its companion. */
export const stemOf = (path: string): string => basename(path).replace(/\.json$/, '');

/** The files beside price files that say of each what was asked for: read once, written once when all is known. */
export class Companions {
  private readonly directory: string;
  private readonly pending = new Map<string, Map<string, string | null>>();
  private readonly read = new Map<string, string | null>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The entry of a file; undefined when it has none. */
  entry(path: string): string | undefined {
    const changed = this.pending.get(dirname(path))?.get(stemOf(path));
    if (changed !== undefined) return changed ?? undefined;
    const document = this.document(dirname(path));
    const span = document === null ? null : wholeObject(document);
    return span === null ? undefined : valueOf(document!, span, stemOf(path));
  }

  set(path: string, entry: string | null): void {
    if (this.entry(path) === (entry ?? undefined)) return;
    const folder = dirname(path);
    const changes = this.pending.get(folder) ?? new Map<string, string | null>();
    this.pending.set(folder, changes.set(stemOf(path), entry));
  }

  /** Whether the entry of a file was set and not written yet. */
  isPending(path: string): boolean {
    return this.pending.get(dirname(path))?.has(stemOf(path)) === true;
  }

  /** @throws StockroomError SOURCE_NOT_WRITABLE; what was not written is pending still */
  write(): void {
    for (const [folder, changes] of this.pending) {
      const document = this.document(folder) ?? '{}';
      const span = wholeObject(document);
      const file = join(this.directory, folder, NAME);
      if (span === null) throw notWritable(file, 'it is no JSON object: repair it or take it away');
      const layout = { ...usual, ...layoutOf(document, span) };
      const edits = new Map([...changes].map(([stem, text]) => [stem, text === null ? null : encoded(text)]));
      Replacement.write(file, toBytes(editObject(document, span, edits, layout))).commit();
      this.read.delete(folder);
      this.pending.delete(folder);
    }
  }

  private document(folder: string): string | null {
    const known = this.read.get(folder);
    if (known !== undefined) return known;
    const document = readIfThere(join(this.directory, folder, NAME));
    this.read.set(folder, document);
    return document;
  }
}

/** A file as a document; null when it is not there. */
export function readIfThere(file: string): string | null {
  try {
    return fromBytes(readFileSync(file));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** An entry as the reader of the files takes it. */
export const membersOf = (entry: string): ReadonlyMap<string, string> => new Map(members(entry) ?? []);
