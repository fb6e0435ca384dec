import type { OperationCase } from './http-operations.ts';

const time = '2026-11-20T10:00:00Z';
const llmRequest = { model: 'gpt-4', tokens_input: 10, tokens_output: 5 };
const exit = {
  symbol: 'SBIN',
  exit_price: 101,
  exit_time: '2026-11-20T11:00:00+05:30',
  exit_reason: 'TARGET',
};
const pick = {
  symbol: 'TCS',
  mode: 'Swing',
  direction: 'LONG',
  signal_ts: '2026-11-20T10:00:00+05:30',
  signal_price: 100,
};
const items = [
  {
    symbol: 'SBIN',
    recommendation: 'Buy',
    score_blend: 80,
    entry_price: 100,
    stop_loss: 95,
    target_price: 110,
  },
];
const nul = '%00';

/** The service, and what is kept for ever. */
export const historyCases: Readonly<Record<string, OperationCase>> = {
  'GET /health': { url: '/health', bad: null },
  'GET /health/live': { url: '/health/live', bad: null },
  'GET /health/ready': { url: '/health/ready', bad: null },
  'GET /metrics': { url: '/metrics', bad: null },
  'GET /v1/migration': { url: '/v1/migration', bad: null },
  'GET /v1/migration/quarantine': {
    url: '/v1/migration/quarantine?limit=5',
    bad: { url: '/v1/migration/quarantine?limit=x', field: 'limit' },
  },

  'POST /v1/llm/requests': {
    url: '/v1/llm/requests',
    body: { requests: [llmRequest] },
    status: 201,
    bad: { body: { requests: [{ ...llmRequest, tokens_input: -1 }] }, field: 'requests.0.tokens_input' },
  },
  'GET /v1/llm/requests': {
    url: '/v1/llm/requests?priced=true&limit=1',
    bad: { url: '/v1/llm/requests?priced=perhaps', field: 'priced' },
  },
  'GET /v1/llm/spend': { url: '/v1/llm/spend', bad: { url: '/v1/llm/spend?date=x', field: 'date' } },
  'GET /v1/llm/usage': { url: '/v1/llm/usage?days=7', bad: { url: '/v1/llm/usage?days=0', field: 'days' } },
  'GET /v1/llm/budget': {
    url: '/v1/llm/budget?daily_usd=5',
    bad: { url: '/v1/llm/budget?daily_usd=five', field: 'daily_usd' },
  },
  'PUT /v1/llm/budgets': {
    url: '/v1/llm/budgets',
    body: { scope: 'all', daily_usd: '100' },
    bad: { body: { scope: 'none such', daily_usd: '1' }, field: 'scope' },
  },
  'GET /v1/llm/budgets': { url: '/v1/llm/budgets', bad: { url: '/v1/llm/budgets?as_of=x', field: 'as_of' } },
  'POST /v1/llm/reservations': {
    url: '/v1/llm/reservations',
    body: { amount_usd: '1', model: 'gpt-4' },
    status: 201,
    keep: { reservation: 'id' },
    bad: { body: { amount_usd: 'one' }, field: 'amount_usd' },
  },
  'POST /v1/llm/reservations/{id}/settle': {
    url: '/v1/llm/reservations/{reservation}/settle',
    body: llmRequest,
    bad: { url: '/v1/llm/reservations/x/settle', field: 'id' },
  },
  'DELETE /v1/llm/reservations/{id}': {
    url: '/v1/llm/reservations/{reservation}',
    bad: { url: '/v1/llm/reservations/x', field: 'id' },
  },
  'DELETE /v1/llm/budgets': {
    url: '/v1/llm/budgets?scope=all',
    bad: { url: '/v1/llm/budgets?scope=none', field: 'scope' },
  },
  'PUT /v1/llm/prices/{model}': {
    url: '/v1/llm/prices/house',
    body: { input_usd_per_1k: '0.1', output_usd_per_1k: '0.2' },
    bad: { body: { input_usd_per_1k: '-1', output_usd_per_1k: '0.2' }, field: 'input_usd_per_1k' },
  },
  'GET /v1/llm/prices': { url: '/v1/llm/prices', bad: null },
  'GET /v1/llm/prices/{model}': {
    url: '/v1/llm/prices/house',
    bad: { url: '/v1/llm/prices/house?as_of=x', field: 'as_of' },
  },
  'POST /v1/llm/reprice': {
    url: '/v1/llm/reprice',
    body: { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' },
    bad: { body: { from: 'x', to: time }, field: 'from' },
  },

  'POST /v1/recommendations': {
    url: '/v1/recommendations',
    body: { mode: 'Scalping', universe: 'nifty50', items, generated_at: '2026-11-20T10:00:00' },
    status: 201,
    bad: { body: { mode: 'Swing', items: [{ symbol: 1, recommendation: 'Buy' }] }, field: 'items.0.symbol' },
  },
  'GET /v1/recommendations': {
    url: '/v1/recommendations?limit=1',
    keep: { recommendation: 'items.0.id' },
    bad: { url: '/v1/recommendations?evaluated=maybe', field: 'evaluated' },
  },
  'GET /v1/recommendations/{id}': {
    url: '/v1/recommendations/{recommendation}',
    bad: { url: '/v1/recommendations/x', field: 'id' },
  },
  'POST /v1/recommendations/{id}/evaluation': {
    url: '/v1/recommendations/{recommendation}/evaluation',
    body: { exit_price: 105, exit_time: '2026-11-20T11:00:00Z', exit_reason: 'TARGET' },
    bad: { body: { exit_price: 'much', exit_time: time, exit_reason: 'x' }, field: 'exit_price' },
  },
  'POST /v1/recommendations/scalping-exits': {
    url: '/v1/recommendations/scalping-exits',
    body: [exit],
    bad: { body: { exits: [{ ...exit, exit_price: 'x' }] }, field: 'exit_price' },
  },
  'POST /v1/recommendations/evaluate-due': {
    url: '/v1/recommendations/evaluate-due',
    body: {},
    bad: { body: { exchange: 'MOON' }, field: 'exchange' },
  },
  'GET /v1/recommendations/performance': {
    url: '/v1/recommendations/performance?group_by=mode',
    bad: { url: '/v1/recommendations/performance?group_by=colour', field: 'group_by' },
  },

  'POST /v1/top-picks/runs': {
    url: '/v1/top-picks/runs',
    body: { universe: 'nifty50', mode: 'Swing', items, run_id: 'run-1', generated_at: time },
    status: 201,
    bad: { body: { universe: 'nifty50', mode: 'Swing', items: 'none' }, field: 'items' },
  },
  'GET /v1/top-picks/universes': { url: '/v1/top-picks/universes', bad: null },
  'GET /v1/top-picks/runs': {
    url: '/v1/top-picks/runs',
    bad: { url: '/v1/top-picks/runs?cursor=x', field: 'cursor' },
  },
  'GET /v1/top-picks/latest': {
    url: '/v1/top-picks/latest?universe=nifty50&mode=swing',
    bad: { url: '/v1/top-picks/latest?universe=nifty50', field: 'mode' },
  },
  'GET /v1/top-picks/runs/{run_id}': {
    url: '/v1/top-picks/runs/run-1',
    bad: { url: `/v1/top-picks/runs/${nul}`, field: 'run_id' },
  },

  'POST /v1/picks': {
    url: '/v1/picks',
    body: pick,
    status: 201,
    keep: { pick: 'pick_uuid' },
    bad: { body: { ...pick, signal_price: 'x' }, field: 'signal_price' },
  },
  'GET /v1/picks': {
    url: '/v1/picks?symbol=TCS',
    bad: { url: '/v1/picks?trade_date=x', field: 'trade_date' },
  },
  'GET /v1/picks/{uuid}': {
    url: '/v1/picks/{pick}',
    bad: { url: '/v1/picks/{pick}?as_of=x', field: 'as_of' },
  },
  'PUT /v1/picks/{uuid}/outcomes/{horizon}': {
    url: '/v1/picks/{pick}/outcomes/5D',
    body: { price_close: 104 },
    bad: { body: { price_close: 'x' }, field: 'price_close' },
  },
  'POST /v1/picks/scalping-exits': {
    url: '/v1/picks/scalping-exits',
    body: [exit],
    bad: { body: { ...exit, exit_time: 'soon' }, field: 'exit_time' },
  },
  'POST /v1/picks/outcomes/compute': {
    url: '/v1/picks/outcomes/compute',
    body: { from: '2026-11-20', to: '2026-11-20', horizon: 'EOD' },
    bad: { body: { from: '2026-11-20', to: '2026-11-20', horizon: 'LATER' }, field: 'horizon' },
  },
  'POST /v1/policies': {
    url: '/v1/policies',
    body: { policy_id: 'p1', name: 'one', config: { epsilon: 0.1 } },
    status: 201,
    bad: { body: { name: 'two', config: [] }, field: 'config' },
  },
  'GET /v1/policies': { url: '/v1/policies', bad: { url: '/v1/policies?status=odd', field: 'status' } },
  'GET /v1/policies/{id}': { url: '/v1/policies/p1', bad: { url: `/v1/policies/${nul}`, field: 'id' } },
  'PATCH /v1/policies/{id}': {
    url: '/v1/policies/p1',
    body: { description: 'first' },
    bad: { body: { name: 7 }, field: 'name' },
  },
  'POST /v1/policies/{id}/activate': {
    url: '/v1/policies/p1/activate',
    bad: { url: `/v1/policies/${nul}/activate`, field: 'id' },
  },
  'GET /v1/policies/active': {
    url: '/v1/policies/active',
    bad: { url: '/v1/policies/active?as_of=x', field: 'as_of' },
  },
  'POST /v1/policies/{id}/retire': {
    url: '/v1/policies/p1/retire',
    bad: { url: `/v1/policies/${nul}/retire`, field: 'id' },
  },
};
