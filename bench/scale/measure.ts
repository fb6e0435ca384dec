import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillTable } from '../../test/plans/fills/fill.ts';
import type { History } from './histories.ts';
import { archiveStore, carelessly, openSubject, rebuildView, type Servers, type Subject } from './open.ts';

export interface Latency {
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Everything about a history at one size. What it has no name for is absent. */
export interface Line {
  readonly id: string;
  readonly title: string;
  /** Rows, or of what `unit` names. */
  readonly size: number;
  readonly unit: string;
  readonly perDay: number;
  readonly fillSeconds: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
  /** Rows a second, by `callers` at once through the store, each acknowledged after its commit. */
  readonly appendRate: number | undefined;
  readonly reads: Readonly<Record<string, Latency>>;
  /** Reading every row once in PostgreSQL. */
  readonly scanMs: number;
  readonly rebuild: { readonly keys: number; readonly ms: number } | undefined;
  readonly archive: { readonly rows: number; readonly ms: number } | undefined;
}

export interface Times {
  readonly appendMs: number;
  readonly readMs: number;
  readonly callers: number;
}

/** At most so many of the oldest rows are archived. */
const ARCHIVED_MAX = 20_000;
const CALLS_MIN = 5;
const CALLS_MAX = 2_000;

/** Fills a database with `rows` rows of a history, times what it does at that size, and drops it. */
export async function measureSize(
  servers: Servers,
  history: History,
  rows: number,
  times: Times,
): Promise<Line> {
  const subject = await openSubject(servers, 'scale');
  try {
    const { fill, perDay, unit } = history;
    const began = performance.now();
    await carelessly(servers, () =>
      subject.durable.session((session) => fillTable(session, fill, rows, perDay)),
    );
    const fillSeconds = (performance.now() - began) / 1_000;
    const { tableBytes, indexBytes } = await sizesOf(subject, history);
    const reads: Record<string, Latency> = {};
    for (const [name, call] of Object.entries(history.reads))
      reads[name] = await latency(subject, call, times.readMs);
    const scanMs = await elapsed(() =>
      subject.durable.query(`select count(*), max(t::text) from ${fill.table} as t`),
    );
    const rebuilt = await rebuild(subject, history);
    const appendRate = await appendRateOf(subject, history, times);
    const archived = await archive(subject, history, rows);
    return {
      id: history.id,
      title: history.title,
      size: rows * (unit?.perRow ?? 1),
      unit: unit?.name ?? 'rows',
      perDay,
      fillSeconds,
      tableBytes,
      indexBytes,
      appendRate,
      reads,
      scanMs,
      rebuild: rebuilt,
      archive: archived,
    };
  } finally {
    await subject.remove();
  }
}

async function sizesOf(
  { durable }: Subject,
  { fill }: History,
): Promise<{ tableBytes: number; indexBytes: number }> {
  const { rows } = await durable.query<{ table_bytes: bigint; index_bytes: bigint }>(
    `select sum(pg_table_size(name::regclass))::bigint as table_bytes, sum(pg_indexes_size(name::regclass))::bigint as index_bytes
     from unnest($1::text[]) as name`,
    [[fill.table, ...(fill.beside ?? [])]],
  );
  return { tableBytes: Number(rows[0]!.table_bytes), indexBytes: Number(rows[0]!.index_bytes) };
}

/** One caller, after one call that warms up. */
async function latency(
  subject: Subject,
  call: (subject: Subject, n: number) => Promise<unknown>,
  ms: number,
): Promise<Latency> {
  await call(subject, 0);
  const found: number[] = [];
  const end = performance.now() + ms;
  while ((performance.now() < end && found.length < CALLS_MAX) || found.length < CALLS_MIN) {
    found.push(await elapsed(() => call(subject, found.length)));
  }
  found.sort((a, b) => a - b);
  const at = (share: number): number => found[Math.min(found.length - 1, Math.floor(share * found.length))]!;
  return { calls: found.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function appendRateOf(
  subject: Subject,
  { append, rowsACall = 1 }: History,
  { appendMs, callers }: Times,
): Promise<number | undefined> {
  if (append === undefined) return undefined;
  let calls = 0;
  let next = 0;
  const began = performance.now();
  const caller = async (): Promise<void> => {
    while (performance.now() - began < appendMs) {
      await append(subject, next++);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (calls * rowsACall * 1_000) / (performance.now() - began);
}

async function rebuild(subject: Subject, { rebuild: store }: History): Promise<Line['rebuild']> {
  if (store === undefined) return undefined;
  const views = subject.views.all.filter(({ view }) => view.store === store);
  let keys = 0;
  const ms = await elapsed(async () => {
    for (const view of views) keys += await rebuildView(subject.hot, subject.durable, view);
  });
  return { keys, ms };
}

async function archive(
  subject: Subject,
  { archive: store, perDay }: History,
  rows: number,
): Promise<Line['archive']> {
  if (store === undefined) return undefined;
  const count = Math.min(ARCHIVED_MAX, rows / 10);
  const directory = mkdtempSync(join(tmpdir(), 'stockroom-scale-'));
  try {
    const before = new Date(Date.now() - ((rows - count) / perDay) * 86_400_000).toISOString();
    let removed = 0;
    const ms = await elapsed(async () => {
      const tables = await archiveStore({ durable: subject.durable, store, before, directory, apply: true });
      for (const table of tables) removed += table.removed;
    });
    return { rows: removed, ms };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
