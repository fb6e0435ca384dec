import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { messageOf, StockroomError } from '../core/errors.ts';
import { decodeCursor, type Page, type Position } from '../core/page.ts';
import { PAGE_MAX } from '../core/inputs.ts';
import { DEPTH_MAX, isDeeper } from './plugins/body.ts';
import { describeFound } from './plugins/errors.ts';
import { isLinesWanted, NDJSON } from './progress.ts';

const LINE_MAX_BYTES = 1_048_576;
const BATCH_MAX = 500;
const NEW_LINE = 10;

/** A line of a body, from 1 on. */
export interface Line<T> {
  readonly number: number;
  readonly value: T;
}

/**
 * The documents of a body of lines, checked, in batches: no more is held at once. Empty lines are passed over.
 * @throws StockroomError INVALID_INPUT naming line and field, TOO_LARGE
 */
async function* batchesOf<S extends z.ZodType>(
  body: Readable,
  schema: S,
): AsyncGenerator<Line<z.input<S>>[]> {
  let batch: Line<z.input<S>>[] = [];
  try {
    for await (const { number, value } of textsOf(body)) {
      if (value.trim() !== '') batch.push({ number, value: checked(schema, value, number) });
      if (batch.length < BATCH_MAX) continue;
      const full = batch;
      batch = [];
      yield full;
    }
  } catch (error) {
    // What stands before a line that is refused is taken, as the answer says.
    if (batch.length > 0 && !body.destroyed) yield batch;
    throw error;
  } finally {
    // A caller reads the answer once it has sent all: the rest is let go by, for as long as a request may take.
    body.resume();
  }
  if (batch.length > 0) yield batch;
}

export const loggedLines = z
  .object({ lines: z.number(), logged: z.number(), repeated: z.number() })
  .describe('Of a body of lines: how many there were, how many are new, and how many had been logged before');
export type LoggedLines = z.output<typeof loggedLines>;

/** For the description of a route that takes lines. */
export const takesLines =
  `As ${NDJSON}, one a line, there may be any number: they are logged in the order of the lines, and a line that is refused ends it; ` +
  'sent again with the same Idempotency-Key, nothing is logged twice.';

/**
 * Logs a body of lines batch by batch. Each line has a key of its own, made of that of the request and its number, so that a body that
 * was cut off, or corrected behind what was taken, can be sent again.
 */
export async function logLines<S extends z.ZodType>(
  body: Readable,
  { schema, key }: { schema: S; key: string | undefined },
  write: (
    lines: { value: z.input<S>; key: string | undefined }[],
  ) => Promise<readonly { repeated: boolean }[]>,
): Promise<LoggedLines> {
  const counts = { lines: 0, logged: 0, repeated: 0 };
  for await (const batch of batchesOf(body, schema)) {
    const results = await write(
      batch.map(({ number, value }) => ({ value, key: key === undefined ? undefined : `${key}#${number}` })),
    );
    const repeated = results.filter((result) => result.repeated).length;
    counts.lines += results.length;
    counts.repeated += repeated;
    counts.logged += results.length - repeated;
  }
  return counts;
}

export const writtenLines = z
  .object({ lines: z.number(), written: z.number() })
  .describe('Of a body of lines: how many there were, and how many were written');

/** For the description of a route that puts lines. */
export const putsLines =
  `As ${NDJSON}, one a line, there may be any number: they are written in the order of the lines, ${BATCH_MAX} at once, and a line that is ` +
  'refused ends it; it may be sent again as a whole.';

/** Writes a body of lines batch by batch. @param write resolves to how many of them it wrote */
export async function writeLines<S extends z.ZodType>(
  body: Readable,
  schema: S,
  write: (values: z.input<S>[]) => Promise<number>,
): Promise<z.output<typeof writtenLines>> {
  const counts = { lines: 0, written: 0 };
  for await (const batch of batchesOf(body, schema)) {
    counts.written += await write(batch.map(({ value }) => value));
    counts.lines += batch.length;
  }
  return counts;
}

/** What all resolve to, once all are settled. @throws the first failure */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function checked<S extends z.ZodType>(schema: S, text: string, number: number): z.input<S> {
  const refused = (field: string, expected: string, found: string): StockroomError =>
    new StockroomError(
      'INVALID_INPUT',
      `line ${number}${field === '' ? '' : `, ${field}`}: expected ${expected}, found ${found}; the lines before it were taken`,
      { details: { line: number, field } },
    );
  if (isDeeper(text, DEPTH_MAX)) throw refused('', `JSON of at most ${DEPTH_MAX} levels`, 'more');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('', 'a JSON document', describeFound(text));
  }
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) return value as z.input<S>;
  const at = issue.path.reduce<unknown>(
    (inner, name) => (inner as Record<PropertyKey, unknown>)[name],
    value,
  );
  throw refused(issue.path.join('.'), issue.message, describeFound(at));
}

async function* textsOf(body: Readable): AsyncGenerator<Line<string>> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: Buffer[] = [];
  let size = 0;
  let number = 1;
  const take = (end: Buffer): Line<string> => {
    const line = number;
    const bytes = Buffer.concat([...rest, end]);
    [rest, size, number] = [[], 0, number + 1];
    if (bytes.length > LINE_MAX_BYTES) throw tooLong(line);
    try {
      return { number: line, value: decoder.decode(bytes) };
    } catch (error) {
      throw new StockroomError('INVALID_INPUT', `line ${line}: expected UTF-8, found other bytes`, {
        cause: error,
      });
    }
  };
  const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer | string>;
  for await (const given of chunks) {
    const chunk = typeof given === 'string' ? Buffer.from(given) : given;
    let from = 0;
    for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, from)) {
      yield take(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > LINE_MAX_BYTES) throw tooLong(number);
  }
  if (size > 0) yield take(Buffer.alloc(0));
}

function tooLong(line: number): StockroomError {
  return new StockroomError(
    'TOO_LARGE',
    `line ${line}: expected at most ${LINE_MAX_BYTES} bytes, found more`,
  );
}

/** For the description of a list. */
export const wholeList = `With Accept: ${NDJSON} all of them from the cursor on, one a line, and limit has no meaning.`;

interface ListQuery {
  readonly limit: number;
  readonly cursor?: Position | undefined;
}

/**
 * A page of a list; or, with `Accept: application/x-ndjson`, the whole list from the cursor on, a line an item, read page by page as
 * fast as the caller takes it. What fails on the way is the last line: a problem has a `code`, which no item has.
 */
export async function answerList<Q extends ListQuery, T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { query, item, page }: { query: Q; item: z.ZodType; page: (query: Q) => Promise<Page<T>> },
): Promise<Page<T>> {
  if (!isLinesWanted(request)) return page(query);
  // The first page before the status is sent: most of what can fail does so here.
  const first = await page({ ...query, limit: PAGE_MAX });
  const lines = Readable.from(linesFrom(request, first, { query, item, page }), { objectMode: false });
  return reply.type(NDJSON).send(lines) as unknown as Page<T>;
}

async function* linesFrom<Q extends ListQuery, T>(
  request: FastifyRequest,
  first: Page<T>,
  { query, item, page }: { query: Q; item: z.ZodType; page: (query: Q) => Promise<Page<T>> },
): AsyncGenerator<string> {
  try {
    let at = first;
    for (;;) {
      if (at.items.length > 0) yield at.items.map((one) => `${JSON.stringify(item.parse(one))}\n`).join('');
      if (at.next_cursor === null) return;
      const cursor = decodeCursor(at.next_cursor);
      at = await page({ ...query, limit: PAGE_MAX, cursor });
    }
  } catch (error) {
    request.log.error({ err: error }, 'a list ended before its end');
    const known = error instanceof StockroomError;
    const detail = known ? messageOf(error) : `Something failed inside; the log has it under ${request.id}`;
    yield `${JSON.stringify({ code: known ? error.code : 'INTERNAL', detail })}\n`;
  }
}
