import { describe, expect, it } from 'vitest';
import { detectDocument, isAnalysisLine, namedLike } from './detect.ts';

const documents: Record<string, string> = {
  prices: '{"data": [{"time": "2026-01-09", "close": NaN}], "row_count": 1, "columns": ["time", "close"]}',
  metadata:
    '{"TCS_1d_0123456789ab": {"symbol": "TCS", "interval": "1d", "cached_at": "2026-01-09T10:00:00"}}',
  scores: '{"timestamp": "2026-01-09T10:00:00", "ttl_hours": 6, "scores": {}}',
  cache: '{"timestamp": "2026-01-09T10:00:00", "data": {"a": NaN}}',
  picks: '{"items": [], "as_of": "2026-01-09T10:00:00", "universe": "nifty50", "mode": "Swing"}',
  olderPicks: '{"picks": [{"symbol": "TCS"}], "generated_at": "x", "universe": null, "mode": "Swing"}',
  preferences:
    '{"theme": {"value": "dark", "updated_at": "2026-01-09T10:00:00"}, "a:*": {"value": null, "updated_at": "x"}}',
};

describe('detectDocument', () => {
  it.each([
    ['prices', 'price_history'],
    ['metadata', 'price_metadata'],
    ['scores', 'global_scores'],
    ['cache', 'general_cache'],
    ['picks', 'pick_archive'],
    ['olderPicks', 'pick_archive'],
    ['preferences', 'memory_preferences'],
  ])('%s, whatever the file is called', (name, kind) => {
    expect(detectDocument('some/where/else.json', documents[name]!)).toBe(kind);
  });

  it.each([
    ['{"timestamp": "x", "data": 1, "more": 2}', 'a third member'],
    ['{"data": [], "row_count": 0}', 'prices without columns'],
    ['{"data": {}, "row_count": 0, "columns": []}', 'prices that are no list'],
    ['{"timestamp": "x", "scores": []}', 'scores that are a list'],
    ['{"items": []}', 'picks without a time'],
    ['{"theme": {"value": 1, "updated_at": "x"}, "b": 2}', 'one member that is no preference'],
    ['{"a": {"symbol": "TCS", "interval": "1d"}}', 'metadata without a time'],
    ['{"a": 1}', 'an ordinary object'],
    ['[]', 'a list'],
    ['nonsense', 'no JSON'],
    ['', 'nothing'],
  ])("%s is nobody's: %s", (text) => {
    expect(detectDocument('data/x.json', text)).toBeNull();
  });

  it('takes what is only nearly of a shape where the name says so', () => {
    expect(detectDocument('cache/x.json', '{"timestamp": "x", "data": 1, "more": 2}')).toBe('general_cache');
    const odd = '{"theme": {"value": 1, "updated_at": "x"}, "b": 2}';
    expect(detectDocument('cache/memory/user_1.json', odd)).toBe('memory_preferences');
    expect(detectDocument('data/picks_nifty50_Swing_20260109_100000.json', '{"items": []}')).toBe(
      'pick_archive',
    );
  });

  it('takes picks that name no universe only where their name says so', () => {
    const text = '{"picks": [], "generated_at": "2026-01-09T10:00:00"}';
    expect(detectDocument('data/top_picks/picks_2026-01-09.json', text)).toBe('pick_archive');
    expect(detectDocument('data/top_picks/report.json', text)).toBeNull();
  });

  it('takes an empty object for preferences only where its name says so', () => {
    expect(detectDocument('cache/memory/user_1.json', '{}')).toBe('memory_preferences');
    expect(detectDocument('cache/x.json', '{}')).toBeNull();
  });
});

describe('namedLike', () => {
  it.each([
    ['cache/memory/analyses_M&M.jsonl', 'memory_analyses'],
    ['.cache/historical/^NSEI_1d_0123456789ab.json', 'price_history'],
    ['data/top_picks/picks_2026-01-09.json', 'pick_archive'],
    ['cache/memory/user_a:b*{c}.json', 'memory_preferences'],
    ['data/global_scores/score_cache.json', 'global_scores'],
    ['cache/quotes.json', 'general_cache'],
    ['data/events/quotes.json', null],
    ['.cache/historical/TCS_1d_0123456789AB.json', null],
    ['.cache/historical/metadata.json', null],
    ['cache/user_x.jsonl', null],
  ])('%s', (path, kind) => {
    expect(namedLike(path)).toBe(kind);
  });
});

describe('isAnalysisLine', () => {
  it.each([
    ['{"symbol": "TCS", "agent_type": "risk", "result": {"a": NaN}, "timestamp": "x"}', true],
    [' {"symbol": 1, "agent_type": 2, "timestamp": 3}\r', true],
    ['{"symbol": "TCS", "agent_type": "risk"}', false],
    ['{"event": "started", "timestamp": "x"}', false],
    ['{"symbol": "TCS", "agent_type": "risk", "timesta', false],
    ['[1]', false],
    ['', false],
  ])('%s', (line, is) => {
    expect(isAnalysisLine(line)).toBe(is);
  });
});
