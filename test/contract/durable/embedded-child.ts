import { openEmbedded } from '../../../src/tiers/durable/embedded/open-embedded.ts';

/** What the child does with the directory once it has it open. */
export type Task = 'hold' | 'write' | 'forget' | 'close';

/**
 * Opens the directory and says `open`. Then `hold` does nothing for ever, `write` inserts one row after the other and
 * says which are committed, `forget` comes to its end with the tier open, and `close` closes it first.
 */
export async function main(dataDir: string, template: string, task: Task): Promise<void> {
  const tier = await openEmbedded({ dataDir, template, schema: 'child' });
  console.log('open');
  if (task === 'hold') setInterval(() => undefined, 60_000);
  if (task === 'close') await tier.close();
  if (task !== 'write') return;
  const { rows } = await tier.query<{ next: number }>('SELECT count(*)::int AS next FROM acknowledged');
  for (let next = rows[0]!.next; ; next += 1) {
    await tier.query('INSERT INTO acknowledged VALUES ($1)', [next]);
    console.log(String(next));
  }
}
