import createFetchClient from 'openapi-fetch';
import { describe, expectTypeOf, it } from 'vitest';
import { createClient, type paths } from './index.ts';

// What stands here is checked by the compiler: nothing is sent.
const client = createClient({ url: 'http://127.0.0.1:9' });
const unsent = (call: () => unknown): unknown => expectTypeOf(call).toBeFunction();

describe('the types of stockroom/client', () => {
  it('name every answer', () => {
    const spend = () => client.GET('/v1/llm/spend', { params: { query: { date: '2026-11-22' } } });
    expectTypeOf(spend).returns.resolves.toHaveProperty('total_cost_usd').toEqualTypeOf<string>();
    const latest = () =>
      client.GET('/v1/top-picks/latest', { params: { query: { universe: 'nifty50', mode: 'Swing' } } });
    expectTypeOf(latest).returns.resolves.toHaveProperty('run_id').toEqualTypeOf<string>();
    const gone = () =>
      client.DELETE('/v1/context/memory/{type}/{key}', { params: { path: { type: 'a', key: 'b' } } });
    expectTypeOf(gone).returns.resolves.toEqualTypeOf<undefined>();
    const stats = () => client.GET('/v1/cache/stats');
    expectTypeOf(stats).returns.resolves.not.toBeAny();
  });

  it('name pages and their items', () => {
    const pages = () =>
      client.pages('/v1/recommendations', { params: { query: { symbol: 'TCS', limit: 2 } } });
    type Page = ReturnType<typeof pages> extends AsyncGenerator<infer P> ? P : never;
    expectTypeOf<Page['items'][number]['score_blend']>().toEqualTypeOf<number | null>();
    expectTypeOf<Page['next_cursor']>().toEqualTypeOf<string | null>();
    const lines = () => client.lines('/v1/llm/requests');
    type Line = ReturnType<typeof lines> extends AsyncGenerator<infer L> ? L : never;
    expectTypeOf<Line['cost_usd']>().toEqualTypeOf<string | null>();
  });

  it('refuse paths and methods that are not there', () => {
    // @ts-expect-error: there is no such path
    unsent(() => client.GET('/v1/llm/spent'));
    // @ts-expect-error: it is not deleted
    unsent(() => client.DELETE('/v1/llm/spend'));
    // @ts-expect-error: its answer is text
    unsent(() => client.GET('/metrics'));
    // @ts-expect-error: its answer has no end
    unsent(() => client.GET('/v1/events'));
    // @ts-expect-error: it is no list
    unsent(() => client.pages('/v1/llm/spend'));
    // @ts-expect-error: this list is not given as lines
    unsent(() => client.lines('/v1/policies'));
  });

  it('refuse a query that is not taken', () => {
    // @ts-expect-error: one of two that must be there
    unsent(() => client.GET('/v1/top-picks/latest', { params: { query: { universe: 'nifty50' } } }));
    // @ts-expect-error: the query must be there
    unsent(() => client.GET('/v1/top-picks/latest'));
    // @ts-expect-error: a name that is not known, beside one that is
    unsent(() => client.GET('/v1/llm/spend', { params: { query: { date: '2026-11-22', day: 'x' } } }));
    // @ts-expect-error: a number as a text
    unsent(() => client.GET('/v1/recommendations', { params: { query: { limit: '2' } } }));
    // @ts-expect-error: it takes none
    unsent(() => client.GET('/v1/cache/stats', { params: { query: { key: 'a' } } }));
    // @ts-expect-error: the path has a part
    unsent(() => client.GET('/v1/cache/{key}'));
  });

  it('refuse a body that is not taken', () => {
    const key = { path: { key: 'a' } };
    const retired = { path: { id: 'a' }, header: { 'idempotency-key': 'k' } };
    unsent(() => client.PUT('/v1/memory/cache/{key}', { params: key, body: { value: 1, ttl_seconds: 2 } }));
    // @ts-expect-error: a name that is not known
    unsent(() => client.PUT('/v1/memory/cache/{key}', { params: key, body: { value: 1, ttl: 2 } }));
    // @ts-expect-error: there is no body
    unsent(() => client.POST('/v1/llm/requests'));
    // @ts-expect-error: lines are no body of this
    unsent(() => client.POST('/v1/llm/requests', { body: '{}' }));
    // @ts-expect-error: money is a text
    unsent(() => client.PUT('/v1/llm/budgets', { body: { scope: 'all', daily_usd: 1 } }));
    // @ts-expect-error: it takes none
    unsent(() => client.GET('/v1/llm/spend', { body: {} }));
    // @ts-expect-error: this one knows no idempotency key
    unsent(() => client.POST('/v1/policies/{id}/retire', { params: retired }));
  });

  it('are those that openapi-fetch asks for', () => {
    const plain = createFetchClient<paths>();
    const spend = async () => (await plain.GET('/v1/llm/spend')).data;
    expectTypeOf(spend).returns.resolves.exclude<undefined>().toHaveProperty('total_requests');
    const failed = async () => (await plain.GET('/v1/llm/spend')).error;
    expectTypeOf(failed).returns.resolves.exclude<undefined>().not.toBeAny();
    // @ts-expect-error: there is no such path
    unsent(() => plain.GET('/v1/llm/spent'));
  });
});
