import { randomBytes } from 'node:crypto';

const processPart = randomBytes(6).toString('base64url');
let made = 0;

/** A text that was never given before, whatever it is for. `kind` is one letter that tells a reader what it is for. */
export function unique(kind: string): string {
  made += 1;
  return `${kind}${processPart}${made.toString(36)}`;
}
