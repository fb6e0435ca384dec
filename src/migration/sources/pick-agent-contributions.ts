import { defineSource, float, json, key, text } from '../source.ts';

export const pickAgentContributions = defineSource({
  id: 'pick_agent_contributions',
  store: 'pick-log',
  table: 'pick_agent_contributions',
  shapes: [{ table: 'pick_agent_contributions', requires: ['pick_uuid', 'agent_name'] }],
  columns: [
    key('pick_uuid'),
    text('agent_name', { required: true }),
    float('score'),
    text('confidence'),
    json('metadata'),
  ],
  orphans: { column: 'pick_uuid', parent: 'pick_events', parentColumn: 'pick_uuid' },
});
