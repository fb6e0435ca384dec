import { Pool } from 'pg';
import { measure, median, spanOf, type Times } from './measure.ts';
import { llmCall, type Ours, SCHEMA } from './ours.ts';
import * as samples from './samples.js';

export const IN_FLIGHT = 64;
/** What the log is meant to reach: so many times one INSERT a commit, one at a time. */
export const AIM = 20;

export interface InsertLine {
  readonly name: string;
  readonly inFlight: number;
  readonly rate: number;
  /** Acknowledged rows that are not there. */
  readonly lost: number;
  /** Calls that failed. */
  readonly failed: number;
  readonly role: 'ours' | 'base' | 'other';
}

interface Contender {
  readonly name: string;
  readonly inFlight: number;
  readonly role: InsertLine['role'];
  readonly table: string;
  readonly op: (n: number) => Promise<unknown>;
}

/** The columns and indexes of the log and nothing else: no trigger keeps sums, no key makes a repetition harmless. */
const PLAIN = 'plain_llm_requests';
const LOG = `${SCHEMA}.llm_requests`;

/** Requests to log, each answered after its commit, beside one INSERT a commit on the same PostgreSQL. */
export async function llmInserts(
  ours: Ours,
  url: string,
  times: Times,
  rounds: number,
): Promise<InsertLine[]> {
  const pool = new Pool({ connectionString: url, max: IN_FLIGHT });
  try {
    await pool.query(
      `CREATE TABLE ${PLAIN} (LIKE ${LOG} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES)`,
    );
    const all = contenders(ours, pool);
    const found = all.map(() => ({ rates: [] as number[], lost: 0, failed: 0 }));
    for (let round = 0; round < rounds; round++) {
      for (const [index, contender] of all.entries()) {
        const before = await count(pool, contender.table);
        const { rate, acknowledged, failed } = await measure(contender.op, contender.inFlight, spanOf(times));
        found[index]!.rates.push(rate);
        found[index]!.failed += failed;
        found[index]!.lost += acknowledged - ((await count(pool, contender.table)) - before);
        console.error(`  ${contender.name}, ${contender.inFlight} in flight: ${Math.round(rate)}/s`);
      }
    }
    return all.map(({ name, inFlight, role }, index) => {
      const { rates, lost, failed } = found[index]!;
      return { name, inFlight, role, rate: median(rates), lost, failed };
    });
  } finally {
    await pool.end();
  }
}

function contenders({ stores }: Ours, pool: Pool): Contender[] {
  const insert = (table: string) => (n: number) => {
    const { model, tokens_input, tokens_output, cost } = samples.llmRequest(n);
    return pool.query({
      name: `insert into ${table}`,
      text: `INSERT INTO ${table} (model, tokens_input, tokens_output, cost_usd, created_at) VALUES ($1, $2, $3, $4, $5)`,
      values: [model, tokens_input, tokens_output, cost, new Date()],
    });
  };
  const [plain, log] = [insert(PLAIN), insert(LOG)];
  const plainName = 'INSERT, a commit each, a table with the same indexes and no triggers';
  const logName = 'INSERT, a commit each, the table of the log';
  return [
    {
      name: 'stores.llmCosts.log',
      inFlight: IN_FLIGHT,
      role: 'ours',
      table: LOG,
      op: (n) => stores.llmCosts.log(llmCall(n)),
    },
    { name: plainName, inFlight: 1, role: 'base', table: PLAIN, op: plain },
    { name: plainName, inFlight: IN_FLIGHT, role: 'other', table: PLAIN, op: plain },
    { name: logName, inFlight: 1, role: 'base', table: LOG, op: log },
    { name: logName, inFlight: IN_FLIGHT, role: 'other', table: LOG, op: log },
  ];
}

async function count(pool: Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
  return Number(rows[0]!.n);
}
