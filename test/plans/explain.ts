import { encodeParams } from '../../src/tiers/durable/values.ts';
import type { DurableTier, Session } from '../../src/tiers/durable/index.ts';
import type { Statement } from './recorder.ts';

/** A node of EXPLAIN (FORMAT JSON), as far as it is looked at. */
interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly Node[];
}

/** What a statement did. */
export interface Cost {
  /**
   * `custom`: for these values; `generic`: for any, as a prepared statement may run after its first five; `chosen`: the one of the two
   * that PostgreSQL takes then.
   */
  readonly plan: 'custom' | 'generic' | 'chosen';
  /** Tables that were read from end to end. */
  readonly scanned: readonly string[];
  readonly indexes: readonly string[];
  /** Rows that were looked at in tables and indexes, also those that a filter threw away. */
  readonly rows: number;
  /** Pages of 8 KB that were asked for. */
  readonly buffers: number;
  /** Rows that went into the largest sort. */
  readonly sorted: number;
}

/** A statement is planned for its values so often, before the plan for any values is weighed. */
const CUSTOM_PLANS = 5;

/**
 * Runs a read again under EXPLAIN: with the plan for its values, and with the one for any values, or with `byValue` the one that is taken
 * from the sixth time on.
 */
export async function explain(durable: DurableTier, statement: Statement, byValue: boolean): Promise<Cost[]> {
  const { sql, params } = statement;
  return durable.session(async (session) => {
    await session.query(`prepare measured as ${sql}`);
    await session.query('set statement_timeout = 60000');
    try {
      const literals = encodeParams(params).map((text) => (text === null ? 'null' : quoted(text)));
      const custom = await planOf(session, `${EXPLAIN} ${sql}`, params);
      const execute =
        literals.length === 0 ? 'execute measured' : `execute measured (${literals.join(', ')})`;
      if (byValue) for (let times = 0; times < CUSTOM_PLANS; times += 1) await session.query(execute);
      else await session.query('set plan_cache_mode = force_generic_plan');
      const later = await planOf(session, `${EXPLAIN} ${execute}`, []);
      return [costOf('custom', custom), costOf(byValue ? 'chosen' : 'generic', later)];
    } finally {
      await session.query('reset statement_timeout; reset plan_cache_mode; deallocate measured');
    }
  });
}

const EXPLAIN = 'explain (analyze, buffers, timing off, format json)';

async function planOf(session: Session, sql: string, params: Statement['params']): Promise<Node> {
  const { rows } = await session.query<{ 'QUERY PLAN': readonly [{ readonly Plan: Node }] }>(sql, params);
  return rows[0]!['QUERY PLAN'][0].Plan;
}

function quoted(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function costOf(plan: Cost['plan'], root: Node): Cost {
  const nodes = [...below(root)];
  const scans = nodes.filter(
    (node) => node['Relation Name'] !== undefined || node['Index Name'] !== undefined,
  );
  const sorts = nodes.filter((node) => node['Node Type'] === 'Sort');
  return {
    plan,
    scanned: unique(
      nodes.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? [node['Relation Name']!] : [])),
    ),
    indexes: unique(nodes.flatMap((node) => node['Index Name'] ?? [])),
    rows: Math.max(0, ...scans.map(lookedAt)),
    buffers: (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0),
    sorted: Math.max(0, ...sorts.flatMap((node) => (node.Plans ?? []).map(given))),
  };
}

function* below(node: Node): Generator<Node> {
  yield node;
  for (const child of node.Plans ?? []) yield* below(child);
}

function given(node: Node): number {
  return (node['Actual Rows'] ?? 0) * (node['Actual Loops'] ?? 1);
}

function lookedAt(node: Node): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return given(node) + removed * (node['Actual Loops'] ?? 1);
}

const unique = (names: readonly string[]): string[] => [...new Set(names)];
