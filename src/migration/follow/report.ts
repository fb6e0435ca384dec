import { warningsOf } from '../warnings.ts';
import type { Follower } from './follower.ts';
import { countQuarantined } from './ledger-keys.ts';
import type { Place } from './place.ts';
import type { FollowReport, FollowStatus } from './status.ts';

/** What following did, for its end. */
export async function reportOf(
  place: Place,
  { total, roster }: Follower,
  status: FollowStatus,
  elapsedMs: number,
): Promise<FollowReport> {
  const quarantined = await place.tier.session((session) => countQuarantined(session, place));
  const { unreadable } = roster;
  const warnings = [...total.tallies].flatMap(([source, tally]) =>
    warningsOf(source, tally, place.timezones.get(source.id) ?? new Map(), place.nowMicros),
  );
  const exit = total.differing > 0 ? 4 : quarantined > 0 || unreadable.length > 0 ? 3 : 0;
  return {
    ok: exit !== 4,
    exit,
    directory: place.directory,
    elapsed_ms: Math.round(elapsedMs),
    rounds: status.rounds,
    lag: status.lag,
    changes: status.changes,
    inserted: total.inserted,
    updated: total.updated,
    removed: total.removed,
    kept_here: total.keptHere,
    quarantined,
    files: status.files,
    skipped: status.skipped,
    unreadable,
    warnings,
    differences_total: total.differing,
  };
}
