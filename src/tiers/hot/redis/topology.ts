import type { RedisNode } from './node.ts';

/** Which servers there are, and which of them has a key. */
export interface Topology {
  readonly kind: 'standalone' | 'cluster' | 'sentinel';
  /** For people; never with a password. */
  readonly location: string;
  /** Servers that hold keys, now. */
  readonly nodes: readonly RedisNode[];
  /** Servers that anything is read from: copies are trusted while the streams of all of them are. */
  readonly streams: readonly RedisNode[];
  /** @throws StockroomError HOT_UNAVAILABLE while nobody is known to have it */
  nodeOf(key: string): RedisNode;
  /** Resolves when all of it is connected, or has failed to be, for so long at the most. */
  settled(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What a topology tells to whom it serves. */
export interface TopologyListener {
  /** Null: every key. */
  invalidated(key: string | null): void;
  /** A server came or went or gave a sign of life, or keys moved from one to another (`moved`). */
  changed(moved: boolean): void;
}
