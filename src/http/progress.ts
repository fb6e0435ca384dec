import type { FastifyReply, FastifyRequest } from 'fastify';
import { PassThrough } from 'node:stream';
import { messageOf, StockroomError } from '../core/errors.ts';

export const NDJSON = 'application/x-ndjson';

export function isLinesWanted({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers.accept?.includes(NDJSON) === true;
}

export interface Watch {
  readonly onProgress: (progress: object) => void;
  readonly signal: AbortSignal;
}

/**
 * Long work for a caller: its result as one document, or, with `Accept: application/x-ndjson`, a line of progress a page and the result
 * as the last one. A caller that leaves ends the work after its page; what is committed stays, and the next call goes on.
 */
export async function withProgress<R extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (watch: Watch) => Promise<R>,
): Promise<R> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  if (!isLinesWanted(request)) {
    return work({ onProgress: () => undefined, signal: gone.signal });
  }
  const lines = new PassThrough();
  const write = (line: object): void => void lines.write(`${JSON.stringify(line)}\n`);
  void work({ onProgress: write, signal: gone.signal })
    .then(write, (error: unknown) => {
      request.log.error({ err: error }, 'long work failed');
      // The status is sent already: the last line says what became of it.
      const known = error instanceof StockroomError;
      write({
        code: known ? error.code : 'INTERNAL',
        detail: known ? messageOf(error) : `Something failed inside; the log has it under ${request.id}`,
      });
    })
    .finally(() => lines.end());
  // A stream goes out as it is: the schema is that of the one document.
  return reply.type(NDJSON).send(lines) as unknown as R;
}
