import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';
import { errorCatalogue } from '../core/errors.ts';
import { listen } from './server.ts';

interface ProblemBody {
  type: string;
  code: keyof typeof errorCatalogue;
  status: number;
  title: string;
  detail: string;
  request_id: string;
  errors?: { in: string; field: string; expected: string; found: string }[];
}

let tier: TestTier;
let server: TestServer;
let brokenClock = false;
const clock = (): Date => {
  if (brokenClock) throw new TypeError('the clock is broken');
  return new Date();
};
beforeAll(async () => {
  tier = await freshTier('server');
  server = await testServer({ durable: tier.durable, clock });
});
afterAll(async () => {
  await server.app.close();
  await tier.remove();
});

async function problemAt(url: string): Promise<ProblemBody> {
  const answer = await server.app.inject({ url, headers: { 'x-request-id': 'mine' } });
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const body = answer.json<ProblemBody>();
  expect(answer.statusCode).toBe(body.status);
  expect(body).toMatchObject({
    type: `urn:stockroom:problem:${body.code}`,
    title: errorCatalogue[body.code].title,
    status: errorCatalogue[body.code].status,
    request_id: 'mine',
  });
  return body;
}

describe('a bad value is a 400 that names the field, what was expected and what was found', () => {
  const time = 'an ISO 8601 time with a zone';
  it.each([
    ['/v1/llm/spend?date=today', 'date', 'a date in UTC', '"today"'],
    ['/v1/llm/spend?date=2026-02-30', 'date', 'a date in UTC', '"2026-02-30"'],
    ['/v1/llm/spend?as_of=2026-11-22T10:00:00', 'as_of', time, '"2026-11-22T10:00:00"'],
    ['/v1/llm/usage?days=0', 'days', 'a whole number from 1 to 3650', '"0"'],
    ['/v1/llm/usage?days=1.5', 'days', 'a whole number from 1 to 3650', '"1.5"'],
    ['/v1/llm/usage?days=1&days=2', 'days', 'a whole number', '["1","2"]'],
    ['/v1/llm/usage?dayz=1', 'dayz', 'one of days, as_of', 'a name that is not known'],
    ['/v1/recommendations?limit=501', 'limit', 'a whole number from 1 to 500', '"501"'],
    ['/v1/recommendations?evaluated=maybe', 'evaluated', 'true or false', '"maybe"'],
    ['/v1/recommendations?cursor=abc', 'cursor', 'the next_cursor of the page before', '"abc"'],
    ['/v1/recommendations?from=1790000000', 'from', time, '"1790000000"'],
    ['/v1/recommendations?symbol=', 'symbol', 'text of 1 to 200 characters', '""'],
    ['/v1/recommendations?symbol=a%00b', 'symbol', 'text of 1 to 200 characters without NUL', '"a\\u0000b"'],
    ['/v1/top-picks/latest?universe=nifty50', 'mode', 'text of 1 to 200 characters', 'nothing'],
    ['/v1/top-picks/runs?to=x', 'to', time, '"x"'],
    ['/v1/top-picks/runs/a?as_of=x', 'as_of', time, '"x"'],
    ['/v1/migration/quarantine?limit=-1', 'limit', 'a whole number from 1 to 500', '"-1"'],
  ])('%s', async (url, field, expected, found) => {
    const body = await problemAt(url);
    expect(body.code).toBe('INVALID_INPUT');
    expect(body.errors).toEqual([
      { in: 'querystring', field, expected: expect.stringContaining(expected), found },
    ]);
    expect(body.detail).toMatch(`${field}: expected ${body.errors?.[0]?.expected}, found ${found}`);
  });

  it('names every bad value at once, and cuts long ones', async () => {
    const { errors = [] } = await problemAt(`/v1/recommendations?limit=x&symbol=${'y'.repeat(5_000)}`);
    expect(errors.map(({ field }) => field).sort()).toEqual(['limit', 'symbol']);
    expect(errors.find(({ field }) => field === 'symbol')?.found.length).toBeLessThan(110);
  });

  it('also in the path', async () => {
    const { errors } = await problemAt('/v1/top-picks/runs/%00');
    expect(errors).toEqual([expect.objectContaining({ in: 'params', field: 'run_id', found: '"\\u0000"' })]);
  });

  it('also when the path cannot be decoded', async () => {
    expect(await problemAt('/v1/top-picks/runs/%zz')).toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('other problems', () => {
  it('an unknown path is not found, and its query is not repeated', async () => {
    const { code, detail } = await problemAt('/v1/nothing?secret=1');
    expect(code).toBe('NOT_FOUND');
    expect(detail).toBe('There is no GET /v1/nothing; /docs lists what there is');
  });

  it('an unknown method is not found', async () => {
    const answer = await server.app.inject({ method: 'DELETE', url: '/v1/llm/spend' });
    expect([answer.statusCode, answer.json<ProblemBody>().code]).toEqual([404, 'NOT_FOUND']);
  });

  it('what was not foreseen tells the caller nothing, and the log everything', async () => {
    brokenClock = true;
    const { code, detail } = await problemAt('/v1/llm/usage');
    expect(code).toBe('INTERNAL');
    expect(detail).toBe('Something failed inside; the log has it under mine');
    expect(server.log).toContainEqual(
      expect.objectContaining({
        reqId: 'mine',
        code: 'INTERNAL',
        err: expect.objectContaining({ stack: expect.stringContaining('TypeError: the clock is broken') }),
      }),
    );
  });

  it('bytes that are no HTTP are answered with a problem and the end of the connection', async () => {
    const url = new URL(await listen(server.app, { host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(url.port), url.hostname);
    await once(socket, 'connect');
    socket.write('HELLO\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    const body = z.object({ code: z.string(), status: z.number() });
    expect(body.parse(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))))).toEqual({
      code: 'INVALID_INPUT',
      status: 400,
    });
  });

  it('a port in use is said so, with the variable to set', async () => {
    const other = await testServer({ durable: tier.durable });
    const { port } = new URL(server.app.listeningOrigin);
    await expect(listen(other.app, { host: '127.0.0.1', port: Number(port) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        `PORT: expected a port that is free and may be used, found 127.0.0.1:${port}`,
      ),
    });
    await expect(listen(other.app, { host: '203.0.113.1', port: 0 })).rejects.toMatchObject({
      message: expect.stringContaining('HOST: expected an address of this machine'),
    });
    await other.app.close();
  });
});
