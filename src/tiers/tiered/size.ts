import { types } from 'node:util';
import {
  arrayBytes,
  BOXED_NUMBER,
  bufferBytes,
  dateBytes,
  FAST_PROPERTIES,
  isSmallInteger,
  objectBytes,
  primitiveBytes,
  stringBytes,
  tableBytes,
  viewBytes,
} from './size-layout.ts';

/** A value that holds no more than so many others is counted in full. */
export const MAX_COUNTED = 10_000;
/** What is looked at in all in a larger one. */
export const MAX_SAMPLED = 40_000;
/** What is looked at on each level of a larger one. */
const SAMPLES = 2500;
/** Children of one object that are all looked at while its samples last. */
const FULL_VIEW = 32;
/** Spreads samples evenly without falling in step with a pattern in an array: the golden ratio. */
const GOLDEN = 0.618_033_988_749_895;

/**
 * The memory that a value takes, in bytes: an estimate, and at least 1. The sum, by size-layout.ts, of every object
 * with its slots (8 bytes a property or element), every string (16 bytes and 1 or 2 a character), every number that is
 * no 32-bit integer (16 bytes; none in an array that holds numbers only, unless it is frozen), the tables of Maps and
 * Sets, and the whole buffer of a typed array. Keys count in objects of more than 127 properties; in smaller ones they
 * are shared. What is met twice counts once.
 *
 * A value that holds more than `MAX_COUNTED` others is judged by samples, `SAMPLES` of them on each level: a container
 * shares its own among its children or, when they are too many, among some that are spread over it and stand for all
 * (in Maps and Sets: the first ones). `MAX_SAMPLED` bounds them; what is nested deeper than they reach is left out. The
 * time taken grows with the value only where the keys of a large object are listed, and where a long two-byte string is
 * searched for wide characters.
 *
 * Adding a property never lowers the estimate of a value that is counted in full.
 */
export function estimateBytes(value: unknown): number {
  const full = new Count(false);
  full.run(value);
  if (full.complete) return Math.max(1, Math.ceil(full.bytes));
  const sampled = new Count(true);
  sampled.run(value);
  // What was counted is there for certain.
  return Math.ceil(Math.max(full.bytes, sampled.bytes));
}

/** An object whose children are to be counted, how many objects it stands for, and its samples. */
interface Pending {
  readonly value: object;
  readonly weight: number;
  readonly samples: number;
}

/** The children of a container that are looked at, and what each of them stands for. */
interface Share {
  readonly visits: number;
  readonly weight: number;
  readonly samples: number;
}

class Count {
  bytes = 0;
  complete = true;
  private visits = 0;
  private readonly seen = new Set<object>();
  private readonly pending: Pending[] = [];
  private readonly sampling: boolean;

  constructor(sampling: boolean) {
    this.sampling = sampling;
  }

  run(root: unknown): void {
    this.child(root, 1, SAMPLES);
    for (let next = this.pending.pop(); next !== undefined && this.complete; next = this.pending.pop()) {
      this.container(next);
    }
  }

  private child(value: unknown, weight: number, samples: number): void {
    this.visits += 1;
    if (typeof value !== 'object' || value === null) {
      this.bytes += weight * primitiveBytes(value);
    } else if (!this.seen.has(value)) {
      this.seen.add(value);
      this.pending.push({ value, weight, samples });
    }
  }

  private container(parent: Pending): void {
    const { value, weight } = parent;
    if (Array.isArray(value)) this.array(value, parent);
    else if (types.isMap(value)) this.map(value, parent);
    else if (types.isSet(value)) this.set(value, parent);
    else if (types.isDate(value)) this.bytes += weight * dateBytes;
    else if (ArrayBuffer.isView(value)) this.view(value, parent);
    else if (types.isAnyArrayBuffer(value)) this.bytes += weight * bufferBytes(value.byteLength);
    else this.object(value as Record<string, unknown>, parent);
  }

  private array(items: readonly unknown[], parent: Pending): void {
    this.bytes += parent.weight * arrayBytes(items.length);
    const share = this.share(items.length, parent);
    let doubles = 0;
    // Freezing an array of doubles puts each of them in a box.
    let boxed = Object.isFrozen(items);
    for (let visit = 0; visit < share.visits; visit++) {
      const item = items[place(visit, share.visits, items.length)];
      if (typeof item === 'number') {
        this.visits += 1;
        if (!isSmallInteger(item)) doubles += 1;
      } else {
        boxed = true;
        this.child(item, share.weight, share.samples);
      }
    }
    if (boxed) this.bytes += share.weight * doubles * BOXED_NUMBER;
  }

  private object(value: Record<string, unknown>, parent: Pending): void {
    const keys = Object.keys(value);
    this.bytes += parent.weight * objectBytes(keys.length);
    const share = this.share(keys.length, parent);
    for (let visit = 0; visit < share.visits; visit++) {
      const key = keys[place(visit, share.visits, keys.length)] ?? '';
      if (keys.length > FAST_PROPERTIES) this.bytes += share.weight * stringBytes(key);
      this.child(value[key], share.weight, share.samples);
    }
  }

  private map(map: ReadonlyMap<unknown, unknown>, parent: Pending): void {
    this.bytes += parent.weight * tableBytes(map.size, 2);
    const share = this.share(map.size, parent);
    let visits = share.visits;
    for (const [key, item] of map) {
      if (visits-- <= 0) break;
      this.child(key, share.weight, share.samples / 2);
      this.child(item, share.weight, share.samples / 2);
    }
  }

  private set(set: ReadonlySet<unknown>, parent: Pending): void {
    this.bytes += parent.weight * tableBytes(set.size, 1);
    const share = this.share(set.size, parent);
    let visits = share.visits;
    for (const item of set) {
      if (visits-- <= 0) break;
      this.child(item, share.weight, share.samples);
    }
  }

  /** A view keeps its whole buffer in memory, however little of it it shows. */
  private view(view: ArrayBufferView, { weight, samples }: Pending): void {
    this.bytes += weight * viewBytes;
    this.child(view.buffer, weight, samples);
  }

  /** How a container with so many children goes about them; without sampling, whether it can be counted in full. */
  private share(children: number, { weight, samples }: Pending): Share {
    if (!this.sampling) {
      this.complete &&= this.visits + children <= MAX_COUNTED;
      return { visits: this.complete ? children : 0, weight, samples };
    }
    // The square root leaves as many samples to each child as there are children looked at.
    const most = Math.max(1, Math.min(FULL_VIEW, samples), Math.sqrt(samples));
    const visits = this.visits > MAX_SAMPLED ? 0 : Math.min(children, Math.floor(most));
    if (visits === 0) return { visits, weight: 0, samples: 0 };
    return { visits, weight: (weight * children) / visits, samples: samples / visits };
  }
}

/** Which of `children` the `visit`-th of `visits` looks at: each in its own part of them. */
function place(visit: number, visits: number, children: number): number {
  if (visits === children) return visit;
  return Math.min(children - 1, Math.floor(((visit + ((visit * GOLDEN) % 1)) * children) / visits));
}
