import { defineSource, float, json, text, time } from '../source.ts';

export const agentAnalyses = defineSource({
  id: 'agent_analyses',
  store: 'context',
  table: 'agent_analyses',
  shapes: [{ table: 'agent_analyses', requires: ['symbol', 'agent_type'] }],
  columns: [
    text('symbol', { required: true }),
    text('agent_type', { required: true }),
    float('score'),
    text('confidence'),
    json('signals'),
    text('reasoning'),
    json('metadata'),
    json('global_context'),
    json('policy_context'),
    time('created_at'),
  ],
});
