import { StockroomError } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { jsonText } from '../../tiers/state/json.ts';
import type { Changes, Views } from '../../tiers/views/index.ts';
import { checked } from './fields.ts';
import type { ContextViews } from './keys.ts';
import { preferenceParams, preferencesPut, type SavedPreference, userParams } from './schema.ts';
import type { Time } from './time.ts';

const VALUE_MAX_CHARACTERS = 1_000_000;

export interface Preferences {
  /** @throws StockroomError INVALID_INPUT */
  put(userId: string, key: string, value: unknown): Promise<SavedPreference>;
  /** All of them or none; those that are not named stay. @throws StockroomError INVALID_INPUT */
  putMany(userId: string, values: Readonly<Record<string, unknown>>): Promise<SavedPreference[]>;
  /** Its value, from Redis where it stands there. @throws StockroomError NOT_FOUND */
  get(userId: string, key: string): Promise<unknown>;
  /** Values by their key; empty where there are none. */
  all(userId: string): Promise<Record<string, unknown>>;
}

export function createPreferences(
  durable: DurableTier,
  allViews: Views,
  views: ContextViews,
  time: Time,
): Preferences {
  async function putMany(
    userId: string,
    values: Readonly<Record<string, unknown>>,
  ): Promise<SavedPreference[]> {
    const { user_id } = checked(userParams, { user_id: userId });
    const { preferences } = checked(preferencesPut, { preferences: values });
    // In the order of the keys: two that write the same keys in different orders would wait for one another.
    const entries = Object.entries(preferences).sort(([a], [b]) => (a < b ? -1 : 1));
    const texts = entries.map(([key, value]) => jsonText(value, key, VALUE_MAX_CHARACTERS));
    let changes: Changes | undefined;
    const rows = await durable.transaction(async (session) => {
      changes = allViews.changes();
      const result = await session.query<{ pref_key: string; pref_value: unknown; updated_at: string }>(
        `insert into user_preferences (user_id, pref_key, pref_value, updated_at)
         select $1, key, value, coalesce($4::timestamptz, clock_timestamp())
         from unnest($2::text[], $3::text[]::jsonb[]) as given (key, value)
         on conflict (user_id, pref_key) do update
           set pref_value = excluded.pref_value, updated_at = excluded.updated_at
         returning pref_key, pref_value, updated_at`,
        [user_id, entries.map(([key]) => key), texts, time.now()],
      );
      for (const [pref_key] of entries) changes.refresh(views.preference, { user_id, pref_key });
      changes.note(session);
      return result.rows;
    });
    await changes?.apply();
    return rows.map(({ pref_key: key, pref_value: value, updated_at }) => ({
      user_id,
      key,
      value,
      updated_at,
    }));
  }

  return {
    putMany,

    async put(userId, key, value) {
      const named = checked(preferenceParams, { user_id: userId, key });
      const [saved] = await putMany(named.user_id, { [named.key]: value });
      return saved!;
    },

    async get(userId, key) {
      const content = await views.preference.read({ user_id: userId, pref_key: key });
      if (content?.kind === 'text') return JSON.parse(content.text) as unknown;
      throw new StockroomError(
        'NOT_FOUND',
        `The user ${JSON.stringify(userId)} has no preference ${JSON.stringify(key)}`,
      );
    },

    async all(userId) {
      const { rows } = await durable.query<{ pref_key: string; pref_value: unknown }>(
        'select pref_key, pref_value from user_preferences where user_id = $1 order by pref_key',
        [userId],
      );
      return Object.fromEntries(rows.map((row) => [row.pref_key, row.pref_value]));
    },
  };
}
