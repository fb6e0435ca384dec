import type { Session } from '../../tiers/durable/index.ts';

const ACTION = 'legacy.cleaned';

/** Notes who had which files removed. A run that was killed between this and its end notes it once. */
export async function writeAudit(
  session: Session,
  entry: {
    actor: string;
    subject: string;
    detail: Readonly<Record<string, unknown>> & { readonly archive: string };
  },
): Promise<void> {
  const { actor, subject, detail } = entry;
  await session.query(
    `INSERT INTO audit_log (actor, action, subject, detail) SELECT $1, $2, $3, $4::jsonb
     WHERE NOT EXISTS (SELECT FROM audit_log WHERE subject = $3 AND action = $2 AND detail->>'archive' = $5)`,
    [actor, ACTION, subject, JSON.stringify(detail), detail.archive],
  );
}
