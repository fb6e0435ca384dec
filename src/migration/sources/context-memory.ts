import { defineSource, integer, json, text, time } from '../source.ts';
import { parseTime, MICROS_PER_MINUTE } from '../values/time.ts';

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
  expired: (get, nowMicros) => {
    const expires = get('expires_at');
    const time = typeof expires === 'string' ? parseTime(expires) : null;
    return time !== null && time.localMicros - (time.offsetMinutes ?? 0) * MICROS_PER_MINUTE <= nowMicros;
  },
});
