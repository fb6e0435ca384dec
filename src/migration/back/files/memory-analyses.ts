import { members, scalar } from '../../../legacy/json-files/document.ts';
import type { RowKey } from '../../ledger.ts';
import { memoryAnalyses } from '../../sources/memory-analyses.ts';
import type { LoadedTuple } from '../table-back.ts';
import type { Built, Building, FileBack, FileChange, Verdict } from './file-back.ts';
import { fileStyle } from './file-style.ts';
import { decoded, editObject, encoded, valueOf, wholeObject } from './object-text.ts';
import { placed } from './places.ts';
import { extraText, loadsAs, memberChange, type Writing } from './value-text.ts';

const SYMBOL = 0;
const usual = {
  example: '{"symbol": "", "agent_type": "", "result": {"score": 0.0, "signals": []}, "timestamp": ""}',
  indent: null,
};
/** Lines at either end of a file from which its style is learnt. */
const LEARNT_LINES = 200;

/**
 * `cache/memory/analyses_<SYMBOL>.jsonl`: one analysis a line, known by its number.
 */
export const memoryAnalysesBack: FileBack = {
  source: memoryAnalyses,
  besides: [],
  placeOf(tuple, existing) {
    const name = `analyses_${String(tuple.values[SYMBOL])}.jsonl`;
    return { path: placed('cache/memory', name, existing), key: null };
  },
  build: (building) => [new Lines(building).build()],
};

class Lines {
  private readonly building: Building;
  private readonly lines: string[];
  private readonly writing: Writing;
  private readonly keys = new Map<FileChange, RowKey>();
  private readonly verdicts = new Map<FileChange, Verdict>();
  private readonly taken = new Set<number>();

  constructor(building: Building) {
    this.building = building;
    const { document, context } = building;
    this.lines = document === null || document === '' ? [] : document.split('\n');
    // Behind the last line's end there is nothing; a line that breaks off is ended before another follows.
    if (this.lines.at(-1) === '') this.lines.pop();
    const ends =
      this.lines.length <= 2 * LEARNT_LINES
        ? this.lines
        : [...this.lines.slice(0, LEARNT_LINES), ...this.lines.slice(-LEARNT_LINES)];
    const style = fileStyle(
      memoryAnalyses,
      ends.filter((line) => wholeObject(line) !== null),
      usual,
    );
    this.writing = { style, zones: context.timezones, depth: 0, anew: context.anew === true };
  }

  build(): Built {
    const { changes, document } = this.building;
    const before = this.lines.length;
    for (const change of changes) if (change.key !== null) this.change(change, Number(change.key));
    for (const change of changes) if (change.key === null && change.tuple !== null) this.append(change);
    const breaksOff = document !== null && document !== '' && !document.endsWith('\n');
    const ended = this.lines.length === before && breaksOff ? '' : '\n';
    return {
      document: this.lines.length === 0 ? '' : this.lines.join('\n') + ended,
      keys: this.keys,
      verdicts: this.verdicts,
    };
  }

  private change(change: FileChange, number: number): void {
    const at = number - 1;
    const there = this.lines[at];
    if (change.tuple === null) {
      if (there !== undefined) this.lines[at] = '';
    } else if (there !== undefined) this.lines[at] = this.line(there, change.tuple);
    else this.append(change);
  }

  private append(change: FileChange): void {
    const adopted = this.adopted(change.tuple!);
    if (adopted !== null) {
      this.taken.add(adopted);
      this.keys.set(change, BigInt(adopted + 1));
      this.verdicts.set(change, 'unchanged');
      return;
    }
    this.lines.push(this.line('', change.tuple!));
    this.keys.set(change, BigInt(this.lines.length));
  }

  private line(there: string, tuple: LoadedTuple): string {
    const text = wholeObject(there) === null ? '{}' : there;
    const span = wholeObject(text)!;
    const { style, anew } = this.writing;
    const layout = { ...style.layout, indent: null };
    const edits = new Map<string, string | null>();
    memoryAnalyses.columns.forEach((column, index) => {
      const present = valueOf(text, span, column.name);
      const change = memberChange(column, tuple, tuple.values[index]!, present, this.writing);
      if (change !== undefined) edits.set(column.name, change === null ? null : encoded(change));
    });
    for (const [name, slice] of members(tuple.extra ?? '{}') ?? []) {
      if (span.members.some((one) => one.name === name) && !anew) continue;
      edits.set(name, encoded(extraText(name, slice, tuple, this.writing)));
    }
    return editObject(text, span, edits, layout);
  }

  /** A line that is nobody's and says what is to be appended. */
  private adopted(tuple: LoadedTuple): number | null {
    const { adopt } = this.building.context;
    if (adopt === undefined) return null;
    const found = this.lines.findIndex(
      (line, at) => !this.taken.has(at) && adopt(BigInt(at + 1)) && this.says(line, tuple),
    );
    return found === -1 ? null : found;
  }

  private says(line: string, tuple: LoadedTuple): boolean {
    const span = wholeObject(line);
    if (span === null) return false;
    const slices = new Map(members(decoded(line)) ?? []);
    return memoryAnalyses.columns.every((column, index) => {
      const slice = slices.get(column.name);
      const value = column.kind === 'json' ? (slice ?? null) : scalar(slice);
      return loadsAs(column, value, tuple.values[index]!, this.writing.zones);
    });
  }
}
