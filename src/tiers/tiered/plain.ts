/** How many prototypes stand above a value. Unlike `instanceof`, it holds for values of another realm (`node:vm`) too. */
export function prototypeDepth(value: object): number {
  let depth = 0;
  let prototype: unknown = Object.getPrototypeOf(value);
  while (prototype !== null) {
    depth += 1;
    prototype = Object.getPrototypeOf(prototype);
  }
  return depth;
}

/** An object that a literal, JSON.parse or Object.create(null) makes: what it holds is its own properties and no more. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // Object.prototype of another realm: the objects that fetch() gives inside a test runner's sandbox, for one.
  return prototypeDepth(value) === 1 && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

/** An array of no subclass; the Array.prototype of any realm is itself an array. */
export function isPlainArray(value: object): value is unknown[] {
  return Array.isArray(value) && Array.isArray(Object.getPrototypeOf(value));
}
