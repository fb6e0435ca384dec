/** An answer that is a problem, or none at all. */
export class ApiError extends Error {
  /** 0 when nobody answered. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** Kept for this tab alone, so that closing it forgets the key. */
const KEY_NAME = 'stockroom-api-key';
/** What takes longer is not worth waiting for on a page that asks again by itself. */
const DEADLINE_MS = 30_000;

export function rememberKey(key: string): void {
  sessionStorage.setItem(KEY_NAME, key);
}

let onKeyNeeded: () => void = () => undefined;
/** Told whenever the service wants a key, or another one. */
export function whenKeyNeeded(listener: () => void): void {
  onKeyNeeded = listener;
}

function credentials(): Record<string, string> {
  const key = sessionStorage.getItem(KEY_NAME);
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

interface Ask {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** The JSON that a path answers. @throws ApiError; what `signal` throws when it is aborted */
export async function ask<T>(path: string, { method = 'GET', body, signal }: Ask = {}): Promise<T> {
  const headers = credentials();
  if (body !== undefined) headers['content-type'] = 'application/json';
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const response = await fetchOf(path, {
    method,
    headers,
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return valueIn<T>(response);
}

/**
 * A stream without an end; an EventSource cannot send a key. @returns undefined when the service has no such stream for this key
 * @throws ApiError; what `signal` throws when it is aborted
 */
export async function openStream(
  path: string,
  signal: AbortSignal,
): Promise<ReadableStreamDefaultReader<Uint8Array> | undefined> {
  const response = await fetchOf(path, { headers: credentials(), signal });
  if (response.ok && response.body !== null) return response.body.getReader();
  await response.body?.cancel();
  if (response.status >= 400 && response.status < 500) return undefined;
  throw new ApiError(response.status, `HTTP_${response.status}`, 'The service refused the stream.');
}

async function fetchOf(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(
      0,
      late ? 'NO_ANSWER_IN_TIME' : 'NO_ANSWER',
      late
        ? `The service did not answer within ${DEADLINE_MS / 1_000} s.`
        : 'The service does not answer. Is it still running?',
    );
  }
}

/** Health answers 503 with JSON when a tier is down: that is an answer. A problem says so by its type. */
async function valueIn<T>(response: Response): Promise<T> {
  const type = response.headers.get('content-type') ?? '';
  if (response.status === 204) return undefined as T;
  if (type.startsWith('application/json')) return (await response.json()) as T;
  // What stands in between (a proxy) answers with pages of its own.
  const fallback = { code: `HTTP_${response.status}`, detail: `The service answered ${response.status}.` };
  const { code, detail } = type.includes('problem+json')
    ? ((await response.json()) as typeof fallback)
    : fallback;
  if (response.status === 401) onKeyNeeded();
  throw new ApiError(response.status, code, detail);
}

export function apiErrorOf(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'PAGE_FAILED', String(error));
}
