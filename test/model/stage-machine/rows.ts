import { definitionOf } from '../../support/hostile/kit.ts';

/** A table of an old database and its table in PostgreSQL: in both, a row is a name and a value. */
export interface TableKind {
  readonly store: string;
  readonly file: string;
  readonly name: string;
  /** Columns of the name and of the value. */
  readonly key: string;
  readonly value: string;
  /** What a new row has besides. */
  readonly rest: Readonly<Record<string, string>>;
  /** The name is a unique key on both sides. */
  readonly unique: boolean;
}

/** Two stores: one in two files, one of them with a unique key; and one in a single file. */
export const KINDS: readonly TableKind[] = [
  {
    store: 'context',
    file: 'cache/context.db',
    name: 'user_preferences',
    key: 'pref_key',
    value: 'pref_value',
    rest: { user_id: "'u'" },
    unique: true,
  },
  {
    store: 'context',
    file: 'cache/learnings.db',
    name: 'agent_learnings',
    key: 'agent_type',
    value: 'sample_size',
    rest: {},
    unique: false,
  },
  {
    store: 'llm-costs',
    file: 'cache/llm_costs.db',
    name: 'llm_requests',
    key: 'model',
    value: 'tokens_input',
    rest: { cost_usd: '0.25', created_at: "'2026-02-03 04:05:06'" },
    unique: false,
  },
];

export const definition = (kind: TableKind): string => definitionOf(kind.name);

/** The rows of one table, by name. */
export type Rows = Map<string, number>;

/** What one transaction does. */
export type Step =
  | readonly ['insert', name: string, value: number]
  | readonly ['update', name: string, value: number]
  | readonly ['delete', name: string]
  | readonly ['rename', from: string, to: string]
  /** A new row under the number of another, which goes; over null: over the row with its name. */
  | readonly ['replace', name: string, value: number, over: string | null];

export const CHANGES = ['put', 'delete', 'rename', 'swap', 'replace', 'replace number', 'again'] as const;
export type ChangeKind = (typeof CHANGES)[number];

/** A change as steps that each touch a row, given the rows as they are. */
export function stepsOf(
  kind: TableKind,
  rows: Rows,
  change: ChangeKind,
  a: string,
  b: string,
  value: number,
): Step[] {
  const put: Step[] = [rows.has(a) ? ['update', a, value] : ['insert', a, value]];
  const clear = (name: string): Step[] => (rows.has(name) ? [['delete', name]] : []);
  if (change === 'put' || !rows.has(a)) return put;
  switch (change) {
    case 'delete':
      return [['delete', a]];
    case 'rename':
      return a === b ? put : [...clear(b), ['rename', a, b]];
    case 'swap':
      return a === b || !rows.has(b)
        ? put
        : [
            ['rename', a, 'aside'],
            ['rename', b, a],
            ['rename', 'aside', b],
          ];
    case 'replace':
      return kind.unique ? [['replace', a, value, null]] : [['replace', a, value, a]];
    case 'replace number':
      return a === b ? [['replace', a, value, a]] : [...clear(b), ['replace', b, value, a]];
    case 'again':
      return [
        ['delete', a],
        ['insert', a, value],
      ];
  }
}

/** What steps make of the rows. */
export function applySteps(rows: Rows, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step[0] === 'delete') rows.delete(step[1]);
    else if (step[0] === 'rename') {
      rows.set(step[2], rows.get(step[1])!);
      rows.delete(step[1]);
    } else {
      if (step[0] === 'replace' && step[3] !== null) rows.delete(step[3]);
      rows.set(step[1], step[2]);
    }
  }
}

/** The SQL of a step. `id`: the number of the row that is replaced. */
export function sqlOf(kind: TableKind, step: Step, side: 'old' | 'new', id: string | null): string[] {
  const { name: table, key, rest } = kind;
  const value = (number: number): string => (kind.unique ? `'${number}'` : String(number));
  const insert = (verb: string, name: string, number: number): string => {
    const columns = [...(id === null ? [] : ['id']), key, kind.value, ...Object.keys(rest)];
    const values = [...(id === null ? [] : [id]), `'${name}'`, value(number), ...Object.values(rest)];
    return `${verb} INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')})`;
  };
  switch (step[0]) {
    case 'insert':
      return [insert('INSERT', step[1], step[2])];
    case 'update':
      return [`UPDATE ${table} SET ${kind.value} = ${value(step[2])} WHERE ${key} = '${step[1]}'`];
    case 'delete':
      return [`DELETE FROM ${table} WHERE ${key} = '${step[1]}'`];
    case 'rename':
      return [`UPDATE ${table} SET ${key} = '${step[2]}' WHERE ${key} = '${step[1]}'`];
    case 'replace':
      if (side === 'old') return [insert('INSERT OR REPLACE', step[1], step[2])];
      return [
        `DELETE FROM ${table} WHERE ${key} = '${step[3] ?? step[1]}'`,
        insert('INSERT', step[1], step[2]),
      ];
  }
}

/** Rows as text, in order: what is there twice is told. */
export const textOf = (rows: Rows): string[] => [...rows].map(([name, value]) => `${name} ${value}`).sort();
