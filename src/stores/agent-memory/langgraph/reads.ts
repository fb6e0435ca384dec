import type {
  GetOperation,
  Item,
  ListNamespacesOperation,
  MatchCondition,
  SearchOperation,
} from '@langchain/langgraph-checkpoint';
import type { Session } from '../../../tiers/durable/index.ts';
import { filterConditions } from './filter.ts';
import { checkKey, checkNamespace, rangeUnder, refused } from './namespaces.ts';
import { Statement } from './statement.ts';

/** Of one search or list. */
export const LIMIT_MAX = 10_000;
const SEARCH_LIMIT = 10;
const LIST_LIMIT = 100;
const COLUMNS = 'namespace, key, value, version, created_at, updated_at';

export interface VersionedItem {
  readonly item: Item;
  /** Rises with every put of the item, and never comes back. */
  readonly version: bigint;
}

/** One statement and what its rows are. */
export interface Query {
  readonly sql: string;
  readonly statement: Statement;
}

interface ItemRow {
  namespace: string[];
  key: string;
  value: Item['value'];
  version: bigint;
  created_at: string;
  updated_at: string;
}

export async function readItem(
  session: Pick<Session, 'query'>,
  { namespace, key }: GetOperation,
): Promise<VersionedItem | null> {
  const statement = new Statement();
  const place = `namespace = ${statement.texts(namespace)} and key = ${statement.text(key)}`;
  const { rows } = await session.query<ItemRow>(
    `select ${COLUMNS} from agent_store_items where ${place}`,
    statement.params,
  );
  return rows[0] === undefined ? null : { item: itemOf(rows[0]), version: rows[0].version };
}

export async function searchItems(
  session: Pick<Session, 'query'>,
  operation: SearchOperation,
): Promise<Item[]> {
  const { sql, statement } = searchQuery(operation);
  const { rows } = await session.query<ItemRow>(sql, statement.params);
  return rows.map(itemOf);
}

export async function listNamespaces(
  session: Pick<Session, 'query'>,
  operation: ListNamespacesOperation,
): Promise<string[][]> {
  const { sql, statement } = namespacesQuery(operation);
  const { rows } = await session.query<{ namespace: string[] }>(sql, statement.params);
  return rows.map(({ namespace }) => namespace);
}

/** Items in the order of their namespaces, and in that of their insertion within one. */
export function searchQuery({ namespacePrefix, filter, limit, offset }: SearchOperation): Query {
  const statement = new Statement();
  const conditions = [
    ...underPrefix(namespacePrefix, statement),
    ...filterConditions(filter ?? {}, statement),
  ];
  const sql = `select ${COLUMNS} from agent_store_items ${where(conditions)}
    order by namespace, id ${pageOf(limit ?? SEARCH_LIMIT, offset, statement)}`;
  return { sql, statement };
}

export function namespacesQuery(operation: ListNamespacesOperation): Query {
  const { matchConditions = [], maxDepth, limit, offset } = operation;
  const statement = new Statement();
  const conditions = matchConditions.flatMap((condition) => matches(condition, statement));
  const shown = maxDepth === undefined ? 'namespace' : `namespace[1:${statement.integer(maxDepth)}]`;
  const sql = `select distinct ${shown} as namespace from agent_store_items ${where(conditions)}
    order by 1 ${pageOf(limit ?? LIST_LIMIT, offset, statement)}`;
  return { sql, statement };
}

/** @throws InvalidNamespaceError, StockroomError INVALID_INPUT */
export function checkGet({ namespace, key }: GetOperation): void {
  checkNamespace(namespace, { allowReservedRoot: true });
  checkKey(namespace, key);
}

/** @throws InvalidNamespaceError, StockroomError INVALID_INPUT */
export function checkSearch(operation: SearchOperation): void {
  checkNamespace(operation.namespacePrefix, { allowEmpty: true, allowReservedRoot: true });
  checkPage(operation);
  searchQuery(operation);
}

/** @throws InvalidNamespaceError, StockroomError INVALID_INPUT */
export function checkList(operation: ListNamespacesOperation): void {
  for (const { path, matchType } of operation.matchConditions ?? []) {
    checkNamespace(path, { allowEmpty: true, allowReservedRoot: true });
    if (matchType !== 'prefix' && matchType !== 'suffix') {
      throw refused('matchType', 'prefix or suffix', JSON.stringify(matchType));
    }
  }
  checkPage(operation);
  const { maxDepth } = operation;
  if (maxDepth !== undefined) checkWhole('maxDepth', maxDepth, 1, LIMIT_MAX);
}

function checkPage({ limit, offset }: { limit?: number; offset?: number }): void {
  if (limit !== undefined) checkWhole('limit', limit, 0, LIMIT_MAX);
  if (offset !== undefined) checkWhole('offset', offset, 0, Number.MAX_SAFE_INTEGER);
}

function checkWhole(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw refused(what, `a whole number from ${min} to ${max}`, String(value));
}

function underPrefix(prefix: readonly string[], statement: Statement): string[] {
  const range = rangeUnder(prefix);
  if (range === undefined) return [];
  return [`namespace >= ${statement.texts(range.from)}`, `namespace < ${statement.texts(range.before)}`];
}

/** `*` stands for any one label. */
function matches({ matchType, path }: MatchCondition, statement: Statement): string[] {
  const wild = path.indexOf('*');
  const literal = wild === -1 ? path : path.slice(0, wild);
  const conditions = matchType === 'prefix' ? underPrefix(literal, statement) : [];
  conditions.push(`cardinality(namespace) >= ${statement.integer(path.length)}`);
  for (const [index, label] of path.entries()) {
    if (label === '*' || (matchType === 'prefix' && index < literal.length)) continue;
    const place =
      matchType === 'prefix' ? `${index + 1}` : `cardinality(namespace) - ${path.length - 1 - index}`;
    conditions.push(`namespace[${place}] = ${statement.text(label)}`);
  }
  return conditions;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

function pageOf(limit: number, offset: number | undefined, statement: Statement): string {
  return `limit ${statement.integer(limit)} offset ${statement.integer(offset ?? 0)}`;
}

function itemOf({ namespace, key, value, created_at, updated_at }: ItemRow): Item {
  return { value, key, namespace, createdAt: new Date(created_at), updatedAt: new Date(updated_at) };
}
