import type { Lease, Leases } from '../port.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';
import { unique } from './unique.ts';

export function createLeases(space: Space): Synchronous<Leases> {
  const isHeld = ({ key, token }: Lease): boolean => space.get(key, 'lease')?.token === token;
  return {
    acquire: (key, lifeMs) => {
      if (space.get(key, 'lease') !== undefined) return undefined;
      const token = unique('L');
      space.set(key, { kind: 'lease', token }, space.now() + lifeMs);
      return { key, token, fence: space.fence() };
    },
    renew: (lease, lifeMs) => isHeld(lease) && space.expire(lease.key, space.now() + lifeMs),
    release: (lease) => isHeld(lease) && space.delete(lease.key),
  };
}
