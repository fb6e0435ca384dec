import { describe, expect, it } from 'vitest';
import { createColors } from 'picocolors';
import type { Report, SourceReport } from '../../migration/index.ts';
import { renderReport, type ReportContext } from './report.ts';

const colors = createColors(false);

function source(id: string, fields: Partial<SourceReport> = {}): SourceReport {
  return {
    id,
    store: 'a-store',
    files: [`cache/${id}.db`],
    read: 0,
    loaded: 0,
    quarantined: 0,
    skipped: 0,
    skipped_reason: null,
    altered: 0,
    verified: true,
    checksum: null,
    rows_per_second: 0,
    quarantine_reasons: {},
    ...fields,
  };
}

function report(fields: Partial<Report> = {}): Report {
  return {
    ok: true,
    exit: 0,
    directory: '/old',
    elapsed_ms: 1_234,
    sources: [],
    unreadable: [],
    unclaimed: [],
    warnings: [],
    differences: [],
    differences_total: 0,
    ...fields,
  };
}

const server = { kind: 'server', location: 'localhost:5432/db', schema: 'stockroom' } as const;
const render = (fields: Partial<Report>, about: Partial<ReportContext> = {}): string =>
  renderReport(report(fields), { colors, place: server, command: 'run', next: true, ...about }).join('\n');

const good = [
  source('llm_requests', {
    read: 12_000,
    loaded: 11_990,
    skipped: 10,
    skipped_reason: 'duplicate',
    rows_per_second: 48_000,
  }),
  source('general_cache', { read: 5, loaded: 4, skipped: 1, skipped_reason: 'expired', altered: 1 }),
];

describe('the report for people', () => {
  it('begins with the verdict and has a line for each source', () => {
    expect(
      render({
        sources: [...good, source('rl_policies', { files: [] }), source('top_picks_runs', { files: [] })],
      }),
    ).toBe(
      `Migrated and verified: nothing is missing. 12,005 rows read, 11,994 loaded (1.2 s)

source           read  loaded  quarantined       skipped  altered  verified  rows/s
-------------  ------  ------  -----------  ------------  -------  --------  ------
llm_requests   12,000  11,990            0  10 duplicate        0  yes       48,000
general_cache       5       4            0     1 expired        1  yes            0
all            12,005  11,994            0            11        1  yes

Not in the directory: rl_policies, top_picks_runs

The data is in PostgreSQL at localhost:5432/db, schema stockroom.
Next: \`stockroom migrate certificate > certificate.json\` keeps the proof, \`stockroom start\` serves the data.`,
    );
  });

  it('says what is in quarantine, why, and how to see it', () => {
    const text = render({
      exit: 3,
      sources: [
        source('llm_requests', {
          read: 3,
          loaded: 1,
          quarantined: 2,
          quarantine_reasons: { NOT_A_NUMBER: 2 },
        }),
      ],
      unreadable: [{ file: 'cache/b\u001B[2J.db', reason: 'no permission to read it' }],
    });
    expect(text).toMatch(
      /^Migrated and verified, but 2 rows in quarantine and 1 file could not be read\. 3 rows read/,
    );
    expect(text).toContain('`stockroom migrate quarantine` shows the rows\n  llm_requests: 2 NOT_A_NUMBER\n');
    expect(text).toContain('Could not be read (1 file)\n  cache/b\\u{1b}[2J.db: no permission to read it\n');
    expect(text).toContain('Next: look at `stockroom migrate quarantine`');
    expect(text).toContain('Next: `stockroom migrate run /old` again once the files above can be read');
  });

  it('sends nobody to a quarantine that is empty', () => {
    const unreadable = [{ file: 'cache/b.db', reason: 'no permission to read it' }];
    const text = render({ exit: 3, sources: good, unreadable });
    expect(text).toContain('Next: `stockroom migrate run /old` again once');
    expect(text).not.toContain('quarantine`');
  });

  it('names the differences, and counts those that it does not name', () => {
    const differences = Array.from({ length: 100 }, (_, index) => ({
      source: 'llm_requests',
      unit: 'cache/llm_costs.db',
      key: String(index + 1),
      kind: 'different' as const,
    }));
    const fields = { ok: false, exit: 4, differences, differences_total: 1_500 };
    const text = render({
      ...fields,
      sources: [source('llm_requests', { read: 1_500, loaded: 1_500, verified: false })],
    });
    expect(text).toMatch(/^Verification found 1,500 differences\./);
    expect(text).toMatch(/llm_requests .* NO +0/);
    expect(text).toContain('row 1 of cache/llm_costs.db holds other values than its source row\n');
    expect(text).toContain('row 20 of');
    expect(text).not.toContain('row 21 of');
    expect(text).toContain('  … and 1,480 more; --json names them');
    expect(text).toContain('Next: `stockroom migrate run /old`');
  });

  it('does not call a source absent that may be in a file that cannot be read', () => {
    const sources = [...good, source('rl_policies', { files: [] })];
    const unreadable = [{ file: 'cache/ai_recommendations.db', reason: 'damaged' }];
    expect(render({ exit: 3, sources, unreadable })).toContain('\nNot in what could be read: rl_policies\n');
  });

  it('says when a row has no place', () => {
    expect(render({ ok: false, exit: 1, sources: [source('pick_events', { read: 2, loaded: 1 })] })).toMatch(
      /^Failed: not every row that was read has a place\./,
    );
  });

  it('lists what no source takes, up to twenty', () => {
    const unclaimed = Array.from({ length: 25 }, (_, index) => `notes/${index}.txt`);
    const text = render({ sources: good, unclaimed });
    expect(text).toContain('Left alone: no source takes 25 files and tables\n  notes/0.txt\n');
    expect(text).toContain('notes/19.txt\n  … and 5 more; --json names them\n');
    expect(text).not.toContain('notes/20.txt');
  });

  it('puts warnings in words', () => {
    const warnings = [
      { code: 'ORPHAN', source: 'pick_outcomes', column: null, rows: 1, detail: 'a parent is gone' },
    ];
    expect(render({ warnings })).toContain('Worth knowing\n  pick_outcomes: a parent is gone [ORPHAN]\n');
  });

  it('says what the embedded database survives, and nothing of a next step where the command goes on', () => {
    const place = { kind: 'embedded', location: '/data/postgresql', schema: 'stockroom' } as const;
    const text = render({ sources: good }, { place, next: false });
    expect(text).toContain('embedded PostgreSQL in /data/postgresql');
    expect(text).toContain('survives a killed process but not a power cut');
    expect(text).not.toContain('Next:');
    expect(render({ sources: good }, { command: 'verify' })).toMatch(/^Verified: nothing is missing\./);
  });
});
