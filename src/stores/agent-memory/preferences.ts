import { type Clock, systemClock } from '../../core/clock.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { JsonValue } from '../../tiers/state/index.ts';
import { checkText, jsonText } from '../../tiers/state/json.ts';
import { checkName } from './names.ts';
import type { AgentMemoryDatabase } from './table.ts';

/** What agents remember of users. (The preferences that users set are those of the context store.) */
export interface Preferences {
  /** @throws StockroomError INVALID_INPUT */
  put(user: string, key: string, value: JsonValue): Promise<Preference>;
  get(user: string, key: string): Promise<Preference | undefined>;
  /** All of a user, by key. */
  all(user: string): Promise<Preference[]>;
  /** @returns whether there was one */
  delete(user: string, key: string): Promise<boolean>;
}

export interface Preference {
  readonly key: string;
  readonly value: unknown;
  /** Null: an old one that did not say. */
  readonly updated_at: string | null;
}

const VALUE_MAX_CHARACTERS = 2 ** 20;

export function createPreferences({
  durable,
  clock = systemClock,
}: {
  durable: DurableTier;
  clock?: Clock | undefined;
}): Preferences {
  const database = durable.kysely<AgentMemoryDatabase>();
  const ofUser = (user: string) => {
    checkPart('user', user);
    return database
      .selectFrom('memory_preferences')
      .select(['pref_key as key', 'value', 'updated_at'])
      .where('user_id', '=', user);
  };

  return {
    async put(user, key, value) {
      checkPart('user', user);
      checkPart('key', key);
      const { rows } = await durable.query<Preference>(
        `insert into memory_preferences (user_id, pref_key, value, updated_at) values ($1, $2, $3::jsonb, $4)
         on conflict (user_id, pref_key) do update set value = excluded.value, updated_at = excluded.updated_at
         returning pref_key as key, value, updated_at`,
        [user, key, jsonText(value, 'value', VALUE_MAX_CHARACTERS), clock()],
      );
      return rows[0]!;
    },

    async get(user, key) {
      checkPart('key', key);
      return ofUser(user).where('pref_key', '=', key).executeTakeFirst();
    },

    async all(user) {
      return ofUser(user).orderBy('pref_key').execute();
    },

    async delete(user, key) {
      checkPart('user', user);
      checkPart('key', key);
      const { numDeletedRows } = await database
        .deleteFrom('memory_preferences')
        .where('user_id', '=', user)
        .where('pref_key', '=', key)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

function checkPart(what: string, name: string): void {
  checkName(what, name);
  checkText(name, what);
}
