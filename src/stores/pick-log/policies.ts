import { type Selectable, sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { isoTime } from '../../core/iso-time.ts';
import { type Page, pageOf } from '../../core/page.ts';
import type { DurableTier, Param, Session } from '../../tiers/durable/port.ts';
import { activeAt, noneActive } from './policy-history.ts';
import type { PoliciesQuery, Policy, PolicyInput, PolicyPatch } from './policy-schema.ts';
import type { PickLogDatabase, PoliciesTable } from './table.ts';

/** Who changes a policy, for the audit log. */
export interface Actor {
  readonly actor?: string | undefined;
}

/** The policies by which picks are made: drafts, at most one that is active, and retired ones. Every change is in the audit log. */
export interface Policies {
  /**
   * A new draft. The same id with the same values again changes nothing.
   * @throws StockroomError CONFLICT when the id is another policy's
   */
  create(policy: PolicyInput, by?: Actor): Promise<Policy>;
  /** Newest first. */
  list(query: PoliciesQuery): Promise<Page<Policy>>;
  /** @throws StockroomError NOT_FOUND */
  get(policyId: string): Promise<Policy>;
  /**
   * The one that is active, or was at a time.
   * @throws StockroomError NOT_FOUND when there is none
   */
  active(query?: { as_of?: string | undefined }): Promise<Policy>;
  /**
   * Changes what is given. The config of a policy that was ever active stays: what it did would no longer be what it says.
   * @throws StockroomError NOT_FOUND; CONFLICT for the config of what is no draft
   */
  update(policyId: string, patch: PolicyPatch, by?: Actor): Promise<Policy>;
  /**
   * Makes it the active one and retires the one that was, in one transaction. A retired one may come back; the active one stays as it is.
   * @throws StockroomError NOT_FOUND; nothing has changed then
   */
  activate(policyId: string, by?: Actor): Promise<Policy>;
  /**
   * Retires a policy; without another being activated none is active then.
   * @throws StockroomError NOT_FOUND
   */
  retire(policyId: string, by?: Actor): Promise<Policy>;
}

const columns = [
  'policy_id',
  'name',
  'description',
  'status',
  'config',
  'metrics',
  'created_at',
  'updated_at',
  'activated_at',
  'deactivated_at',
] as const;
const columnList = columns.join(', ');

type PolicyRow = Pick<Selectable<PoliciesTable>, (typeof columns)[number]>;

const LIBRARY = 'library';

export function createPolicies({ durable, clock }: { durable: DurableTier; clock: Clock }): Policies {
  const now = () => isoTime(clock());

  return {
    create: (policy, by) => change(durable, (session) => create(session, policy, now(), by)),

    async list({ status, limit, cursor }) {
      let query = durable
        .kysely<PickLogDatabase>()
        .selectFrom('rl_policies')
        .select([...columns, 'id'])
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1);
      if (status !== undefined) query = query.where('status', '=', status);
      if (cursor !== undefined) {
        const [time, id] = cursor;
        query = query.where(sql<boolean>`(created_at, id) < (${time}::timestamptz, ${id}::bigint)`);
      }
      return pageOf(
        await query.execute(),
        limit,
        (row) => [row.created_at, row.id],
        (row) => {
          const { id: _, ...shown } = row;
          return shown;
        },
      );
    },

    get: (policyId) => find(durable, policyId),

    async active({ as_of } = {}) {
      if (as_of !== undefined) return activeAt(durable, as_of);
      const { rows } = await durable.query<PolicyRow>(
        `select ${columnList} from rl_policies where status = 'ACTIVE'`,
      );
      if (rows[0] === undefined) throw noneActive();
      return rows[0];
    },

    update: (policyId, patch, by) =>
      change(durable, (session) => update(session, policyId, patch, now(), by)),

    activate: (policyId, by) => change(durable, (session) => activate(session, policyId, now(), by)),

    async retire(policyId, by) {
      return change(durable, async (session) => {
        const policy = await find(session, policyId);
        if (policy.status === 'RETIRED') return policy;
        const retired = await setRetired(session, policyId, now());
        await audit(session, 'policy.retired', policyId, by, now(), { from: policy.status });
        return retired;
      });
    },
  };
}

/** One change of policies at a time: which one is active depends on all of them. */
function change<T>(durable: DurableTier, work: (session: Session) => Promise<T>): Promise<T> {
  return durable.transaction(async (session) => {
    await session.query("select pg_advisory_xact_lock(hashtextextended('stockroom.policies', 0))");
    return work(session);
  });
}

async function find(session: Session, policyId: string): Promise<Policy> {
  const { rows } = await session.query<PolicyRow>(
    `select ${columnList} from rl_policies where policy_id = $1`,
    [policyId],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new StockroomError(
    'NOT_FOUND',
    `There is no policy ${JSON.stringify(policyId)}; GET /v1/policies lists what there is`,
  );
}

async function create(session: Session, given: PolicyInput, now: string, by?: Actor): Promise<Policy> {
  const id = given.policy_id ?? randomUUID().replaceAll('-', '');
  const values = [id, given.name, given.description ?? null, json(given.config), json(given.metrics)];
  const { rows } = await session.query<PolicyRow>(
    `insert into rl_policies (policy_id, name, description, config, metrics, created_at, updated_at, status)
     values ($1, $2, $3, $4::jsonb, $5::jsonb, $6::timestamptz, $6::timestamptz, 'DRAFT')
     on conflict (policy_id) do nothing returning ${columnList}`,
    [...values, now],
  );
  if (rows[0] === undefined) {
    const same = await session.query<PolicyRow>(
      `select ${columnList} from rl_policies
       where policy_id = $1 and name = $2 and description is not distinct from $3
         and config = $4::jsonb and metrics is not distinct from $5::jsonb`,
      values,
    );
    if (same.rows[0] !== undefined) return same.rows[0];
    throw new StockroomError(
      'CONFLICT',
      `The policy ${JSON.stringify(id)} is there already with other values`,
    );
  }
  await audit(session, 'policy.created', id, by, now, { name: given.name });
  return rows[0];
}

async function update(
  session: Session,
  policyId: string,
  patch: PolicyPatch,
  now: string,
  by?: Actor,
): Promise<Policy> {
  const before = await find(session, policyId);
  if (patch.config !== undefined && before.status !== 'DRAFT') {
    throw new StockroomError(
      'CONFLICT',
      `config: the policy ${JSON.stringify(policyId)} is ${before.status}, and only that of a DRAFT changes; create another policy`,
    );
  }
  const { name, description, metrics, config } = patch;
  const given: Record<string, Param | undefined> = {
    name,
    description,
    config: config === undefined ? undefined : json(config),
    metrics: metrics === undefined ? undefined : json(metrics),
  };
  const changed = Object.entries(given).filter((entry): entry is [string, Param] => entry[1] !== undefined);
  const sets = changed.map(([column], index) => `${column} = $${index + 3}::text::${typeOf(column)}`);
  const { rows } = await session.query<PolicyRow>(
    `update rl_policies set updated_at = $2::timestamptz, ${sets.join(', ')} where policy_id = $1
     returning ${columnList}`,
    [policyId, now, ...changed.map(([, value]) => value)],
  );
  await audit(session, 'policy.updated', policyId, by, now, { before: only(before, changed), after: patch });
  return rows[0]!;
}

function typeOf(column: string): string {
  return column === 'config' || column === 'metrics' ? 'jsonb' : 'text';
}

function only(policy: Policy, changed: readonly (readonly [string, Param])[]): Record<string, unknown> {
  const values: Record<string, unknown> = policy;
  return Object.fromEntries(changed.map(([name]) => [name, values[name]]));
}

async function activate(session: Session, policyId: string, now: string, by?: Actor): Promise<Policy> {
  // An unknown id leaves everything as it is: the old application retired the active policy first.
  const policy = await find(session, policyId);
  if (policy.status === 'ACTIVE') return policy;
  const { rows } = await session.query<{ policy_id: string }>(
    "select policy_id from rl_policies where status = 'ACTIVE'",
  );
  for (const { policy_id } of rows) {
    await setRetired(session, policy_id, now);
    await audit(session, 'policy.retired', policy_id, by, now, { from: 'ACTIVE', replaced_by: policyId });
  }
  const activated = await session.query<PolicyRow>(
    `update rl_policies
     set status = 'ACTIVE', activated_at = $2::timestamptz, deactivated_at = null, updated_at = $2::timestamptz
     where policy_id = $1 returning ${columnList}`,
    [policyId, now],
  );
  await audit(session, 'policy.activated', policyId, by, now, {
    from: policy.status,
    replaces: rows[0]?.policy_id ?? null,
  });
  return activated.rows[0]!;
}

async function setRetired(session: Session, policyId: string, now: string): Promise<Policy> {
  const { rows } = await session.query<PolicyRow>(
    `update rl_policies
     set status = 'RETIRED', updated_at = $2::timestamptz,
       deactivated_at = case when status = 'ACTIVE' then $2::timestamptz else deactivated_at end
     where policy_id = $1 returning ${columnList}`,
    [policyId, now],
  );
  return rows[0]!;
}

async function audit(
  session: Session,
  action: string,
  policyId: string,
  by: Actor | undefined,
  now: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await session.query(
    'insert into audit_log (at, actor, action, subject, detail) values ($1::timestamptz, $2, $3, $4, $5::jsonb)',
    [now, by?.actor ?? LIBRARY, action, `policy:${policyId}`, JSON.stringify(detail)],
  );
}

function json(document: unknown): string | null {
  return document === null || document === undefined ? null : JSON.stringify(document);
}
