import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient, StockroomProblem } from './index.ts';

type Given = [status: number, body: string, headers?: Record<string, string>];

/** What stands between a client and Stockroom, or in its place: it gives these answers, the last one again and again. */
let server: Server;
let url: string;
let answers: Given[];
let asked: IncomingMessage[];
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request);
    const [status, body, headers = {}] = answers[Math.min(asked.length, answers.length) - 1]!;
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind/a/path`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const overloaded: Given = [503, '{"code":"UNAVAILABLE","detail":"x"}', { 'retry-after': '0' }];
const good: Given = [200, '{"entries":1}'];
const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable('it was answered'),
    (error: unknown) => error as StockroomProblem,
  );

describe('a client', () => {
  it('asks below the path of its URL, with its key', async () => {
    answers = [good];
    const client = createClient({ url: `${url}/`, apiKey: 'k' });
    const key = 'a/b c&d?e#%2F..';
    expect(await client.GET('/v1/cache/{key}', { params: { path: { key } } })).toEqual({ entries: 1 });
    expect(asked.map((one) => [one.url, one.headers.authorization])).toEqual([
      [`/behind/a/path/v1/cache/${encodeURIComponent(key)}`, 'Bearer k'],
    ]);
  });

  it.each(['', '.', '..'])('sends nothing for a part of a path that a URL loses: %j', async (key) => {
    const client = createClient({ url });
    await expect(client.DELETE('/v1/cache/{key}', { params: { path: { key } } })).rejects.toThrow(TypeError);
    expect(asked).toEqual([]);
  });

  it('tries again what may be done twice, while the service is overloaded', async () => {
    answers = [overloaded, overloaded, good];
    expect(await createClient({ url }).GET('/v1/cache/stats')).toEqual({ entries: 1 });
    expect(asked.length).toBe(3);
  });

  it('gives up after so many tries, and tries once what may not be done twice', async () => {
    answers = [overloaded];
    const client = createClient({ url, retries: 1 });
    expect(await failure(client.DELETE('/v1/scores'))).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    expect(asked.length).toBe(2);
    const policy = { params: { path: { id: 'a' } } };
    await failure(client.PATCH('/v1/policies/{id}', { ...policy, body: { name: 'b' } }));
    await failure(client.POST('/v1/policies/{id}/retire', policy));
    expect(asked.length).toBe(4);
    const header = { 'idempotency-key': 'k' };
    await failure(client.POST('/v1/llm/requests', { params: { header }, body: { requests: [] } }));
    expect(asked.length).toBe(6);
  });

  it('does not wait longer than it may', async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    answers = [[503, '{"code":"UNAVAILABLE","detail":"x"}', { 'retry-after': inAMinute }]];
    const refused = await failure(createClient({ url, timeoutMs: 30_000 }).GET('/v1/cache/stats'));
    expect([refused.code, asked.length]).toEqual(['UNAVAILABLE', 1]);
    expect(refused.retryAfterMs).toBeGreaterThan(57_000);
  });

  it.each<[string, Given]>([
    ['a page of a proxy', [502, '<html>', { 'content-type': 'text/html' }]],
    ['a page with a good status', [200, '<html>']],
    ['JSON that is no problem', [404, '{"error":"no route"}']],
    ['nothing', [500, '']],
  ])('says that it was not Stockroom that answered: %s', async (_, given) => {
    answers = [given];
    const problem = await failure(createClient({ url }).GET('/v1/cache/stats'));
    expect(problem).toBeInstanceOf(StockroomProblem);
    expect(problem).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: given[0] });
    if (given[1] === '<html>') expect(problem.body).toBe('<html>');
  });

  it('reads lines, and throws what the last one says', async () => {
    const read: unknown[] = [];
    const reading = async (): Promise<void> => {
      for await (const item of createClient({ url }).lines('/v1/picks')) read.push(item);
    };
    answers = [[200, '{"symbol":"é"}\n\n{"symbol":"b"}\n{"code":"DATABASE_UNREACHABLE","detail":"gone"}\n']];
    expect(await failure(reading())).toMatchObject({ code: 'DATABASE_UNREACHABLE', detail: 'gone' });
    expect(read).toEqual([{ symbol: 'é' }, { symbol: 'b' }]);
    expect(asked[0]!.headers.accept).toBe('application/x-ndjson');
    answers = [[200, '{"symbol":"c"}\n{"symb']];
    expect(await failure(reading())).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 200 });
    expect(read).toHaveLength(3);
  });

  it.each([
    { url: 'localhost:4100' },
    { url: '' },
    { url: 'http://a', timeoutMs: 0 },
    { url: 'http://a', timeoutMs: 2 ** 31 },
    { url: 'http://a', retries: -1 },
    { url: 'http://a', retries: 1.5 },
  ])('refuses options that are none: %j', (options) => {
    expect(() => createClient(options)).toThrow(/^(?:url|timeoutMs|retries): expected .*, found /);
  });

  it('refuses a bound of a call that is none', async () => {
    const call = createClient({ url }).GET('/v1/cache/stats', { timeoutMs: 0.5 });
    await expect(call).rejects.toThrow('timeoutMs: expected a whole number from 1');
  });
});
