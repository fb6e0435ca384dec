import { createColors } from 'picocolors';
import { expect, it } from 'vitest';
import type { FollowedFile, FollowReport } from '../../migration/index.ts';
import { followLines } from './follow.ts';

const file = (name: string, fields: Partial<FollowedFile> = {}): FollowedFile => ({
  file: name,
  mode: 'poll',
  waiting: 0,
  oldest_ms: null,
  changes: 0,
  inserted: 0,
  updated: 0,
  removed: 0,
  kept_here: 0,
  away: null,
  ...fields,
});

it('what was followed is told by the name of its file, the figures below one another', () => {
  const report = {
    exit: 0,
    differences_total: 0,
    inserted: 0,
    updated: 0,
    removed: 0,
    quarantined: 0,
    kept_here: 0,
    elapsed_ms: 1,
    unreadable: [],
    skipped: [],
    warnings: [],
    files: [
      file('data/global_scores/score_cache_of_a_store.json', { changes: 1 }),
      file('cache/llm_costs.db', { changes: 1200 }),
      file('cache/gone.db', { away: 'it is not there' }),
    ],
  } as unknown as FollowReport;
  const [, ...lines] = followLines(report, createColors(false));
  expect(lines.map((line) => line.trim().split(' ')[0])).toEqual([
    'cache/gone.db',
    'cache/llm_costs.db',
    'data/global_scores/score_cache_of_a_store.json',
  ]);
  expect(lines[0]).toContain('away: it is not there');
  const ends = lines.slice(1).map((line) => line.indexOf(' applied'));
  expect(ends[0]).toBe(ends[1]);
});
