import { StockroomError } from '../../../core/errors.ts';
import type { Entry, StandingState } from '../port.ts';
import { textBytes } from './bytes.ts';
import type { Fields } from './fields.ts';
import type { Members } from './members.ts';
import type { Ranking } from './ranking.ts';

/** What stands at a key. */
export type Value =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'text'; readonly text: string }
  | Fields
  | Members
  | Ranking
  | { readonly kind: 'epoch'; readonly epoch: string }
  | { readonly kind: 'lease'; readonly token: string }
  | { readonly kind: 'state'; readonly state: StandingState | StateClaim }
  | Backlog;

export type ValueOf<K extends Value['kind']> = Extract<Value, { readonly kind: K }>;

export interface StateClaim {
  readonly kind: 'claim';
  readonly token: string;
}

/**
 * What was taken out of a bucket and is not filled up yet: at `atMs`, the next `aheadMs` of filling. Together they are the
 * theoretical arrival time of the algorithm; apart they stay exact, where a time since 1970 has room for a quarter of a
 * microsecond.
 */
export interface Backlog {
  readonly kind: 'backlog';
  readonly atMs: number;
  readonly aheadMs: number;
}

const BACKLOG_BYTES = 32;

/** An estimate of the memory that a value holds. */
export function bytesOf(value: Value): number {
  switch (value.kind) {
    case 'entry':
      return textBytes(value.entry.version, value.entry.kind === 'value' ? value.entry.body : '');
    case 'text':
      return textBytes(value.text);
    case 'epoch':
      return textBytes(value.epoch);
    case 'lease':
      return textBytes(value.token);
    case 'state':
      return textBytes(value.state.token, value.state.kind === 'claim' ? '' : value.state.body);
    case 'backlog':
      return BACKLOG_BYTES;
    case 'hash':
    case 'set':
    case 'ranking':
      return value.bytes;
  }
}

/** The error of an operation on a key where something of another kind stands. */
export function wrongKind(key: string, found: Value['kind'], expected: string): StockroomError {
  return new StockroomError(
    'HOT_REFUSED',
    `At the key ${key} stands something of the kind "${found}", and "${expected}" was expected. ` +
      'Drop it first, or use another key.',
    { details: { key, found, expected } },
  );
}
