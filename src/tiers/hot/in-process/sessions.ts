import type { Sessions } from '../port.ts';
import { Fields } from './fields.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';

/** A session is there as long as it has fields. */
export function createSessions(space: Space): Synchronous<Sessions> {
  /** The session, which lives on for `lifeMs` when one is given. */
  const visit = (key: string, lifeMs?: number): Fields | undefined => {
    const session = space.get(key, 'hash');
    if (session !== undefined && lifeMs !== undefined) space.expire(key, space.now() + lifeMs);
    return session;
  };
  return {
    put: (key, fields, lifeMs) => {
      const session = space.get(key, 'hash') ?? new Fields();
      session.setAll(fields);
      if (session.size > 0) space.set(key, session, space.now() + lifeMs);
    },
    get: (key, field, lifeMs) => visit(key, lifeMs)?.get(field),
    all: (key, lifeMs) => visit(key, lifeMs)?.all() ?? {},
    remove: (key, fields) => {
      const session = space.get(key, 'hash');
      if (session === undefined) return;
      for (const field of fields) session.remove(field);
      if (session.size === 0) space.delete(key);
      else space.changed(key);
    },
    touch: (key, lifeMs) => visit(key, lifeMs) !== undefined,
    end: (key) => {
      space.delete(key);
    },
  };
}
