import { defineSource, float, integer, text, time } from '../source.ts';

export const agentLearnings = defineSource({
  id: 'agent_learnings',
  store: 'context',
  table: 'agent_learnings',
  shapes: [{ table: 'agent_learnings', requires: ['agent_type'] }],
  columns: [
    text('agent_type', { required: true }),
    text('pattern_recognized'),
    float('accuracy'),
    integer('sample_size'),
    time('last_updated'),
  ],
});
