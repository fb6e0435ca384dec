import { defineSource, integer, json, text, time } from '../source.ts';
import { toMicros } from '../values/coerce.ts';

export const contextMemory = defineSource({
  id: 'context_memory',
  store: 'context',
  table: 'context_memory',
  shapes: [{ table: 'context_memory', requires: ['context_type', 'key'] }],
  columns: [
    text('context_type', { required: true }),
    text('key', { required: true }),
    json('value'),
    integer('ttl'),
    time('created_at'),
    time('expires_at', { ahead: true }),
  ],
  expired: (get, { nowMicros, timezones }) => {
    const expires = toMicros(get('expires_at'), 'UTC', timezones.get('expires_at') ?? null, () => undefined);
    return expires !== null && expires <= nowMicros;
  },
});
