import type { Ranked, RankingPut, Rankings } from '../port.ts';
import type { Builds } from './builds.ts';
import { Ranking } from './ranking.ts';
import { requireScores } from './scores.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';

export function createRankings(space: Space, builds: Builds): Synchronous<Rankings> {
  return {
    put: (key, members, options = {}) => {
      requireScores(members);
      const done = put(space, key, members, options);
      // A ranking may be a projection that is being built, from rows that were read before this move.
      builds.end(key);
      return done;
    },
    top: (key, count, order = 'highest') => {
      const ranking = space.get(key, 'ranking');
      if (ranking === undefined) return [];
      return order === 'highest' ? ranking.highest(count) : ranking.lowest(count);
    },
    remove: (key, ids) => {
      const ranking = space.get(key, 'ranking');
      builds.end(key);
      if (ranking === undefined) return;
      for (const id of ids) ranking.remove(id);
      space.changed(key);
    },
  };
}

/** @returns false when it has to be there and is not */
function put(space: Space, key: string, members: readonly Ranked[], options: RankingPut): boolean {
  const { keep, expiresAtMs, onlyIfThere = false } = options;
  const there = space.get(key, 'ranking');
  if (there === undefined && onlyIfThere) return false;
  const ranking = there ?? new Ranking(members);
  if (there !== undefined) for (const member of members) there.put(member);
  if (keep !== undefined) ranking.keep(keep);
  if (there === undefined) space.set(key, ranking, expiresAtMs);
  else space.changed(key);
  if (expiresAtMs !== undefined) space.expire(key, expiresAtMs);
  return true;
}
