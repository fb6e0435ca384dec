import { InvalidNamespaceError, validateNamespace } from '@langchain/langgraph-checkpoint';
import { StockroomError } from '../../../core/errors.ts';
import { checkText } from '../../../tiers/state/json.ts';

/** What an index of PostgreSQL takes of a row is 2,704 bytes; an array has up to 8 bytes beside each of its labels. */
const NAME_MAX_BYTES = 2_000;
const LABEL_EXTRA_BYTES = 8;

export interface NamespaceRules {
  /** "Everything", of a search. */
  readonly allowEmpty?: boolean;
  readonly allowReservedRoot?: boolean;
}

/**
 * The rules of `BaseStore`, but for one: a label may hold a colon. There it is refused because the store in memory joins labels by it;
 * here labels stay apart.
 *
 * @throws InvalidNamespaceError
 */
export function checkNamespace(namespace: readonly string[], rules: NamespaceRules = {}): void {
  if (!Array.isArray(namespace)) throw new InvalidNamespaceError('A namespace is an array of labels.');
  const labels: readonly unknown[] = namespace;
  const plain = labels.map((label) => (typeof label === 'string' ? label.replaceAll(':', '_') : label));
  validateNamespace(plain as string[], rules);
  for (const label of namespace) {
    if (!label.isWellFormed()) {
      throw new InvalidNamespaceError('Namespace labels cannot contain half of a surrogate pair.');
    }
  }
  const bytes = sizeOf(namespace);
  if (bytes > NAME_MAX_BYTES) {
    throw new InvalidNamespaceError(
      `A namespace has at most ${NAME_MAX_BYTES} bytes, and this has ${bytes}.`,
    );
  }
}

/** @throws StockroomError INVALID_INPUT */
export function checkKey(namespace: readonly string[], key: string): void {
  if (typeof key !== 'string') throw refused('key', 'text', typeof key);
  checkText(key, 'key');
  const bytes = sizeOf(namespace) + Buffer.byteLength(key);
  if (bytes > NAME_MAX_BYTES) {
    throw refused('key', `at most ${NAME_MAX_BYTES} bytes together with its namespace`, `${bytes} bytes`);
  }
}

/**
 * Where a namespace and all that are under it stand in the order of arrays below "C": from `from` on, before `before`. Nothing else
 * stands in between: no text comes between a label and the same with U+0001 behind it.
 */
export function rangeUnder(prefix: readonly string[]): { from: string[]; before: string[] } | undefined {
  const last = prefix.at(-1);
  if (last === undefined) return undefined;
  return { from: [...prefix], before: [...prefix.slice(0, -1), `${last}\u0001`] };
}

export function refused(what: string, expected: string, found: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `${what}: expected ${expected}, found ${found}`, {
    details: { path: what, expected, found },
  });
}

function sizeOf(namespace: readonly string[]): number {
  return namespace.reduce((sum, label) => sum + Buffer.byteLength(label) + LABEL_EXTRA_BYTES, 0);
}
