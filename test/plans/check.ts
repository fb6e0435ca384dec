import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cost, explain } from './explain.ts';
import type { Fill } from './fills/fill.ts';
import type { Statement } from './recorder.ts';
import { ROWS, type World, worldWith } from './world.ts';

/** A question that is promised to stay as fast as it is, however long the history. */
export interface Case {
  readonly name: string;
  readonly ask: (world: World) => Promise<unknown>;
  /** The part of all rows that the question itself is about (a month of two years); 0 by default: a page. */
  readonly share?: number;
  /** The best plan depends on the values so much that what counts is the plan that PostgreSQL chooses when it weighs the costs of both. */
  readonly byValue?: boolean;
}

/** What a page may look at, whatever the number of rows: some hundred are shown, and filters throw some away. */
const ROWS_MAX = 10_000;
const BUFFERS_MAX = 5_000;
/** A row that is asked for may stand on a page of its own, behind some pages of an index. */
const BUFFERS_A_ROW = 1.5;
const FILL_TIMEOUT_MS = 20 * 60_000;

/** Fills the tables, asks each question of the stores, and looks at the plans of what they sent. */
export function describePlans(title: string, fills: readonly Fill[], cases: readonly Case[]): void {
  const big = new Set(fills.flatMap(({ table, beside = [] }) => [table, ...beside]));
  describe(`${title}, ${ROWS} rows each`, () => {
    let world: World;
    beforeAll(async () => {
      world = await worldWith(fills);
    }, FILL_TIMEOUT_MS);
    afterAll(() => world.remove());

    it.each(cases)('$name', async ({ ask, share = 0, byValue = false }) => {
      world.recorder.take();
      await ask(world);
      const reads = world.recorder.take().filter((statement) => isRead(statement, big));
      expect(reads, 'statements about these tables').not.toEqual([]);
      for (const statement of reads) {
        for (const cost of await explain(world.durable, statement, byValue)) {
          expect(faultsOf(cost, big, share), shown(statement, cost)).toEqual([]);
        }
      }
    });
  });
}

function isRead({ sql }: Statement, big: ReadonlySet<string>): boolean {
  if (!/^\s*(select|with)\b/i.test(sql)) return false;
  if (/\b(insert into|update|delete from)\b/i.test(sql.replaceAll('for update', ''))) return false;
  return [...big].some((table) => sql.includes(table));
}

function faultsOf(cost: Cost, big: ReadonlySet<string>, share: number): string[] {
  const rowsMax = Math.max(ROWS_MAX, share * ROWS);
  const buffersMax = Math.max(BUFFERS_MAX, share * ROWS * BUFFERS_A_ROW);
  const faults = cost.scanned
    .filter((table) => big.has(table))
    .map((table) => `reads ${table} from end to end`);
  if (cost.rows > rowsMax) faults.push(`looks at ${cost.rows} rows, more than ${rowsMax}`);
  if (cost.buffers > buffersMax) faults.push(`asks for ${cost.buffers} pages, more than ${buffersMax}`);
  if (cost.sorted > rowsMax) faults.push(`sorts ${cost.sorted} rows, more than ${rowsMax}`);
  return faults;
}

function shown({ sql, params }: Statement, cost: Cost): string {
  return `${sql}\n${JSON.stringify(params, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n${JSON.stringify(cost)}`;
}
