import type { Answer, Call, Client } from '../client.ts';
import type { Findings } from '../findings.ts';

/** One kind of data: how it is written, what its readers may be told, and how all of it is read back at the end. */
export interface Kind {
  /** Out of all. */
  readonly weights: { readonly write: number; readonly read: number };
  /** One write, acknowledged when it resolves. */
  write(client: Client, writer: number): Promise<void>;
  /** One read, checked. */
  read(client: Client): Promise<void>;
  /** Looks for everything that was acknowledged, once nothing writes any more. */
  readBack(client: Client): Promise<void>;
  /** The same in the tables. */
  inPostgres(tables: Tables): Promise<void>;
  /** Things acknowledged. */
  readonly acknowledged: number;
}

/** What stands in PostgreSQL. */
export interface Tables {
  // As the clients of PostgreSQL have it: the caller knows what its statement gives.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  query<T extends object>(sql: string): Promise<{ rows: T[] }>;
}

export interface Tools {
  readonly findings: Findings;
  readonly writers: number;
  /** A thing was acknowledged. */
  readonly count: () => void;
}

/** Whether an answer is a success; otherwise it is a wrong one: what was asked is what may be asked. */
export function isGood(findings: Findings, kind: string, call: Call, { status, body }: Answer): boolean {
  if (status >= 200 && status < 300) return true;
  const wrong = `${call.method} ${call.path} was answered ${status}: ${JSON.stringify(body).slice(0, 300)}`;
  findings.note(kind, { staleMs: 0, wrong });
  return false;
}

/** All pages of a list; undefined when one could not be had: a wrong answer is noted. */
export async function pagesOf(
  findings: Findings,
  client: Client,
  path: string,
  patient: boolean,
): Promise<Record<string, unknown>[] | undefined> {
  const items: Record<string, unknown>[] = [];
  let cursor = '';
  do {
    const call: Call = { method: 'GET', path: `${path}${cursor}` };
    const answer = patient ? await client.insist(call) : await client.ask(call);
    if (answer === undefined) return undefined;
    if (!isGood(findings, `list ${path.split('?', 1)[0]}`, call, answer)) return undefined;
    items.push(...(answer.body['items'] as Record<string, unknown>[]));
    const next = answer.body['next_cursor'] as string | null;
    cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
  } while (cursor !== '');
  return items;
}

export function pick<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)];
}

/** What was written lately is read more often than the rest. */
export function pickRecent<T>(items: readonly T[]): T | undefined {
  return Math.random() < 0.5 ? pick(items.slice(-50)) : pick(items);
}
