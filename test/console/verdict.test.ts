import { describe, expect, it } from 'vitest';
import type { Report, SourceReport } from '../../console/src/pages/migration/answers.ts';
import { totalsOf, verdictOf } from '../../console/src/pages/migration/verdict.ts';

function source(figures: Partial<SourceReport> = {}): SourceReport {
  return {
    id: 'llm_requests',
    store: 'llm-costs',
    files: ['cache/llm_costs.db'],
    read: 10,
    loaded: 10,
    quarantined: 0,
    skipped: 0,
    skipped_reason: null,
    altered: 1,
    verified: true,
    checksum: 'abc',
    rows_per_second: 1,
    ...figures,
  };
}

function report(parts: Partial<Report> = {}): Report {
  return {
    ok: true,
    exit: 0,
    directory: '/old',
    elapsed_ms: 1,
    sources: [source()],
    unreadable: [],
    unclaimed: [],
    warnings: [],
    ...parts,
  };
}

describe('the verdict of the console', () => {
  it('adds the sources up', () => {
    const sources = [source(), source({ read: 5, loaded: 2, quarantined: 1, skipped: 2, altered: 0 })];
    expect(totalsOf(report({ sources }))).toEqual({
      read: 15,
      loaded: 12,
      quarantined: 1,
      skipped: 2,
      altered: 1,
    });
  });

  it.each<[string, Partial<Report>, string, string]>([
    ['all is well', {}, 'verified', 'Every row is accounted for and verified.'],
    [
      'one row is set aside',
      { exit: 3, sources: [source({ loaded: 9, quarantined: 1 })] },
      'quarantine',
      'Verified, with 1 row in quarantine.',
    ],
    [
      'rows and files are set aside',
      {
        exit: 3,
        sources: [source({ read: 2_009, loaded: 9, quarantined: 2_000 })],
        unreadable: [{ file: 'a.db', reason: 'no database' }],
      },
      'quarantine',
      'Verified, with 2,000 rows in quarantine and 1 file unreadable.',
    ],
    [
      'rows differ, whatever else',
      { exit: 4, differences_total: 3, sources: [source({ verified: false, loaded: 9, quarantined: 1 })] },
      'difference',
      '3 rows differ from the source.',
    ],
    [
      'the report says so without a count',
      { exit: 4 },
      'difference',
      'What is loaded differs from the source.',
    ],
    [
      'a row has no place, although the report is content',
      { sources: [source({ loaded: 9 })] },
      'failed',
      '1 row is not accounted for.',
    ],
    [
      'more rows than were read',
      { sources: [source({ skipped: 2 })] },
      'failed',
      '2 rows more than were read.',
    ],
    [
      'a source was not verified',
      { sources: [source({ verified: false })] },
      'difference',
      'Every row is loaded, but not every row is verified.',
    ],
    [
      'a source that is empty need not be verified',
      { sources: [source({ read: 0, loaded: 0, verified: false })] },
      'verified',
      'Every row is accounted for and verified.',
    ],
    [
      'the command failed',
      { exit: 1, error: { code: 'DATABASE_UNREACHABLE', message: 'gone' } },
      'failed',
      'The migration did not finish.',
    ],
  ])('when %s', (_, parts, tone, headline) => {
    expect(verdictOf(report(parts))).toMatchObject({ tone, headline });
  });
});
