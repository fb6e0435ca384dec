import { channel } from './diagnostics.ts';

/** The breaker of one Redis server moved. */
export interface HotBreaker {
  readonly location: string;
  readonly state: 'closed' | 'open' | 'half-open';
}

/** A connection to a Redis server came up or went down. */
export interface HotConnection {
  readonly location: string;
  readonly up: boolean;
  /** Why it went down; absent when it came up. */
  readonly reason: string | undefined;
  /** How writes of others are learnt on it; absent when it went down. */
  readonly invalidation: 'tracking' | 'messages' | undefined;
}

/** A call to Redis failed: not sent, timed out, or refused. */
export interface HotFailure {
  readonly location: string;
  readonly code: string;
}

export const hotBreaker = channel<HotBreaker>('stockroom:hot:breaker');
export const hotConnection = channel<HotConnection>('stockroom:hot:connection');
export const hotFailure = channel<HotFailure>('stockroom:hot:failure');
