import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { type DurableTier, sqlState } from '../../tiers/durable/index.ts';
import { type HotTier, partOf } from '../../tiers/hot/index.ts';
import { Rows, type Write } from '../../tiers/state/rows.ts';

/**
 * What Redis alone has: states that were acknowledged and are not yet in PostgreSQL, and counters. One JSON document a line.
 *
 * Not the bytes of Redis: everything else in it is a copy of PostgreSQL, or a value that is fetched again, and Stockroom believes no
 * copy that an earlier life of a server wrote. A snapshot that is put under another server would be dropped key by key. What is read
 * through the tier is the same on one server, in a Cluster, behind Sentinel and on Valkey, and needs no right to replicate.
 */
export const HOT_FILE = 'hot.ndjson';

/** Hashes of counters that begin again at 0 without this. */
const COUNTERS = ['hist:meta', 'memory:stats'] as const;
/** Keys that are read side by side. */
const READS_AT_ONCE = 256;
/** States in one statement. */
const WRITES_AT_ONCE = 500;
/** The byte of `\n`, which is part of no other character in UTF-8. */
const LINE_END = 10;

const lineForm = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('state'),
    family: z.string(),
    key: z.string(),
    deleted: z.boolean(),
    version: z.number().int().nonnegative(),
    body: z.string(),
    expires_at_ms: z.number().nullable(),
  }),
  z.strictObject({
    kind: z.literal('counters'),
    key: z.enum(COUNTERS),
    counts: z.record(z.string(), z.number()),
  }),
]);
type Line = z.output<typeof lineForm>;

/** To be called before the snapshot of PostgreSQL is taken: so a state is here, or in the snapshot, or in both. */
export async function dumpHot(
  hot: HotTier,
  directory: string,
  signal?: AbortSignal,
): Promise<{ states: number; counters: number }> {
  const told = { states: 0, counters: 0 };
  const file = await open(join(directory, HOT_FILE), 'w', 0o600);
  const write = async (lines: readonly Line[]): Promise<void> => {
    await file.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  };
  try {
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      signal?.throwIfAborted();
      const page = await hot.scan(`${hot.prefix}state:`, cursor);
      for (let at = 0; at < page.keys.length; at += READS_AT_ONCE) {
        const lines = await statesOf(hot, page.keys.slice(at, at + READS_AT_ONCE));
        await write(lines);
        told.states += lines.length;
      }
      cursor = page.cursor;
    }
    for (const key of COUNTERS) {
      const counts = await hot.statistics.counts(hot.prefix + key);
      if (Object.keys(counts).length === 0) continue;
      await write([{ kind: 'counters', key, counts }]);
      told.counters += 1;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return told;
}

/** Writes states to their home, where a higher version stays, and counters where there are none. */
export async function restoreHot(
  directory: string,
  durable: DurableTier,
  hot: HotTier,
): Promise<{ states: number; counters: number }> {
  const told = { states: 0, counters: 0 };
  const rows = new Rows(durable, () => undefined);
  // By their name: a scan may give a key twice, and a statement takes a row once.
  let waiting = new Map<string, Write>();
  const flush = async (): Promise<void> => {
    if (waiting.size > 0) told.states += await writeStates(rows, [...waiting.values()]);
    waiting = new Map();
  };
  const counters: Extract<Line, { kind: 'counters' }>[] = [];
  for await (const line of linesOf(createReadStream(join(directory, HOT_FILE)))) {
    const parsed = lineOf(line);
    if (parsed.kind === 'state') {
      const write = writeOf(hot.prefix, parsed);
      const same = waiting.get(write.name.fullKey);
      if (same === undefined || same.content.version < write.content.version)
        waiting.set(write.name.fullKey, write);
      if (waiting.size >= WRITES_AT_ONCE) await flush();
    } else counters.push(parsed);
  }
  await flush();
  // Last: they are in Redis, where nothing is taken back when something else fails.
  for (const { key, counts } of counters) {
    if (Object.keys(await hot.statistics.counts(hot.prefix + key)).length > 0) continue;
    await hot.statistics.count(hot.prefix + key, counts);
    told.counters += 1;
  }
  return told;
}

/** By `\n` alone: `node:readline` of Node.js 24 also ends a line at U+2028 and U+2029, which JSON has within its strings. */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, end)]).toString();
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString();
}

/**
 * Copies of another database under the same prefix would be taken for ones of the restored rows.
 *
 * @throws StockroomError TARGET_EXISTS
 */
export async function requireEmptyHot(hot: HotTier): Promise<void> {
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await hot.scan(hot.prefix, cursor);
    if (page.keys[0] !== undefined) {
      throw new StockroomError(
        'TARGET_EXISTS',
        `Redis at ${hot.location}: expected no key under ${hot.prefix}, found ${page.keys[0]}. They are copies of other rows: ` +
          'stop every service that uses them and remove them, or set STOCKROOM_KEY_PREFIX to another prefix. Nothing was changed.',
        { details: { prefix: hot.prefix, key: page.keys[0] } },
      );
    }
    cursor = page.cursor;
  }
}

/** @returns how many PostgreSQL took; one that it refuses for what it is was in Redis alone for that very reason */
async function writeStates(rows: Rows, writes: readonly Write[]): Promise<number> {
  try {
    return (await rows.writeBehind(writes)).filter(Boolean).length;
  } catch (error) {
    if (!/^2[23]/.test(sqlState(error) ?? '')) throw error;
    if (writes.length === 1) return 0;
    const half = Math.ceil(writes.length / 2);
    return (await writeStates(rows, writes.slice(0, half))) + (await writeStates(rows, writes.slice(half)));
  }
}

async function statesOf(hot: HotTier, keys: readonly string[]): Promise<Line[]> {
  const head = `${hot.prefix}state:`;
  const lines = await Promise.all(
    keys.map(async (fullKey): Promise<Line[]> => {
      const standing = await hot.states.read(fullKey);
      // What was confirmed is in PostgreSQL; a claim is nothing yet.
      if (standing === undefined || standing.kind === 'claim' || standing.confirmedAtMs !== 0) return [];
      const [family = '', ...rest] = fullKey.slice(head.length).split(':');
      const { kind, version, body, expiresAtMs = null } = standing;
      const name = { family, key: partOf(rest.join(':')) };
      return [
        { kind: 'state', ...name, deleted: kind === 'deleted', version, body, expires_at_ms: expiresAtMs },
      ];
    }),
  );
  return lines.flat();
}

function writeOf(prefix: string, line: Extract<Line, { kind: 'state' }>): Write {
  const { family, key, deleted, version, body, expires_at_ms: expires } = line;
  return {
    name: { family, key, fullKey: `${prefix}state:${family}:${key}` },
    content: { kind: deleted ? 'deleted' : 'value', version, body, expiresAtMs: expires ?? undefined },
  };
}

/** The file is, byte for byte, what was written: another form is that of another version. */
function lineOf(text: string): Line {
  const parsed = lineForm.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new StockroomError(
    'ARCHIVE_INVALID',
    `${HOT_FILE} has a line of another form: ${parsed.error.issues[0]?.message}`,
  );
}
