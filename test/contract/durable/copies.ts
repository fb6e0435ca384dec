import { beforeAll, expect, it } from 'vitest';
import { type DurableTier, sqlState } from '../../../src/tiers/durable/index.ts';
import { thrownBy } from './subject.ts';

const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const trailer = Buffer.from([0xff, 0xff]);

/** A tuple (int4, text) as COPY has it in binary; `fields` other than 2 makes it a wrong one. */
function tuple(id: number, name: string, fields = 2): Buffer {
  const text = Buffer.from(name);
  const bytes = Buffer.alloc(14);
  bytes.writeInt16BE(fields, 0);
  bytes.writeInt32BE(4, 2);
  bytes.writeInt32BE(id, 6);
  bytes.writeInt32BE(text.length, 10);
  return Buffer.concat([bytes, text]);
}

function tuples(from: number, to: number): Buffer {
  return Buffer.concat(
    Array.from({ length: to - from }, (_, index) => tuple(from + index, `name ${from + index}`)),
  );
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found);
}

/** COPY in both directions, and what is left when it fails. */
export function copiesSuite(tierOf: () => DurableTier): void {
  const count = async (): Promise<number> => (await tierOf().query('SELECT * FROM copied')).count;

  beforeAll(async () => {
    await tierOf().query(
      'CREATE TABLE copied (id int CONSTRAINT copied_key PRIMARY KEY, name text NOT NULL)',
    );
  });

  it('takes rows in and gives them out', async () => {
    const tier = tierOf();
    const rows = tuples(0, 30_000);
    const chunks = [header, rows.subarray(0, 100_001), rows.subarray(100_001), trailer];
    expect(await tier.copyIn('COPY copied (id, name)', chunks)).toBe(30_000);
    const out = await gather(tier.copyOut('COPY (SELECT id, name FROM copied ORDER BY id)'));
    expect(out.equals(Buffer.concat([header, rows, trailer]))).toBe(true);
    await tier.query('TRUNCATE copied');
  });

  it('takes rows from a source that makes them as it goes', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield header;
      for (let from = 0; from < 2_000; from += 500) {
        await new Promise((resolve) => setImmediate(resolve));
        yield tuples(from, from + 500);
      }
      yield trailer;
    }
    expect(await tierOf().copyIn('COPY copied (id, name)', source())).toBe(2_000);
    await tierOf().query('TRUNCATE copied');
  });

  it('commits a COPY with what else its transaction did', async () => {
    const tier = tierOf();
    await tier.transaction(async (session) => {
      await session.copyIn('COPY copied (id, name)', [header, tuples(0, 10), trailer]);
      await session.query('DELETE FROM copied WHERE id >= 5');
      const out = await gather(session.copyOut('COPY (SELECT id, name FROM copied ORDER BY id)'));
      expect(out.equals(Buffer.concat([header, tuples(0, 5), trailer]))).toBe(true);
    });
    expect(await count()).toBe(5);
    await tier.query('TRUNCATE copied');
  });

  it('leaves nothing behind when a row in the middle is wrong', async () => {
    const rows = [header, tuples(0, 5_000), tuple(5_000, 'wrong', 3), tuples(5_001, 9_000), trailer];
    expect(sqlState(await thrownBy(tierOf().copyIn('COPY copied (id, name)', rows)))).toBe('22P04');
    expect(await count()).toBe(0);
    const twice = [header, tuples(0, 100), tuple(50, 'again'), trailer];
    expect(await thrownBy(tierOf().copyIn('COPY copied (id, name)', twice))).toMatchObject({
      code: 'DATABASE_QUERY_FAILED',
      details: { sqlState: '23505', constraint: 'copied_key' },
    });
    expect(await count()).toBe(0);
    expect(await tierOf().copyIn('COPY copied (id, name)', [header, tuples(0, 3), trailer])).toBe(3);
    await tierOf().query('TRUNCATE copied');
  });

  it('leaves nothing behind when the source throws, and throws what it threw', async () => {
    const broken = new Error('the source broke');
    function* source(): Generator<Uint8Array> {
      yield header;
      yield tuples(0, 20_000);
      throw broken;
    }
    expect(await thrownBy(tierOf().copyIn('COPY copied (id, name)', source()))).toBe(broken);
    expect(await count()).toBe(0);
  });

  it('says what is wrong with a COPY that cannot begin', async () => {
    const tier = tierOf();
    const chunks = [header, tuples(0, 20_000), trailer];
    expect(sqlState(await thrownBy(tier.copyIn('COPY nowhere (id, name)', chunks)))).toBe('42P01');
    expect(sqlState(await thrownBy(gather(tier.copyOut('COPY (SELECT 1 FROM nowhere)'))))).toBe('42P01');
    expect(await count()).toBe(0);
  });

  it('ends the session of a COPY that failed, and rolls back its transaction', async () => {
    const tier = tierOf();
    const work = tier.transaction(async (session) => {
      await session.query(`INSERT INTO copied VALUES (1, 'before')`);
      await thrownBy(session.copyIn('COPY copied (id, name)', [header, tuple(1, 'twice'), trailer]));
      expect(await thrownBy(session.query('SELECT 1'))).toMatchObject({ code: 'DATABASE_QUERY_FAILED' });
    });
    expect(await thrownBy(work)).toMatchObject({ code: 'DATABASE_QUERY_FAILED' });
    expect(await count()).toBe(0);
  });

  it('passes on an error in the middle of what it gives out', async () => {
    const failing = 'COPY (SELECT 1 / (20000 - i) FROM generate_series(1, 30000) AS i)';
    expect(sqlState(await thrownBy(gather(tierOf().copyOut(failing))))).toBe('22012');
    const whole = await gather(tierOf().copyOut(`COPY (SELECT 'fine')`));
    expect(whole.includes('fine')).toBe(true);
  });

  it('can be left before the end of what it gives out', async () => {
    const tier = tierOf();
    const large = `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000))`;
    for (let round = 0; round < 6; round += 1) {
      for await (const chunk of tier.copyOut(large)) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    expect((await tier.query('SELECT 1')).count).toBe(1);
  });

  it('lets the tier be used while its output is read', async () => {
    const tier = tierOf();
    for await (const chunk of tier.copyOut('COPY (SELECT 1)')) {
      expect(chunk.length).toBeGreaterThan(0);
      expect((await tier.query('SELECT 1')).count).toBe(1);
    }
  });

  it('refuses a statement on a session whose output is still being read', async () => {
    await tierOf().session(async (session) => {
      const output = session.copyOut('COPY (SELECT 1)')[Symbol.asyncIterator]();
      await output.next();
      expect(await thrownBy(session.query('SELECT 1'))).toMatchObject({ code: 'INTERNAL' });
      while ((await output.next()).done !== true);
      expect((await session.query('SELECT 1')).count).toBe(1);
    });
  });
}
