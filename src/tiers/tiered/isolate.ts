/**
 * Two ways to give a cached value to many readers without one of them changing it for the others: freeze it once, or
 * give every reader a copy.
 */
import { StockroomError } from '../../core/errors.ts';
import { isPlainArray, isPlainObject } from './plain.ts';

/**
 * Freezes plain objects and arrays to the bottom, in place. Nothing else is touched.
 *
 * @returns whether nothing in the value can change any more. False when it holds what freezing does not protect (Date,
 *   Map, Set, typed arrays, ArrayBuffer, functions, instances of classes, accessors): copy it for every reader instead.
 */
export function deepFreeze(value: unknown): boolean {
  const seen = new Set<object>();
  let immutable = meet(value, seen);
  // A Set gives what is added to it meanwhile: no stack that a deep value could exhaust, and cycles end.
  for (const item of seen) {
    Object.freeze(item);
    const frozen = Array.isArray(item) ? meetItems(item, seen) : meetProperties(item, seen);
    immutable &&= frozen;
  }
  return immutable;
}

/** Puts a value that can be frozen in line; false when it can change and cannot be frozen. */
function meet(value: unknown, seen: Set<object>): boolean {
  if (typeof value === 'function') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (!isPlainArray(value) && !isPlainObject(value)) return false;
  seen.add(value);
  return true;
}

/**
 * Only an array that shows named properties, or holes, is looked at like an object: that takes ten times as long.
 */
function meetItems(items: readonly unknown[], seen: Set<object>): boolean {
  if (Object.keys(items).length !== items.length) return meetProperties(items, seen);
  let immutable = true;
  for (const item of items) if (!meet(item, seen)) immutable = false;
  return immutable;
}

function meetProperties(value: object, seen: Set<object>): boolean {
  let immutable = true;
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    // An accessor has no value: nobody knows what it gives the next time.
    if (property?.get !== undefined || property?.set !== undefined || !meet(property?.value, seen)) {
      immutable = false;
    }
  }
  return immutable;
}

/**
 * A deep copy, by the structured clone algorithm: functions and symbols are refused, a class and a null prototype are lost.
 * @throws StockroomError INVALID_INPUT when the value cannot be copied
 */
export function cloneValue<T>(value: T): T {
  try {
    return structuredClone(value);
  } catch (error) {
    throw new StockroomError(
      'INVALID_INPUT',
      'a cached value cannot be copied for its readers: it holds a function, a symbol or the like, or is nested too deep',
      { cause: error },
    );
  }
}
