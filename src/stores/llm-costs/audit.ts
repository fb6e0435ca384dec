import type { Session } from '../../tiers/durable/index.ts';

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** In the transaction of what it is about: one is never without the other. */
export async function writeAudit(
  session: Session,
  { actor, action, subject, detail }: AuditEntry,
): Promise<void> {
  await session.query('insert into audit_log (actor, action, subject, detail) values ($1, $2, $3, $4)', [
    actor,
    action,
    subject,
    JSON.stringify(detail),
  ]);
}
