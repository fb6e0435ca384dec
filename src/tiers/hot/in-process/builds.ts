import { companionKey } from '../keys.ts';
import type { Space } from './space.ts';
import { unique } from './unique.ts';

/** The builds of projections: an epoch in the companion key of the projection, which ends with it. */
export interface Builds {
  /** @returns the epoch */
  begin(key: string, lifeMs: number): string;
  isCurrent(key: string, epoch: string): boolean;
  isRunning(key: string): boolean;
  end(key: string): void;
}

export function createBuilds(space: Space, prefix: string): Builds {
  const epochKey = (key: string): string => companionKey(prefix, 'epoch', key);
  return {
    begin: (key, lifeMs) => {
      const epoch = unique('E');
      space.set(epochKey(key), { kind: 'epoch', epoch }, space.now() + lifeMs);
      return epoch;
    },
    isCurrent: (key, epoch) => space.get(epochKey(key), 'epoch')?.epoch === epoch,
    isRunning: (key) => space.get(epochKey(key), 'epoch') !== undefined,
    end: (key) => {
      space.delete(epochKey(key));
    },
  };
}
