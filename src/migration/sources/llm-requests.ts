import { defineSource, integer, money, text, time } from '../source.ts';

export const llmRequests = defineSource({
  id: 'llm_requests',
  store: 'llm-costs',
  table: 'llm_requests',
  shapes: [{ table: 'llm_requests', requires: ['model'] }],
  columns: [
    text('model', { required: true }),
    integer('tokens_input'),
    integer('tokens_output'),
    money('cost_usd'),
    time('created_at'),
  ],
});
