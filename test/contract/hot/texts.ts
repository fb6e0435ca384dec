import * as fc from 'fast-check';

/** Every text that UTF-8 can hold: NUL and all planes of Unicode, no half of a surrogate pair. */
export const anyText = fc.string({ unit: 'binary', maxLength: 60 });

/** Texts that a careless driver takes for something else: an ending, a number, nothing, a name every object has. */
export const oddTexts: readonly string[] = [
  '',
  '\0',
  'a\0b',
  '\r\n',
  ' ',
  '0',
  '-1',
  'null',
  'undefined',
  '💹 ₹',
  '\ufeffmark',
  '\u{10ffff}',
  'constructor',
  '__proto__',
];
