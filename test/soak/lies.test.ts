import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listen } from '../../src/http/server.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { testServer, type TestServer } from '../support/http.ts';
import { Client } from './client.ts';
import { Findings } from './findings.ts';
import type { Kind, Tools } from './kinds/kind.ts';
import { LlmRequests } from './kinds/llm.ts';
import { Picks } from './kinds/picks.ts';
import { registerSpecs } from './kinds/register-specs.ts';
import { Registers } from './kinds/registers.ts';
import { Runs } from './kinds/runs.ts';
import { flushed } from './soak.ts';
import { Statistics } from './statistics.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly key: string | undefined;
}
interface Told {
  readonly status: number;
  readonly body: string;
}
/** Stands between the caller and the service. */
type Liar = (asked: Asked, truth: () => Promise<Told>) => Promise<Told>;

const honest: Liar = (_, truth) => truth();
let liar = honest;
let tier: TestTier;
let service: TestServer;
let front: Server;
let client: Client;
let statistics: Statistics;

beforeAll(async () => {
  tier = await freshTier('server');
  service = await testServer({ durable: tier.durable });
  const origin = await listen(service.app, { host: '127.0.0.1', port: 0 });
  front = createServer((request, response) => {
    void (async () => {
      const key = request.headers['idempotency-key'];
      const asked: Asked = {
        method: request.method!,
        path: request.url!,
        body: await text(request),
        key: typeof key === 'string' ? key : undefined,
      };
      const { status, body } = await liar(asked, () => forward(origin, asked));
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    })();
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  statistics = new Statistics();
  statistics.begin();
  client = new Client([(front.address() as AddressInfo).port], statistics, 0);
});
afterAll(async () => {
  client.close();
  front.closeAllConnections();
  front.close();
  await service.app.close();
  await tier.remove();
});

async function forward(origin: string, { method, path, body, key }: Asked): Promise<Told> {
  const headers = {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  const answer = await fetch(new URL(path, origin), {
    method,
    ...(method === 'GET' ? {} : { headers, body }),
  });
  return { status: answer.status, body: await answer.text() };
}

/** Changes what is told of what is read. */
const told =
  (change: (body: string, path: string) => string): Liar =>
  async ({ method, path }, truth) => {
    const { status, body } = await truth();
    return { status, body: method === 'GET' ? change(body, path) : body };
  };
const missing: Liar = async ({ method }, truth) =>
  method === 'GET' ? { status: 404, body: '{"code":"NOT_FOUND"}' } : truth();
const refused: Liar = () => Promise.resolve({ status: 500, body: '{"code":"INTERNAL"}' });
/** Of the lists that have so many. */
const items = (change: (items: unknown[]) => unknown[]): Liar =>
  told((body) => {
    const page = JSON.parse(body) as { items?: unknown[]; next_cursor?: unknown };
    if (page.items === undefined || page.next_cursor === undefined) return body;
    return JSON.stringify({ ...page, items: change(page.items) });
  });
const gap = items((all) => all.slice(1));
const double = items((all) => [...all, ...all.slice(0, 1)]);

const valueTorn = told((body) => body.replace(/"mirror": ?-\d+/, '"mirror":-999'));
const torn: Readonly<Record<string, Liar>> = {
  levels: told((body) => body.replace(/"r3": ?\d+/, '"r3":999')),
  scores: told((body) => body.replace(/"score": ?\d+/, '"score":999')),
  candles: told((body) => body.replace(/"volume": ?\d+/, '"volume":999')),
};

type Case = readonly [name: string, make: (tools: Tools) => Kind, lies: readonly (readonly [Liar, RegExp])[]];
const cases: readonly Case[] = [
  [
    'LLM spend',
    (tools) => new LlmRequests(tools),
    [
      [told((body) => body.replace(/("total_cost_usd": ?"[\d.]+)"/, '$1000001"')), /ever sent/],
      [told((body) => body.replace(/("total_cost_usd": ?"[\d.]*)[\d.]"/, '$1"')), /acknowledged/],
      [refused, /was answered 500/],
    ],
  ],
  [
    'top-picks runs',
    (tools) => new Runs(tools),
    [
      [gap, /the list lacks/],
      [double, /twice/],
      [missing, /nothing was given/],
    ],
  ],
  [
    'picks',
    (tools) => new Picks(tools),
    [
      [gap, /the list lacks/],
      [double, /twice/],
      [
        told((body) => body.replace(/"price_close": ?[\d.]+/, '"price_close":1')),
        /outcomes: .* not what was/,
      ],
      [told((body) => body.replace(/"signal_price": ?[\d.]+/, '"signal_price":1')), /picks: .* not what was/],
    ],
  ],
  ...registerSpecs.map(
    (spec): Case => [
      spec.name,
      (tools) => new Registers(spec, tools, { write: 1, read: 1 }),
      [
        [missing, /nothing was given/],
        [torn[spec.name] ?? valueTorn, /none of what was written/],
        [refused, /was answered 500/],
      ],
    ],
  ),
];

it.each(cases)('%s: a lie and a lost write are found out', async (_, make, lies) => {
  const findings = new Findings(statistics);
  const kind = make({ findings, writers: 1, count: () => undefined });
  const write = async (): Promise<void> => {
    for (let count = 0; count < 6; count += 1) await kind.write(client, 0);
  };
  const found = (): readonly string[] => findings.wrong.splice(0);
  liar = honest;
  await write();
  const first = new Map<string, Told>();
  liar = async ({ path }, truth) => {
    const answer = await truth();
    first.set(path, answer);
    return answer;
  };
  await kind.readBack(client);
  liar = honest;
  await write();
  await kind.readBack(client);
  await flushed(client);
  await kind.inPostgres(tier.durable);
  expect(found()).toEqual([]);

  const old: Liar = async ({ path }, truth) => first.get(path) ?? truth();
  for (const [lie, says] of [...lies, [old, /was given|lacks|acknowledged/] as const]) {
    liar = lie;
    await kind.readBack(client);
    expect(found().join('\n')).toMatch(says);
  }

  // Acknowledged, as such a write was answered before, and never done.
  let success: Told | undefined;
  liar = async ({ method, path }, truth) => {
    if (method === 'GET') return truth();
    if (success !== undefined && !path.includes('outcomes')) return success;
    return (success = await truth());
  };
  await write();
  found();
  liar = honest;
  await kind.readBack(client);
  expect(found().length).toBeGreaterThan(0);
  await kind.inPostgres(tier.durable);
  expect(found().length).toBeGreaterThan(0);
});
