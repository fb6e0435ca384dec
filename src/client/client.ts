import createFetchClient, { defaultPathSerializer } from 'openapi-fetch';
import { Deadline } from './deadline.ts';
import type { paths } from './paths.ts';
import { NoAnswer, problemOf, StockroomProblem } from './problem.ts';
import { readLines } from './read-lines.ts';
import { withRetries } from './retry.ts';
import type { CallOptions, Client, Method } from './types.ts';

export interface ClientOptions {
  /** Where the service is, with the path that it is served under, if any: `http://127.0.0.1:4100`. */
  readonly url: string;
  /** Absent: for a service on this machine that has no keys. */
  readonly apiKey?: string | undefined;
  /** Instead of the platform's. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** How long a call may take, its retries included: 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** How often a call is tried again, at most: 2 by default. */
  readonly retries?: number | undefined;
}

export const clientDefaults = Object.freeze({ timeoutMs: 30_000, retries: 2 });

const TIMEOUT_MAX_MS = 2 ** 31 - 1;
const RETRIES_MAX = 10;
const NDJSON = 'application/x-ndjson';
/** They do the same when they are done twice. */
const repeatable: readonly Method[] = ['get', 'put', 'delete'];

interface AnyInit extends CallOptions {
  readonly params?: { readonly query?: object; readonly header?: Readonly<Record<string, unknown>> };
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Sent {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}
interface Page {
  readonly next_cursor: string | null;
}
/** The types of the operations were checked where the call was written. */
type Send = (method: Method, path: string, init: object) => Promise<Sent>;

/**
 * A client of the HTTP API. It holds nothing open and needs no end.
 * @throws TypeError when an option is not as described
 */
export function createClient(options: ClientOptions): Client {
  const { url, apiKey, timeoutMs, retries } = checked(options);
  const inner = createFetchClient<paths>({
    baseUrl: url,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    fetch: carried(options.fetch),
    pathSerializer,
  });
  const send = inner.request as unknown as Send;

  /** @returns a good answer, once there is one; its body is a text, or a stream when `parseAs` says so */
  function open(method: Method, path: string, init: AnyInit, deadline: Deadline): Promise<Sent> {
    const { timeoutMs: _, ...rest } = init;
    const isRepeatable =
      repeatable.includes(method) || init.params?.header?.['idempotency-key'] !== undefined;
    const attempt = async (): Promise<Sent> => {
      const sent = await send(method, path, { parseAs: 'text', ...rest, signal: deadline.signal }).catch(
        (error: unknown) => Promise.reject(reasonOf(callOf(method, path), error, deadline)),
      );
      if (sent.response.ok) return sent;
      throw problemOf(callOf(method, path), sent.response, sent.error);
    };
    return withRetries(attempt, { retries: isRepeatable ? retries : 0, deadline });
  }

  const deadlineOf = (init: AnyInit): Deadline =>
    new Deadline(whole('timeoutMs', init.timeoutMs ?? timeoutMs, 1, TIMEOUT_MAX_MS), init.signal);

  async function ask(method: Method, path: string, init: AnyInit = {}): Promise<unknown> {
    const deadline = deadlineOf(init);
    deadline.start();
    try {
      const { data, response } = await open(method, path, init, deadline);
      return data === undefined ? undefined : jsonOf(callOf(method, path), response, data as string);
    } finally {
      deadline.stop();
    }
  }

  async function* pages(path: string, init: AnyInit = {}): AsyncGenerator<Page, void, undefined> {
    const { params } = init;
    let from: { cursor?: string } = {};
    for (;;) {
      const query = { ...params?.query, ...from };
      const page = (await ask('get', path, { ...init, params: { ...params, query } })) as Page;
      yield page;
      if (typeof page.next_cursor !== 'string') return;
      from = { cursor: page.next_cursor };
    }
  }

  async function* lines(path: string, init: AnyInit = {}): AsyncGenerator<unknown, void, undefined> {
    const deadline = deadlineOf(init);
    const asLines = { ...init, headers: { accept: NDJSON }, parseAs: 'stream' };
    deadline.start();
    try {
      const { data } = await open('get', path, asLines, deadline);
      if (data !== undefined) yield* readLines(callOf('get', path), data as ReadableStream, deadline);
    } catch (error) {
      throw reasonOf(callOf('get', path), error, deadline);
    } finally {
      deadline.stop();
    }
  }

  const calling = (method: Method) => (path: string, init?: AnyInit) => ask(method, path, init);
  const client = {
    GET: calling('get'),
    PUT: calling('put'),
    POST: calling('post'),
    DELETE: calling('delete'),
    PATCH: calling('patch'),
    pages,
    lines,
  };
  return client as unknown as Client;
}

function callOf(method: Method, path: string): string {
  return `${method.toUpperCase()} ${path}`;
}

/** What comes of a call that was not answered; any other error is given as it is. */
function reasonOf(call: string, error: unknown, deadline: Deadline): unknown {
  if (!(error instanceof NoAnswer)) return error;
  if (deadline.isOver) {
    const detail = 'no answer in time; timeoutMs is the bound';
    return new StockroomProblem(call, 'DEADLINE_EXCEEDED', detail, { cause: error.cause });
  }
  if (deadline.signal.aborted) return deadline.signal.reason;
  const detail = 'the service cannot be reached, or the connection ended before its answer';
  return new StockroomProblem(call, 'CONNECTION_LOST', detail, { cause: error.cause });
}

/** The platform's fetch, whose failures are told from all others. A body is read here, where a lost connection is noticed. */
function carried(given: ClientOptions['fetch']): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const answer = await (given ?? globalThis.fetch)(request);
      if (answer.ok && request.headers.get('accept') === NDJSON) return answer;
      const { status, statusText, headers } = answer;
      const body = answer.body === null ? null : await answer.text();
      return new Response(body, { status, statusText, headers });
    } catch (cause) {
      throw new NoAnswer(cause);
    }
  };
}

function jsonOf(call: string, response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A page of a proxy, most likely: the problem has it as its body.
    throw problemOf(call, response, text);
  }
}

/** @throws TypeError for a part that a URL loses: `/v1/cache/..` is `/v1` before anything is sent */
function pathSerializer(path: string, params: Record<string, unknown> = {}): string {
  for (const [name, value] of Object.entries(params)) {
    if (/^\.{0,2}$/.test(String(value))) {
      throw new TypeError(
        `${name} of ${path}: expected a text that a path can have, found ${JSON.stringify(value)}`,
      );
    }
  }
  return defaultPathSerializer(path, params);
}

interface Settings {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
}

function checked(options: ClientOptions): Settings {
  const { url, apiKey, timeoutMs, retries } = options;
  if (!/^https?:/i.test(url) || !URL.canParse(url)) {
    throw new TypeError(`url: expected http://HOST:PORT or https://HOST, found ${JSON.stringify(url)}`);
  }
  return {
    url,
    apiKey,
    timeoutMs: whole('timeoutMs', timeoutMs ?? clientDefaults.timeoutMs, 1, TIMEOUT_MAX_MS),
    retries: whole('retries', retries ?? clientDefaults.retries, 0, RETRIES_MAX),
  };
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TypeError(`${name}: expected a whole number from ${least} to ${most}, found ${value}`);
}
