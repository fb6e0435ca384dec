import { type Expectation, expectation, neighbour, put, source } from './kit.ts';

const NOW = '2026-01-09T10:00:00';

/** Preferences whose names PostgreSQL cannot hold, or that stand twice: each alone is set aside. */
export function strangePreferences(directory: string): Expectation {
  const entry = (value: string): string => `{"value": ${value}, "updated_at": "${NOW}"}`;
  const members = [
    `"plain": ${entry('1')}`,
    `"nul\\u0000": ${entry('2')}`,
    `"half\\ud83d": ${entry('3')}`,
    `"twice": ${entry('"the first"')}`,
    `"twice": ${entry('"the second"')}`,
    `"": ${entry('4')}`,
  ];
  put(directory, 'cache/memory/user_a:b*{c}.json', `{${members.join(', ')}}`);
  return expectation('a name with NUL or half a pair, and the second of two, are quarantined', {
    sources: [source('memory_preferences', 6, { quarantined: 3 })],
  });
}

/** A score file that is not UTF-8 and has a time to live that is no number. */
export function strangeScores(directory: string): Expectation {
  const text = `{"timestamp": "2999-01-01T00:00:00", "ttl_hours": "six", "scores": {"nullable": {"a": "x`;
  const rest = `"}, "s\\u0000": {"a": 1}, "TCS": {"a": NaN}}}`;
  put(
    directory,
    'data/global_scores/score_cache.json',
    Buffer.concat([Buffer.from(text), Buffer.of(0xff), Buffer.from(rest)]),
  );
  return expectation('scores load with their bytes kept; a name with NUL is quarantined', {
    sources: [source('global_scores', 3, { quarantined: 1, altered: 2 })],
  });
}

/** Lines of agent memory with what only JSON can hold, and half of one at the end. */
export function strangeLines(directory: string): Expectation {
  const line = (symbol: string): string =>
    `{"symbol": ${symbol}, "agent_type": "risk", "result": {}, "timestamp": "${NOW}"}`;
  const lines = [
    line('"TCS"'),
    line('"half \\ud83d"'),
    line('"nul\\u0000"'),
    line('5'),
    line('null'),
    '',
    line('"M&M"').slice(0, 40),
  ];
  put(directory, 'cache/memory/analyses_TCS.jsonl', lines.join('\n'));
  return expectation('half a pair, NUL and a number are altered; no symbol and half a line are quarantined', {
    sources: [source('memory_analyses', 6, { quarantined: 2, altered: 3 })],
  });
}

/** Files that broke off or never were JSON, under the names of those that are. */
export function brokenDocuments(directory: string): Expectation {
  put(directory, 'data/top_picks/picks_2026-01-09.json', '{"items": [{"symbol": "TCS"}], "as_of": "2026');
  put(directory, '.cache/historical/TCS_1d_0123456789ab.json', '{"data": [');
  put(
    directory,
    '.cache/historical/TCS_5m_0123456789ab.json',
    '{"data": [{"open": 1}], "row_count": 1, "columns": ["open"]}',
  );
  put(directory, 'data/global_scores/score_cache.json', '{"timestamp": "');
  put(directory, 'cache/memory/user_1.json', '\ufeff{}');
  return expectation('what names itself is set aside whole, or unreadable where its rows cannot be counted', {
    sources: [
      source('pick_archive', 1, { quarantined: 1 }),
      source('price_history', 2, { quarantined: 2 }),
      neighbour(directory),
    ],
    unreadable: ['cache/memory/user_1.json', 'data/global_scores/score_cache.json'],
  });
}
