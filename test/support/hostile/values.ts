import {
  addTable,
  type Cell,
  definitionOf,
  type Expectation,
  expectation,
  insertRows,
  requests,
  type Row,
  source,
  withDatabase,
} from './kit.ts';

/** One wrong row among `count`: it alone is quarantined, wherever it stands. */
export function oneBadRow(directory: string, count: number, badId = Math.ceil(count / 2)): Expectation {
  const rows = requests(count);
  rows[badId - 1] = { ...rows[badId - 1], created_at: 'last tuesday' };
  addTable(directory, 'cache/llm_costs.db', 'llm_requests', rows);
  return expectation(`row ${badId} has a time that is none`, {
    sources: [source('llm_requests', count, { quarantined: 1 })],
  });
}

export type Fate = 'loaded' | 'altered' | 'quarantined';

/** One strange value in one row, and what must become of it. */
export interface WeirdRow {
  sourceId: string;
  id: number;
  what: string;
  column: string;
  fate: Fate;
}

interface Case {
  what: string;
  column: string;
  value: Cell;
  fate: Fate;
  /** SQL around the parameter, for values that cannot be bound as they are. */
  sql?: string;
}

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const ANALYSES: readonly Case[] = [
  { what: 'text in a REAL column', column: 'score', value: '12x', fate: 'quarantined' },
  { what: 'a BLOB in a REAL column', column: 'score', value: utf8('1'), fate: 'quarantined' },
  { what: 'infinity', column: 'score', value: null, sql: '9e999', fate: 'quarantined' },
  { what: 'minus infinity', column: 'score', value: null, sql: '-9e999', fate: 'quarantined' },
  { what: 'an empty string in a REAL column', column: 'score', value: '', fate: 'altered' },
  { what: 'the smallest double', column: 'score', value: 5e-324, fate: 'loaded' },
  { what: 'a double of 17 digits', column: 'score', value: 0.1 + 0.2, fate: 'loaded' },
  { what: 'a BLOB of text', column: 'reasoning', value: utf8('₹ levels'), fate: 'altered' },
  {
    what: 'invalid UTF-8',
    column: 'reasoning',
    value: Uint8Array.of(0x61, 0xff, 0xc3, 0x28),
    sql: 'CAST(? AS TEXT)',
    fate: 'altered',
  },
  { what: 'a U+FFFD that was written', column: 'reasoning', value: 'half \ufffd', fate: 'loaded' },
  { what: 'NUL in text', column: 'reasoning', value: 'a\u0000b', fate: 'altered' },
  { what: 'an empty text', column: 'reasoning', value: '', fate: 'loaded' },
  { what: 'tabs, line breaks and backslashes', column: 'reasoning', value: '\\N\t\\.\r\n"', fate: 'loaded' },
  { what: 'an empty time', column: 'created_at', value: '', fate: 'altered' },
  { what: 'a word for a time', column: 'created_at', value: 'yesterday', fate: 'quarantined' },
  { what: 'a day that is none', column: 'created_at', value: '2026-02-30 10:00:00', fate: 'quarantined' },
  { what: 'NaN in JSON', column: 'metadata', value: '{"a": NaN}', fate: 'altered' },
  { what: 'Infinity in JSON', column: 'metadata', value: '[Infinity, -Infinity]', fate: 'altered' },
  { what: '\\u0000 in JSON', column: 'metadata', value: '{"a": "x\\u0000y"}', fate: 'altered' },
  {
    what: '\\\\u0000 in JSON, which is no NUL',
    column: 'metadata',
    value: '{"a": "x\\\\u0000y"}',
    fate: 'loaded',
  },
  { what: 'NaN within a string', column: 'metadata', value: '{"a": "NaN"}', fate: 'loaded' },
  { what: 'a lone surrogate in JSON', column: 'metadata', value: '{"a": "\\ud83d"}', fate: 'altered' },
  { what: 'a surrogate pair in JSON', column: 'metadata', value: '{"a": "\\ud83d\\ude00"}', fate: 'loaded' },
  { what: 'a key twice in JSON', column: 'metadata', value: '{"a": 1, "a": 2}', fate: 'altered' },
  { what: '100 levels of JSON', column: 'metadata', value: nested(100), fate: 'loaded' },
  { what: '20,000 levels of JSON', column: 'metadata', value: nested(20_000), fate: 'altered' },
  { what: 'minus zero in JSON', column: 'metadata', value: '[-0.0]', fate: 'altered' },
  { what: 'a number beyond a double in JSON', column: 'metadata', value: '[1e400]', fate: 'loaded' },
  { what: 'malformed JSON', column: 'metadata', value: "{'a': 1}", fate: 'altered' },
  { what: 'JSON that breaks off', column: 'metadata', value: '{"a": [1, 2', fate: 'altered' },
  {
    what: 'a number of 30 digits in JSON',
    column: 'metadata',
    value: `[${'9'.repeat(30)}.5]`,
    fate: 'loaded',
  },
];

const REQUESTS: readonly Case[] = [
  { what: 'an integer over 2^53', column: 'tokens_input', value: 2n ** 53n + 1n, fate: 'loaded' },
  { what: 'the largest integer', column: 'tokens_input', value: 2n ** 63n - 1n, fate: 'loaded' },
  { what: 'half a token', column: 'tokens_input', value: 1.5, fate: 'quarantined' },
  { what: 'an empty count', column: 'tokens_input', value: '', fate: 'altered' },
  { what: 'an amount of 17 digits', column: 'cost_usd', value: 0.1 + 0.2, fate: 'loaded' },
  { what: 'an amount with a unit', column: 'cost_usd', value: '12x', fate: 'quarantined' },
  { what: 'an endless bill', column: 'cost_usd', value: null, sql: '9e999', fate: 'quarantined' },
  { what: 'an empty amount', column: 'cost_usd', value: '', fate: 'altered' },
];

const PREFERENCES: readonly Case[] = [
  { what: 'colons, stars and braces in a key', column: 'user_id', value: 'a:b*{c}', fate: 'loaded' },
  { what: 'a BLOB for a key', column: 'user_id', value: utf8('user-1'), fate: 'quarantined' },
  { what: 'a BLOB of JSON', column: 'pref_value', value: utf8('{"a": 1}'), fate: 'altered' },
];

/** SQLite stores minus zero as zero in a REAL column, but as it is in one without a type. */
const LEARNINGS: readonly Case[] = [{ what: 'minus zero', column: 'accuracy', value: -0, fate: 'loaded' }];
const UNTYPED = definitionOf('agent_learnings').replace('accuracy REAL', 'accuracy');

const PLAIN: Readonly<Record<string, Row>> = {
  agent_analyses: {
    symbol: 'TCS',
    agent_type: 'risk',
    score: 50.5,
    confidence: 'High',
    signals: '[]',
    reasoning: 'plain',
    metadata: '{}',
    created_at: '2026-01-09 10:00:00',
  },
  llm_requests: {
    model: 'gpt-4',
    tokens_input: 1,
    tokens_output: 1,
    cost_usd: 0.5,
    created_at: '2026-01-09 10:00:00',
  },
  agent_learnings: {
    agent_type: 'risk',
    pattern_recognized: '{}',
    sample_size: 1,
    last_updated: '2026-01-09 10:00:00',
  },
  user_preferences: {
    user_id: 'user-0',
    pref_key: 'theme',
    pref_value: '"dark"',
    updated_at: '2026-01-09 10:00:00',
  },
};

/** Writes a table whose rows have one strange value each among plain ones. */
function writeCases(
  directory: string,
  file: string,
  table: string,
  cases: readonly Case[],
  definition = definitionOf(table),
): WeirdRow[] {
  const plain = PLAIN[table]!;
  withDatabase(directory, file, (db) => {
    db.exec(definition);
    for (const [index, { column, value, sql }] of cases.entries()) {
      const id = index + 1;
      // The unique key of a preference must differ in each row.
      const row = { id, ...plain, ...('pref_key' in plain ? { pref_key: `key-${id}` } : {}) };
      insertRows(db, table, [{ ...row, [column]: sql === undefined ? value : null }]);
      if (sql === undefined) continue;
      const parameters = sql.includes('?') ? [value] : [];
      db.prepare(`UPDATE ${table} SET ${column} = ${sql} WHERE id = ${id}`).run(...parameters);
    }
  });
  return cases.map(({ what, column, fate }, index) => ({
    sourceId: table,
    id: index + 1,
    what,
    column,
    fate,
  }));
}

/** Every strange value that was seen or that SQLite lets in, one a row; `rows` says what must become of each. */
export function weirdValues(directory: string): Expectation & { rows: WeirdRow[] } {
  const rows = [
    ...writeCases(directory, 'cache/context.db', 'agent_analyses', ANALYSES),
    ...writeCases(directory, 'cache/llm_costs.db', 'llm_requests', REQUESTS),
    ...writeCases(directory, 'cache/context.db', 'user_preferences', PREFERENCES),
    ...writeCases(directory, 'cache/context.db', 'agent_learnings', LEARNINGS, UNTYPED),
  ];
  const count = (sourceId: string, fate?: Fate): number =>
    rows.filter((row) => row.sourceId === sourceId && (fate === undefined || row.fate === fate)).length;
  const sources = Object.keys(PLAIN).map((id) =>
    source(id, count(id), { quarantined: count(id, 'quarantined'), altered: count(id, 'altered') }),
  );
  return { ...expectation('each value is kept, kept with its bytes, or quarantined', { sources }), rows };
}
