import type { PutOperation } from '@langchain/langgraph-checkpoint';
import { StockroomError } from '../../../core/errors.ts';
import type { Session } from '../../../tiers/durable/index.ts';
import { jsonText } from '../../../tiers/state/json.ts';
import { checkKey, checkNamespace, refused } from './namespaces.ts';
import { Statement } from './statement.ts';

/** A put, or with a null as its value a deletion, that happens only while the item has that version; null: while there is none. */
export interface VersionedPut extends PutOperation {
  readonly expectedVersion?: bigint | null;
}

/** One write of a batch, checked: the only one of its item. */
export interface Write {
  readonly namespace: readonly string[];
  readonly key: string;
  /** JSON text; null deletes. */
  readonly body: string | null;
  readonly expected: bigint | null | undefined;
  /** Its place in the batch. */
  readonly position: number;
}

const VALUE_MAX_CHARACTERS = 8 * 2 ** 20;
/** Of one statement; each takes three parameters. */
const CHUNK_MAX = 1_000;

/**
 * @returns for every item its last put, in one order for all callers: two batches that write the same items never wait for one another
 *   in a circle
 * @throws InvalidNamespaceError, StockroomError INVALID_INPUT
 */
export function writesOf(operations: readonly VersionedPut[]): Write[] {
  const writes = new Map<string, Write>();
  for (const [position, { namespace, key, value, expectedVersion }] of operations.entries()) {
    checkNamespace(namespace, { allowReservedRoot: true });
    checkKey(namespace, key);
    const name = JSON.stringify([namespace, key]);
    const before = writes.get(name);
    if (before !== undefined && (before.expected !== undefined || expectedVersion !== undefined)) {
      throw refused('expectedVersion', 'one put of an item', `another of ${name} in the same batch`);
    }
    writes.set(name, { namespace, key, body: bodyOf(value), expected: expectedVersion, position });
  }
  return [...writes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, write]) => write);
}

/**
 * @returns the versions of what was put, in the order of the writes; undefined of deletions of what was not there
 * @throws StockroomError CONFLICT when an item has another version than the expected one
 */
export async function write(
  session: Session,
  writes: readonly Write[],
  now: Date,
): Promise<(bigint | undefined)[]> {
  const versions: (bigint | undefined)[] = [];
  for (let from = 0; from < writes.length; ) {
    const run = runAt(writes, from);
    versions.push(...(await writeRun(session, run, now)));
    from += run.length;
  }
  return versions;
}

/** What one statement writes: puts, or deletions, without a condition; or a single write with one. */
function runAt(writes: readonly Write[], from: number): readonly Write[] {
  const first = writes[from]!;
  if (first.expected !== undefined) return [first];
  let to = from + 1;
  while (
    to < writes.length &&
    to - from < CHUNK_MAX &&
    writes[to]!.expected === undefined &&
    (writes[to]!.body === null) === (first.body === null)
  ) {
    to += 1;
  }
  return writes.slice(from, to);
}

async function writeRun(session: Session, run: readonly Write[], now: Date): Promise<(bigint | undefined)[]> {
  const [first] = run;
  if (first!.expected !== undefined) return [await writeIf(session, first!, now)];
  return first!.body === null ? remove(session, run) : put(session, run, now);
}

/**
 * Rows are inserted in the order of the run, and numbered in that of the batch. An update takes its version when it holds the row: above
 * every one that was committed before.
 */
async function put(session: Session, run: readonly Write[], now: Date): Promise<bigint[]> {
  const statement = new Statement();
  const time = statement.time(now);
  const rows = run.map(
    ({ namespace, key, body, position }, index) =>
      `(${statement.texts(namespace)}, ${statement.text(key)}, ${statement.json(body!)}, ${index}, ${position})`,
  );
  const { rows: written } = await session.query<{ version: bigint }>(
    `with given as materialized (
       select *, nextval('agent_store_versions') as id
       from (select * from (values ${rows.join(', ')}) as put (namespace, key, value, place, position) order by position) as put
     )
     insert into agent_store_items as kept (namespace, key, value, id, version, created_at, updated_at)
     select namespace, key, value, id, id, ${time}, ${time} from given order by place
     on conflict (namespace, key) do update set value = excluded.value,
       version = nextval('agent_store_versions'), updated_at = greatest(kept.updated_at, excluded.updated_at)
     returning version`,
    statement.params,
  );
  return written.map(({ version }) => version);
}

async function remove(session: Session, run: readonly Write[]): Promise<(bigint | undefined)[]> {
  const removed: (bigint | undefined)[] = [];
  for (const { namespace, key } of run) {
    const statement = new Statement();
    const { rows } = await session.query<{ version: bigint }>(
      `delete from agent_store_items where namespace = ${statement.texts(namespace)} and key = ${statement.text(key)}
       returning version`,
      statement.params,
    );
    removed.push(rows[0]?.version);
  }
  return removed;
}

async function writeIf(session: Session, one: Write, now: Date): Promise<bigint | undefined> {
  if (one.body === null && one.expected === null) {
    throw refused('expectedVersion', 'a version of what is deleted', 'null');
  }
  const statement = new Statement();
  const { rows } = await session.query<{ version: bigint }>(
    conditional(one, now, statement),
    statement.params,
  );
  const [written] = rows;
  if (written !== undefined) return written.version;
  const name = JSON.stringify([one.namespace, one.key]);
  const expected = one.expected === null ? 'no item' : `version ${one.expected}`;
  throw new StockroomError(
    'CONFLICT',
    `${name} was changed by somebody else: expected ${expected}; read it again`,
    {
      details: { namespace: one.namespace, key: one.key },
    },
  );
}

function conditional({ namespace, key, body, expected }: Write, now: Date, statement: Statement): string {
  const names = `${statement.texts(namespace)}, ${statement.text(key)}`;
  if (expected === null) {
    const time = statement.time(now);
    return `insert into agent_store_items (namespace, key, value, id, version, created_at, updated_at)
      select ${names}, ${statement.json(body!)}, next, next, ${time}, ${time}
      from nextval('agent_store_versions') as next
      on conflict (namespace, key) do nothing returning version`;
  }
  const place = `(namespace, key) = (${names}) and version = ${statement.bigint(expected!)}`;
  if (body === null) return `delete from agent_store_items where ${place} returning version`;
  return `update agent_store_items set value = ${statement.json(body)}, version = nextval('agent_store_versions'),
    updated_at = greatest(updated_at, ${statement.time(now)}) where ${place} returning version`;
}

function bodyOf(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw refused('value', 'an object, or null to delete', value === undefined ? 'undefined' : typeof value);
  }
  // What has a JSON form (a Date, a message) is kept in it, and members that are undefined are none.
  const plain: unknown = JSON.parse(serialized(value));
  return jsonText(plain, 'value', VALUE_MAX_CHARACTERS);
}

function serialized(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new StockroomError('INVALID_INPUT', 'value: expected JSON, found what has no JSON form', {
      cause: error,
    });
  }
}
