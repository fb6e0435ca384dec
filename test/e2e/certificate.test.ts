import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  builtInSources,
  type Certificate,
  checkCertificate,
  lastCertificate,
  parseCertificate,
  verifyMigration,
} from '../../src/migration/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { definitionOf } from '../support/hostile/kit.ts';
import { Migrations, sourceOf } from '../support/migrations.ts';
import { OldDirectory, REQUESTS, requests } from '../support/old-directory.ts';

let test: TestTier;
let old: OldDirectory;
let here: Migrations;
beforeEach(async () => {
  test = await freshTier('server');
  old = new OldDirectory();
  here = new Migrations(test.durable, old);
});
afterEach(async () => {
  old.remove();
  await test.remove();
});

describe('a certificate', () => {
  let certificate: Certificate;
  beforeEach(async () => {
    old
      .requests(6)
      .change(
        `UPDATE llm_requests SET model = 'a' || char(0) WHERE id = 2; UPDATE llm_requests SET cost_usd = '12x' WHERE id = 4`,
      );
    const analysis = { symbol: 'TCS', agent_type: 'risk', score: 0.1, metadata: '{"a": [1, {"b": 2.50}]}' };
    old.table('cache/context.db', 'agent_analyses', [
      { id: 1, ...analysis },
      { id: 2, ...analysis },
    ]);
    await here.run();
    certificate = parseCertificate(JSON.stringify(await lastCertificate(test.durable)));
  });
  const check = () => checkCertificate(test.durable, certificate, builtInSources);

  it('holds while nothing is changed, and without the source', async () => {
    old.remove();
    expect(await check()).toMatchObject({ ok: true, exit: 0, rows: 7, differences: [] });
  });

  it.each([
    [
      "a float's last bit",
      `UPDATE agent_analyses SET score = 0.10000000000000002 WHERE legacy_id = 2`,
      '2',
      'different',
    ],
    [
      'a member of a document',
      `UPDATE agent_analyses SET metadata = '{"a": [1, {"b": 2.51}]}' WHERE legacy_id = 1`,
      '1',
      'different',
    ],
    ['a row that is removed', 'DELETE FROM llm_requests WHERE legacy_id = 5', '5', 'missing'],
    [
      'a row that is added',
      `INSERT INTO llm_requests (model, legacy_source, legacy_id) SELECT 'x', legacy_source, 400 FROM llm_requests WHERE legacy_id = 1`,
      '400',
      'unexpected',
    ],
    [
      'bytes that were kept',
      `UPDATE migration_originals SET bytes = '\\x6101' WHERE key = '2'`,
      '2',
      'different',
    ],
    ['a cent', `UPDATE llm_requests SET cost_usd = cost_usd + 0.01 WHERE legacy_id = 6`, '6', 'different'],
    [
      'a microsecond',
      `UPDATE llm_requests SET created_at = created_at + interval '1 microsecond' WHERE legacy_id = 1`,
      '1',
      'different',
    ],
    ['a NULL', 'UPDATE llm_requests SET tokens_output = NULL WHERE legacy_id = 3', '3', 'different'],
  ])('does not hold after a change of %s', async (_, sql, key, kind) => {
    if (kind === 'unexpected') {
      // In the range of a chunk: one row more at the source, far behind the others.
      old.change(`INSERT INTO llm_requests (id, model) VALUES (500, 'last'), (450, 'before')`);
      await here.run();
      certificate = await lastCertificate(test.durable);
    }
    expect((await check()).exit).toBe(0);
    await here.rows(sql);
    if (kind === 'unexpected')
      await here.rows('UPDATE llm_requests SET legacy_id = 475 WHERE legacy_id = 400');
    const found = await check();
    expect(found).toMatchObject({
      ok: false,
      exit: 4,
      differences: [{ key: kind === 'unexpected' ? '475' : key, kind }],
    });
    expect((await verifyMigration({ tier: test.durable, directory: old.path })).exit).toBe(4);
  });

  it('that was changed itself is refused', () => {
    const changed = structuredClone(certificate);
    changed.sources[0]!.loaded++;
    expect(() => parseCertificate(JSON.stringify(changed))).toThrow('changed after it was issued');
    const other = structuredClone(certificate);
    other.sources.find(({ id }) => id === 'llm_requests')!.chunks[0]!.sha256 = '0'.repeat(64);
    for (const text of [
      JSON.stringify(other),
      'no JSON',
      '{}',
      JSON.stringify({ ...certificate, certificate: 'v2' }),
    ]) {
      expect(() => parseCertificate(text)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_INVALID' }));
    }
    // What the order of members says is nothing.
    const reversed = Object.fromEntries(Object.entries(certificate).reverse());
    expect(parseCertificate(JSON.stringify(reversed))).toEqual(certificate);
  });
});

it('says the same of a run that was stopped anywhere as of one that was not', async () => {
  old.requests(25_000);
  const whole = await here.run();
  const seal = async () =>
    (await lastCertificate(test.durable)).sources.find(({ id }) => id === 'llm_requests');
  const before = await seal();
  expect(before?.chunks.map(({ loaded }) => loaded)).toEqual([10_000, 10_000, 5000]);
  // As a run leaves it that was killed when the third chunk was committed and the second, made beside it, was not.
  await here.rows(`DELETE FROM llm_requests WHERE legacy_id > 10000 AND legacy_id <= 20000;
    DELETE FROM migration_chunks WHERE ordinal = 1`);
  const resumed = await here.run();
  expect(resumed.exit).toBe(0);
  expect(await here.values('SELECT count(*) FROM llm_requests')).toEqual([25_000n]);
  expect(resumed.sources.map(({ checksum }) => checksum)).toEqual(
    whole.sources.map(({ checksum }) => checksum),
  );
  const sums = (certificate: typeof before) =>
    certificate?.chunks.map(({ first_key, last_key, sha256 }) => [first_key, last_key, sha256]);
  expect(sums(await seal())).toEqual(sums(before));
});

it('counts a repeated id once where two chunks meet, however often the run is repeated', async () => {
  const loose = definitionOf('llm_requests').replace('INTEGER PRIMARY KEY AUTOINCREMENT', 'INTEGER');
  const rows = [
    ...requests(10_000),
    { ...requests(1)[0], id: 10_000, model: 'again' },
    ...requests(5, 10_001),
  ];
  old.table(REQUESTS, 'llm_requests', rows, loose);
  const aside = () => here.values('SELECT key FROM migration_quarantine');
  for (let round = 0; round < 3; round++) {
    const report = await here.run();
    expect(sourceOf(report, 'llm_requests')).toMatchObject({ read: 10_006, loaded: 10_005, quarantined: 1 });
    expect(await aside()).toEqual(['10000']);
  }
});
