import { StockroomError } from '../../core/errors.ts';
import type { Session } from '../../tiers/durable/port.ts';
import type { Policy } from './policy-schema.ts';

interface Step {
  readonly action: string;
  readonly policy_id: string;
}

/**
 * The policy that was active at a time, by the audit log; before its first entry, by the times that migrated policies have. It is shown as
 * it was then, as far as that is known: active, not yet deactivated, and without metrics that came later.
 *
 * @throws StockroomError NOT_FOUND when none is known to have been
 */
export async function activeAt(session: Session, asOf: string): Promise<Policy> {
  const { rows: steps } = await session.query<Step>(
    `select action, substr(subject, length('policy:') + 1) as policy_id from audit_log
     where action in ('policy.activated', 'policy.retired') and subject like 'policy:%' and at <= $1::timestamptz
       and (action = 'policy.activated' or detail ->> 'from' = 'ACTIVE')
     order by at desc, id desc limit 1`,
    [asOf],
  );
  const [last] = steps;
  if (last?.action === 'policy.retired') throw noneActive(asOf);
  // Two statements instead of one for both cases: a prepared one would look at every policy.
  const which =
    last === undefined
      ? 'p.activated_at <= $1::timestamptz and (p.deactivated_at is null or p.deactivated_at > $1::timestamptz)'
      : 'p.policy_id = $2';
  const { rows } = await session.query<Policy>(
    `select p.policy_id, p.name, p.description, 'ACTIVE' as status, p.config,
       case when exists (select from audit_log a where a.subject = ('policy:' || p.policy_id) collate "default"
           and a.action = 'policy.updated' and a.detail -> 'after' ? 'metrics' and a.at > $1::timestamptz)
         then null else p.metrics end as metrics,
       p.created_at, least(p.updated_at, $1::timestamptz) as updated_at,
       case when p.activated_at <= $1::timestamptz then p.activated_at end as activated_at,
       null::timestamptz as deactivated_at
     from rl_policies p
     where ${which}
     order by p.activated_at desc nulls last limit 1`,
    last === undefined ? [asOf] : [asOf, last.policy_id],
  );
  const [policy] = rows;
  if (policy === undefined) throw noneActive(asOf);
  return policy;
}

export function noneActive(asOf?: string): StockroomError {
  return new StockroomError(
    'NOT_FOUND',
    asOf === undefined
      ? 'No policy is active; POST /v1/policies/:id/activate makes one so'
      : `No policy is known to have been active at ${asOf}`,
  );
}
