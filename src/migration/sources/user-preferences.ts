import { defineSource, json, key, time } from '../source.ts';

export const userPreferences = defineSource({
  id: 'user_preferences',
  store: 'context',
  table: 'user_preferences',
  uniqueKey: true,
  shapes: [{ table: 'user_preferences', requires: ['user_id', 'pref_key', 'pref_value'] }],
  columns: [key('user_id'), key('pref_key'), json('pref_value'), time('updated_at')],
});
