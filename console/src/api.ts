import type { Health, Migration, QuarantinePage } from './answers.ts';

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

export function rememberKey(key: string): void {
  sessionStorage.setItem(KEY_NAME, key);
}

async function ask(path: string, signal?: AbortSignal): Promise<Response> {
  const key = sessionStorage.getItem(KEY_NAME);
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  try {
    return await fetch(path, { headers, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError(0, 'NO_ANSWER', 'The service does not answer. Is it still running?');
  }
}

async function problemIn(response: Response): Promise<ApiError> {
  const fallback = { code: `HTTP_${response.status}`, detail: `The service answered ${response.status}.` };
  // What stands in between (a proxy) answers with pages of its own.
  const isProblem = response.headers.get('content-type')?.includes('problem+json') === true;
  const { code, detail } = isProblem ? ((await response.json()) as typeof fallback) : fallback;
  return new ApiError(response.status, code, detail);
}

export async function getMigration(signal?: AbortSignal): Promise<Migration> {
  const response = await ask('/v1/migration', signal);
  if (!response.ok) throw await problemIn(response);
  return (await response.json()) as Migration;
}

/** A tier that is down is an answer too, with status 503. */
export async function getHealth(signal?: AbortSignal): Promise<Health> {
  const response = await ask('/health', signal);
  const isHealth = response.headers.get('content-type')?.startsWith('application/json') === true;
  if (!isHealth) throw await problemIn(response);
  return (await response.json()) as Health;
}

export async function getQuarantine(source: string, cursor: string | null): Promise<QuarantinePage> {
  const query = new URLSearchParams({ limit: '25' });
  if (source !== '') query.set('source', source);
  if (cursor !== null) query.set('cursor', cursor);
  const response = await ask(`/v1/migration/quarantine?${query.toString()}`);
  if (!response.ok) throw await problemIn(response);
  return (await response.json()) as QuarantinePage;
}
