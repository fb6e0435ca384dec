/** What the HTTP API answers, as far as this page shows it; /openapi.json describes all of it. */
export interface SourceReport {
  id: string;
  store: string;
  files: string[];
  read: number;
  loaded: number;
  quarantined: number;
  skipped: number;
  skipped_reason: string | null;
  altered: number;
  verified: boolean;
  checksum: string | null;
  rows_per_second: number;
}

export interface Warning {
  code: string;
  source: string;
  column?: string | null;
  rows: number;
  offset_minutes?: number;
  detail: string;
}

export interface Difference {
  source: string;
  unit?: string;
  key: string;
  kind: string;
}

export interface Report {
  ok: boolean;
  exit: number;
  directory: string;
  elapsed_ms: number;
  sources: SourceReport[];
  unreadable: { file: string; reason: string }[];
  unclaimed: string[];
  warnings: Warning[];
  differences?: Difference[];
  differences_total?: number;
  error?: { code: string; message: string };
}

export interface Run {
  id: number | string;
  command: string;
  directory: string;
  started_at: string;
  finished_at: string | null;
  exit_code: number | null;
  tool_version: string;
}

export interface Migration {
  last: (Run & { report: Report }) | null;
  runs: Run[];
}

export interface QuarantinedRow {
  id: number | string;
  source: string;
  file: string;
  key: string;
  column: string | null;
  reason: string;
  detail: string;
  quarantined_at: string;
  original: string;
  original_format: 'json' | 'text' | 'base64';
  original_bytes: number;
  original_truncated: boolean;
}

export interface Health {
  status: 'ok' | 'down';
  version: string;
  tiers: {
    durable: {
      state: 'up' | 'down';
      kind: 'server' | 'embedded';
      location: string;
      latency_ms: number | null;
      server_version: string | null;
      survives_power_cut: boolean;
      detail: string | null;
    };
    hot: { state: string; latency_ms: number | null; detail: string };
  };
}

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

export interface QuarantinePage {
  items: QuarantinedRow[];
  next_cursor: string | null;
}

export async function getQuarantine(source: string, cursor: string | null): Promise<QuarantinePage> {
  const query = new URLSearchParams({ limit: '25' });
  if (source !== '') query.set('source', source);
  if (cursor !== null) query.set('cursor', cursor);
  const response = await ask(`/v1/migration/quarantine?${query.toString()}`);
  if (!response.ok) throw await problemIn(response);
  return (await response.json()) as QuarantinePage;
}
