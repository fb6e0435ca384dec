import { channel } from './diagnostics.ts';

/** One statement that carried short-lived state to PostgreSQL. */
export interface StateFlush {
  /** PostgreSQL has them now, or had a newer one. */
  readonly rows: number;
  readonly durationMs: number;
  /** How long the oldest of them had waited. */
  readonly oldestMs: number;
  /** They stay queued and are tried again. */
  readonly failed: number;
  /** SQLSTATE or error code; absent when it succeeded. */
  readonly errorCode: string | undefined;
}

/** PostgreSQL refused one value for what it is: Redis alone has it. The key may be a secret of a user: not for a log. */
export interface StateRefused {
  readonly family: string;
  readonly key: string;
  readonly sqlState: string;
}

export const stateFlush = channel<StateFlush>('stockroom:state:flush');
export const stateRefused = channel<StateRefused>('stockroom:state:refused');
