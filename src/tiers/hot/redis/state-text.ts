import { randomBytes } from 'node:crypto';
import type { StandingState, StateContent } from '../port.ts';
import { INCARNATION_LENGTH } from './session.ts';

/**
 * How a state stands in Redis: `S`, the version of this form, the incarnation of the server that it was written to, a kind (`V`
 * value, `D` deletion, `C` claim), then the version, the expiry and the time of the confirmation as decimals of 16 digits, so that
 * they compare as texts; then the body. A claim has the version 0 and something random in the place of its expiry.
 */
const FORM = 'S1';
const NUMBER_LENGTH = 16;
const KIND_AT = FORM.length + INCARNATION_LENGTH;
const VERSION_AT = KIND_AT + 1;
const EXPIRY_AT = VERSION_AT + NUMBER_LENGTH;
const CONFIRMED_AT = EXPIRY_AT + NUMBER_LENGTH;
export const STATE_HEADER_LENGTH = CONFIRMED_AT + NUMBER_LENGTH;
const NEVER = '9'.repeat(NUMBER_LENGTH);
/** In place of the incarnation while the server that has the key is not connected: it is not believed. */
const NOBODY = '0'.repeat(INCARNATION_LENGTH);

export function digits(value: number): string {
  return String(Math.max(0, Math.floor(value))).padStart(NUMBER_LENGTH, '0');
}

export function expiryDigits(expiresAtMs: number | undefined): string {
  return expiresAtMs === undefined ? NEVER : digits(expiresAtMs);
}

/** What stands before the kind. */
export function stateHead(incarnation: string | undefined): string {
  return FORM + (incarnation ?? NOBODY);
}

export function stateText(content: StateContent, incarnation: string | undefined): string {
  const { kind, version, expiresAtMs, confirmedAtMs, body } = content;
  const numbers = digits(version) + expiryDigits(expiresAtMs) + digits(confirmedAtMs);
  return stateHead(incarnation) + (kind === 'value' ? 'V' : 'D') + numbers + body;
}

export function newStateClaim(incarnation: string | undefined): string {
  return `${stateHead(incarnation)}C${digits(0)}${randomBytes(NUMBER_LENGTH / 2).toString('hex')}${digits(0)}`;
}

/** What the text of a key means. Undefined: another form, or another program. */
export function standingOf(
  text: string,
  incarnation: string | undefined,
): StandingState | { readonly kind: 'claim' } | undefined {
  if (text.length < STATE_HEADER_LENGTH || !text.startsWith(FORM)) return undefined;
  const kind = text[KIND_AT];
  if (kind === 'C') return { kind: 'claim' };
  if (kind !== 'V' && kind !== 'D') return undefined;
  const expiry = text.slice(EXPIRY_AT, CONFIRMED_AT);
  return {
    kind: kind === 'V' ? 'value' : 'deleted',
    version: Number(text.slice(VERSION_AT, EXPIRY_AT)),
    body: text.slice(STATE_HEADER_LENGTH),
    expiresAtMs: expiry === NEVER ? undefined : Number(expiry),
    confirmedAtMs: Number(text.slice(CONFIRMED_AT, STATE_HEADER_LENGTH)),
    token: text.slice(0, STATE_HEADER_LENGTH),
    believed: incarnation !== undefined && text.startsWith(incarnation, FORM.length),
  };
}
