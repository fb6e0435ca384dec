/**
 * What an answer may be, known from what was sent and what was acknowledged. Times are those of `performance.now()` in the one
 * process that sends and reads, so that they can be compared.
 */

/** When a read was sent, and when its answer was there. */
export interface Span {
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Verdict {
  /** What is wrong with the answer. */
  readonly wrong?: string;
  /** How long what was given had been written over, acknowledged, when it was asked for; 0: it had not. */
  readonly staleMs: number;
}

const FINE: Verdict = Object.freeze({ staleMs: 0 });

/** A value that one writer writes over and over, one write after the other: version 1, 2, 3, … */
export class Register {
  readonly name: string;
  readonly #sentAt: number[] = [];
  readonly #ackedAt: (number | undefined)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** @returns the version to write; it may be seen from now on */
  send(now: number): number {
    return this.#sentAt.push(now);
  }

  acknowledge(version: number, now: number): void {
    this.#ackedAt[version - 1] ??= now;
  }

  get sent(): number {
    return this.#sentAt.length;
  }

  /** The newest version that was acknowledged; 0: none was. */
  get acknowledged(): number {
    return this.#ackedAt.findLastIndex((at) => at !== undefined) + 1;
  }

  /**
   * @param version what was read; 0: nothing was there
   * @param boundMs how long after its acknowledgement a write may go unseen
   */
  check(version: number, { startedAt, endedAt }: Span, boundMs: number): Verdict {
    const sentAt = this.#sentAt[version - 1];
    if (version !== 0 && (sentAt === undefined || sentAt > endedAt)) {
      return { staleMs: 0, wrong: `${this.name}: version ${version} was not sent when it was read` };
    }
    const next = this.#ackedAt.findIndex((at, index) => index >= version && at !== undefined);
    const overAt = this.#ackedAt[next];
    const staleMs = Math.max(0, overAt === undefined ? 0 : startedAt - overAt);
    if (staleMs <= boundMs) return staleMs === 0 ? FINE : { staleMs };
    const found = version === 0 ? 'nothing' : `version ${version}`;
    const late = `${Math.round(staleMs)} ms after version ${next + 1} was acknowledged`;
    return { staleMs, wrong: `${this.name}: ${found} was given ${late}, and ${boundMs} ms are promised` };
  }
}

/** US dollars in units of 10^-18, the smallest that are taken. */
export function moneyOf(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(18, '0'));
}

export interface Total {
  readonly cost: bigint;
  readonly count: number;
}

/** A sum that only grows. */
export class Sum {
  readonly name: string;
  #sent: Total = { cost: 0n, count: 0 };
  #acknowledged: Total = { cost: 0n, count: 0 };

  constructor(name: string) {
    this.name = name;
  }

  send({ cost, count }: Total): void {
    this.#sent = { cost: this.#sent.cost + cost, count: this.#sent.count + count };
  }

  acknowledge({ cost, count }: Total): void {
    this.#acknowledged = { cost: this.#acknowledged.cost + cost, count: this.#acknowledged.count + count };
  }

  get sent(): Total {
    return this.#sent;
  }

  get acknowledged(): Total {
    return this.#acknowledged;
  }

  /** @param floor what was acknowledged when it was asked for; what was sent until now is the most that there may be */
  check({ cost, count }: Total, floor: Total): Verdict {
    if (cost < floor.cost || count < floor.count) {
      return {
        staleMs: 0,
        wrong: `${this.name}: ${count} (${cost}) of ${floor.count} (${floor.cost}) acknowledged`,
      };
    }
    if (cost > this.#sent.cost || count > this.#sent.count) {
      return {
        staleMs: 0,
        wrong: `${this.name}: ${count} (${cost}) of ${this.#sent.count} (${this.#sent.cost}) ever sent`,
      };
    }
    return FINE;
  }
}

interface Entry<T> {
  readonly content: T;
  readonly sentAt: number;
  ackedAt: number | undefined;
}

/** What is only added to: each thing has an id, and is written once. */
export class Journal<T> {
  readonly name: string;
  readonly #entries = new Map<string, Entry<T>>();
  /** In the order of their acknowledgement. */
  readonly #acknowledged: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  send(id: string, content: T, now: number): void {
    if (this.#entries.has(id)) throw new Error(`${this.name}: ${id} is sent a second time`);
    this.#entries.set(id, { content, sentAt: now, ackedAt: undefined });
  }

  acknowledge(id: string, now: number): void {
    const entry = this.#entries.get(id)!;
    if (entry.ackedAt !== undefined) return;
    entry.ackedAt = now;
    this.#acknowledged.push(id);
  }

  get acknowledged(): readonly string[] {
    return this.#acknowledged;
  }

  get sent(): number {
    return this.#entries.size;
  }

  content(id: string): T | undefined {
    return this.#entries.get(id)?.content;
  }

  /** @param found whether the thing of that id was there, and was what was sent */
  check(id: string, found: 'same' | 'other' | 'absent', { startedAt }: Span): Verdict {
    if (found === 'same') return FINE;
    if (found === 'other') return { staleMs: 0, wrong: `${this.name}: ${id} is not what was written` };
    const ackedAt = this.#entries.get(id)?.ackedAt;
    if (ackedAt === undefined || ackedAt > startedAt) return FINE;
    return { staleMs: 0, wrong: `${this.name}: ${id} is lost, ${Math.round(startedAt - ackedAt)} ms later` };
  }

  /**
   * A whole list, all pages of it: no gap, nothing twice, nothing that was never sent.
   * @param ids what it held, in its order
   * @param isIn which of the things belong to the list
   * @param sinceAt nothing that was acknowledged earlier belongs to it
   */
  checkList(
    ids: readonly string[],
    { startedAt, endedAt }: Span,
    isIn: (content: T) => boolean,
    sinceAt = 0,
  ): Verdict {
    const wrong = (what: string): Verdict => ({ staleMs: 0, wrong: `${this.name}: ${what}` });
    const listed = new Set(ids);
    if (listed.size < ids.length) {
      const twice = ids.find((id, index) => ids.indexOf(id) < index)!;
      return wrong(`the list has ${twice} twice`);
    }
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry === undefined || entry.sentAt > endedAt)
        return wrong(`the list has ${id}, which was not sent`);
      if (!isIn(entry.content)) return wrong(`the list has ${id}, which does not belong to it`);
    }
    for (let index = this.#acknowledged.length - 1; index >= 0; index -= 1) {
      const id = this.#acknowledged[index]!;
      const { content, ackedAt } = this.#entries.get(id)!;
      if (ackedAt! < sinceAt) break;
      if (ackedAt! <= startedAt && isIn(content) && !listed.has(id)) return wrong(`the list lacks ${id}`);
    }
    return FINE;
  }
}
