/** A value that the service refused. */
export interface InputFault {
  /** querystring, params, headers or body. */
  readonly in: string;
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/** The codes that the client itself gives; all others are the service's, and stand in docs/errors.md. */
export type ClientCode =
  /** No answer within `timeoutMs`, retries included. */
  | 'DEADLINE_EXCEEDED'
  /** The service could not be reached, or the connection ended before the answer did. */
  | 'CONNECTION_LOST'
  /** What answered was not Stockroom, or not as its description says: a proxy's page, for example. */
  | 'UNEXPECTED_ANSWER';

interface Details {
  readonly status?: number;
  readonly errors?: readonly InputFault[] | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly body?: unknown;
  readonly cause?: unknown;
}

/** What became of a call that has no good answer. Branch on `code`, never on the message. */
export class StockroomProblem extends Error {
  override readonly name = 'StockroomProblem';
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  /** Stable: one of the service's, or a `ClientCode`. */
  readonly code: string;
  readonly detail: string;
  /** With INVALID_INPUT: every value that was refused. */
  readonly errors: readonly InputFault[];
  /** The service's log has it too. */
  readonly requestId: string | undefined;
  /** How long the service asked to wait. */
  readonly retryAfterMs: number | undefined;
  /** The answer as it came: parsed JSON, or text. */
  readonly body: unknown;

  /** @param call method and path, for the message */
  constructor(call: string, code: string, detail: string, details: Details = {}) {
    super(`${call}: ${code}: ${detail}`, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.detail = detail;
    this.status = details.status ?? 0;
    this.errors = details.errors ?? [];
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.body = details.body;
  }
}

interface ProblemBody {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly InputFault[];
}

/** Whether a document has the two members that each problem of the service has. */
export function isProblemBody(body: unknown): body is ProblemBody {
  const { code, detail } = (body ?? {}) as Partial<Record<string, unknown>>;
  return typeof code === 'string' && typeof detail === 'string';
}

/** The problem that an answer is. @param body parsed, or the text where it is no JSON */
export function problemOf(call: string, answer: Response, body: unknown): StockroomProblem {
  const { status, headers } = answer;
  const details = {
    status,
    requestId: headers.get('x-request-id') ?? undefined,
    retryAfterMs: retryAfterOf(headers.get('retry-after')),
    body,
  };
  if (isProblemBody(body)) {
    return new StockroomProblem(call, body.code, body.detail, { ...details, errors: body.errors });
  }
  const detail = `expected an answer of Stockroom, found another with the status ${status}`;
  return new StockroomProblem(call, 'UNEXPECTED_ANSWER', detail, details);
}

/** Milliseconds of a Retry-After header: it has seconds, or a date. */
function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Inside the client: the service cannot be reached, the connection ended, or the call was aborted. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super('no answer', { cause });
  }
}
