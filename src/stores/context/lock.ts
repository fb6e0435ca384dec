import type { Session } from '../../tiers/durable/index.ts';

/**
 * Waits until no other transaction holds the lock of that name; it ends with the transaction. Names that share a hash wait for
 * one another, which is harmless.
 */
export async function lockFor(session: Session, ...name: string[]): Promise<void> {
  // As text: a statement that gives void has nothing to decode.
  await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))::text', [JSON.stringify(name)]);
}
