/**
 * JSON with tags, for what JSON cannot say: `{"$":["Date",0]}` is a Date. A tag is an object whose only property is
 * `$`: an array of a name and what belongs to it. An object that has a property `$` of its own is written in a tag,
 * `{"$":["Object",{"$":1}]}`, so that nothing in a value can be taken for a tag.
 */
import { types } from 'node:util';
import { StockroomError } from '../../core/errors.ts';
import {
  bigintTag,
  isPlainNumber,
  numberTag,
  objectTag,
  type Tag,
  undefinedTag,
  unreadable,
  valueOfTag,
} from './codec-kinds.ts';
import { isPlainArray, isPlainObject, prototypeDepth } from './plain.ts';

/** How deep objects, arrays, Maps and Sets may stand in one another: JSON.stringify recurses, and stacks end. */
export const MAX_DEPTH = 500;
/** Characters of a path that an error shows. */
const PATH_MAX_LENGTH = 200;

type Properties = Record<string, unknown>;
/** A property of an object, or the place in an array, a Set or the entries of a Map. */
type Step = string | number;

/**
 * The value as JSON.stringify may have it.
 * @throws StockroomError INVALID_INPUT naming the path of what cannot be stored: `$.a[3].b`
 */
export function toTagged(value: unknown): unknown {
  return new TaggedWriter().write(value);
}

/**
 * The value of what JSON.parse gave, which is changed in place.
 * @throws StockroomError INVALID_INPUT when it holds something that `toTagged` does not write
 */
export function fromTagged(value: unknown): unknown {
  return read(value, 0);
}

class TaggedWriter {
  private readonly path: Step[] = [];
  private readonly ancestors = new Set<object>();

  write(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return isPlainNumber(value) ? value : { $: numberTag(value) };
      case 'bigint':
        return { $: bigintTag(value) };
      case 'undefined':
        return { $: undefinedTag };
      case 'object':
        return value === null ? null : this.writeObject(value);
      case 'symbol':
      case 'function':
        throw this.refusal(`a ${typeof value}`);
    }
  }

  private writeObject(value: object): unknown {
    const tag = objectTag(value);
    if (tag !== undefined) return { $: tag };
    if (this.ancestors.has(value)) throw this.refusal('an object that holds itself');
    if (this.ancestors.size >= MAX_DEPTH) throw this.refusal(`more than ${MAX_DEPTH} levels`);
    this.ancestors.add(value);
    const written = this.writeContainer(value);
    this.ancestors.delete(value);
    return written;
  }

  private writeContainer(value: object): unknown {
    if (isPlainArray(value)) return this.writeArray(value);
    if (isPlainObject(value)) return this.writePlainObject(value);
    // Instances of their subclasses have more prototypes than two.
    if (prototypeDepth(value) === 2) {
      if (types.isMap(value)) return { $: this.writeMap(value) };
      if (types.isSet(value)) return { $: this.writeSet(value) };
    }
    throw this.refusal(`an instance of ${className(value)}`);
  }

  private writeArray(value: readonly unknown[]): unknown[] {
    const named = Object.keys(value).find((key) => !/^\d+$/.test(key));
    if (named !== undefined) throw this.refusal('an array with a named property', named);
    return Array.from(value, (item, index) => this.writeAt(index, item));
  }

  private writePlainObject(value: object): unknown {
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.refusal('a property named by a symbol');
    // Without a prototype: a key `__proto__` is a property like any other.
    const written = Object.create(null) as Properties;
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) written[key] = this.writeAt(key, item);
    }
    return '$' in written ? { $: ['Object', written] satisfies Tag } : written;
  }

  private writeMap(value: ReadonlyMap<unknown, unknown>): Tag {
    const tag: Tag = ['Map'];
    let place = 0;
    for (const [key, item] of value) {
      this.path.push(place++);
      tag.push(this.writeAt(0, key), this.writeAt(1, item));
      this.path.pop();
    }
    return tag;
  }

  private writeSet(value: ReadonlySet<unknown>): Tag {
    const tag: Tag = ['Set'];
    for (const item of value) tag.push(this.writeAt(tag.length - 1, item));
    return tag;
  }

  private writeAt(step: Step, value: unknown): unknown {
    this.path.push(step);
    const written = this.write(value);
    this.path.pop();
    return written;
  }

  private refusal(what: string, ...further: Step[]): StockroomError {
    const path = pathText([...this.path, ...further]);
    return new StockroomError('INVALID_INPUT', `a cached value cannot hold ${what}, found at ${path}`, {
      details: { path },
    });
  }
}

function className(value: object): string {
  const constructor = (value as { constructor?: unknown }).constructor;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a class';
}

function pathText(path: readonly Step[]): string {
  let text = '$';
  for (const step of path) {
    if (text.length > PATH_MAX_LENGTH) return `${text.slice(0, PATH_MAX_LENGTH)}…`;
    const named = typeof step === 'string' && /^[A-Za-z_$][\w$]*$/.test(step);
    text += named ? `.${step}` : `[${JSON.stringify(step)}]`;
  }
  return text;
}

function read(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) throw unreadable(`it has more than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return readItems(value, 0, depth + 1);
  return Object.hasOwn(value, '$')
    ? readTag(value as { $: unknown }, depth)
    : readProperties(value, depth + 1);
}

function readItems(items: unknown[], from: number, depth: number): unknown[] {
  for (let index = from; index < items.length; index++) {
    const item = items[index];
    if (typeof item === 'object') items[index] = read(item, depth);
  }
  return items;
}

/** In place: every key is already the object's own, so that assigning even to `__proto__` sets no prototype. */
function readProperties(value: object, depth: number): object {
  const properties = value as Properties;
  for (const key of Object.keys(properties)) {
    const item = properties[key];
    if (typeof item === 'object') properties[key] = read(item, depth);
  }
  return value;
}

function readTag(value: { $: unknown }, depth: number): unknown {
  const tag = value.$;
  if (!isTag(tag) || Object.keys(value).length !== 1) throw unreadable('a tag in it is none');
  switch (tag[0]) {
    case 'Object':
      return readEscaped(tag[1], depth + 1);
    case 'Map':
      return readMap(readItems(tag, 1, depth + 1));
    case 'Set':
      return new Set(readItems(tag, 1, depth + 1).slice(1));
    default:
      return valueOfTag(tag);
  }
}

function isTag(value: unknown): value is Tag {
  return Array.isArray(value) && typeof value[0] === 'string';
}

function readEscaped(value: unknown, depth: number): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable('an object in it is none');
  }
  return readProperties(value, depth);
}

function readMap(tag: readonly unknown[]): Map<unknown, unknown> {
  if (tag.length % 2 === 0) throw unreadable('a Map in it has a key without a value');
  const map = new Map<unknown, unknown>();
  for (let index = 1; index < tag.length; index += 2) map.set(tag[index], tag[index + 1]);
  return map;
}
