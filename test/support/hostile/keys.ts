import {
  addTable,
  definitionOf,
  type Expectation,
  expectation,
  requests,
  source,
  withDatabase,
} from './kit.ts';

/** A primary key that looks like SQLite's row number and is none (`DESC`): NULL and text may stand in it. */
export function descendingKey(directory: string): Expectation {
  const definition = definitionOf('llm_requests').replace('PRIMARY KEY AUTOINCREMENT', 'PRIMARY KEY DESC');
  const [first, second, third, ...rest] = requests(6);
  const rows = [{ ...first, id: null }, { ...second, id: null }, { ...third, id: 'three' }, ...rest];
  addTable(directory, 'cache/llm_costs.db', 'llm_requests', rows, definition);
  return expectation('rows without a usable id are counted and set aside', {
    sources: [source('llm_requests', 6, { quarantined: 3 })],
  });
}

/** Levels whose keys hold what PostgreSQL's text cannot, and a row whose key is NULL. */
export function strangeLevels(directory: string): Expectation {
  withDatabase(directory, 'cache/top_picks_runs.db', (db) => {
    db.exec(definitionOf('support_resistance_levels').replaceAll('NOT NULL', ''));
    const insert = db.prepare(
      `INSERT INTO support_resistance_levels (symbol, timeframe_scope, p, computed_at_ist) VALUES (?, ?, 1.5, '2026-01-09T10:00:00')`,
    );
    for (const [symbol, scope] of [
      ['TCS', 'D'],
      ['a\u0000', 'D'],
      ['a:b', 'D'],
      ['a', 'b:D'],
      ['%3A', 'D'],
      [null, 'D'],
      [Buffer.from('TCS'), 'D'],
    ])
      insert.run(symbol, scope);
  });
  return expectation('no two keys are taken for one, and those that are none are set aside', {
    sources: [source('support_resistance_levels', 7, { quarantined: 3 })],
  });
}
