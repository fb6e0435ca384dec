import type { Session } from '../durable/index.ts';
import type { ProjectionContent } from '../hot/index.ts';

/** What statements are asked of: the tier, or the session of a transaction. */
export type Source = Pick<Session, 'query' | 'kysely'>;

/** What PostgreSQL has for a key. */
export interface Built {
  readonly content: ProjectionContent;
  /** Milliseconds since 1970; absent: `lifeMs` of the view from now on. */
  readonly expiresAtMs?: number | undefined;
}

/** A kind of key in Redis whose content follows from rows in PostgreSQL. */
export interface View<Id> {
  readonly store: string;
  /** As the documentation has it: `llm:daily:{date}`. What stands before the first brace is the key's beginning. */
  readonly pattern: string;
  /** Absent: for ever, or what `build` says. */
  readonly lifeMs?: number;
  /** Without the prefix; its parts through `keyPart`. */
  key(id: Id): string;
  /** The other way; undefined: no key of this view. */
  idOf(key: string): Id | undefined;
  /** @returns undefined when there is nothing: then there is no key either */
  build(source: Source, id: Id): Promise<Built | undefined>;
  /** What is worth having at hand, for `hot rebuild`: bounded. */
  recent(source: Source): Promise<Id[]>;
}

/** The literal beginning of the keys of a view. */
export function beginningOf(pattern: string): string {
  return pattern.split('{', 1)[0]!;
}
