/** What happened in one run, by the clock of `performance.now()`: every process is in this one, so there is one clock. */
export interface Value {
  /** Unique in the run. */
  readonly id: number;
  readonly key: string;
  /** A write of the value ended then; a factory looked then. */
  readonly madeAt: number;
}

/** A set, delete, deleteByTag or clear that ended every value of the key made before it began. */
export interface Ending {
  readonly what: string;
  readonly process: number;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** The value that it put there itself. */
  readonly value: number | undefined;
}

export interface Read {
  readonly what: string;
  readonly process: number;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** Undefined: a miss, which a cache may always have. */
  readonly value: number | undefined;
}

/**
 * What the caches did, and what the model forbids of it: a read must not give a value that an acknowledged write had ended, if it
 * began later than the bound after the acknowledgement; in the process that wrote, later than the acknowledgement.
 */
export class History {
  readonly values = new Map<number, Value>();
  readonly endings: Ending[] = [];
  readonly reads: Read[] = [];
  /** Faults, for who has to find out what happened. */
  readonly notes: { readonly what: string; readonly from: number; readonly to: number }[] = [];
  #next = 0;

  newValue(): number {
    this.#next += 1;
    return this.#next;
  }

  /** @returns what is forbidden, in words */
  faults(boundMs: number): string[] {
    return this.reads.flatMap((read) => {
      if (read.value === undefined) return [];
      const value = this.values.get(read.value);
      if (value === undefined) return [`${this.#told(read)}: nobody made that value`];
      if (value.key !== read.key) return [`${this.#told(read)}: it is of ${value.key}`];
      const ending = this.endings.find((one) => this.#forbids(one, value, read, boundMs));
      if (ending === undefined) return [];
      const late = Math.round(read.from - ending.to);
      return [
        `${this.#told(read)}, made at ${Math.round(value.madeAt)}, but process ${ending.process} did ${ending.what} from ` +
          `${Math.round(ending.from)} to ${Math.round(ending.to)}: ${late} ms before\n` +
          this.story(read.key, value.madeAt - 100),
      ];
    });
  }

  #forbids(ending: Ending, value: Value, read: Read, boundMs: number): boolean {
    if (ending.key !== read.key || ending.value === value.id || value.madeAt >= ending.from) return false;
    return read.from > ending.to + (ending.process === read.process ? 0 : boundMs);
  }

  /** All that happened around a key from a time on, in order. */
  story(key: string, from: number): string {
    const lines = [
      ...this.notes.map((note) => [note.from, note.to, note.what] as const),
      ...this.endings
        .filter((one) => one.key === key)
        .map((one) => [one.from, one.to, `process ${one.process} ${one.what} ${one.value ?? ''}`] as const),
      ...this.reads
        .filter((one) => one.key === key)
        .map((one) => [one.from, one.to, `process ${one.process} ${one.what}: ${one.value}`] as const),
    ];
    return lines
      .filter(([, to]) => to >= from)
      .sort(([one], [other]) => one - other)
      .map(([begin, end, what]) => `${Math.round(begin)}-${Math.round(end)} ${what}`)
      .join('\n');
  }

  #told(read: Read): string {
    const times = `${Math.round(read.from)} to ${Math.round(read.to)}`;
    return `process ${read.process} did ${read.what} of ${read.key} from ${times} and got ${read.value}`;
  }
}
