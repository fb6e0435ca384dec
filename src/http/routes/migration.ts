import { z } from 'zod';
import { cursorInput, limitInput, textInput } from '../../core/inputs.ts';
import type { MigrationHistory } from '../../migration/history.ts';
import type { App } from '../app.ts';
import { answerList, wholeList } from '../lines.ts';
import { problems } from '../problem.ts';

/** Enough to see what was done lately; the books in PostgreSQL have the rest. */
const RUNS_SHOWN = 20;

const id = z.union([z.number(), z.string()]);
const runFields = {
  id,
  command: z.string(),
  directory: z.string(),
  started_at: z.string(),
  finished_at: z.string().nullable().describe('null while it runs, or when it was killed'),
  exit_code: z.number().nullable(),
  tool_version: z.string(),
  schema_version: z.number(),
};

const overview = z.object({
  last: z
    .object({
      ...runFields,
      report: z.unknown().describe('The document that `stockroom migrate run --json` prints'),
    })
    .nullable()
    .describe('The newest run that left a report; null when there is none'),
  runs: z.array(z.object(runFields)).describe(`The newest ${RUNS_SHOWN}, newest first`),
});

const quarantineQuery = z.strictObject({
  source: textInput.optional().describe('One source alone, by its id'),
  limit: limitInput,
  cursor: cursorInput.optional(),
});

const quarantinedRow = z.object({
  id,
  source: z.string(),
  file: z.string(),
  key: z.string().describe('The key of the row in its source'),
  column: z.string().nullable(),
  reason: z.string(),
  detail: z.string(),
  quarantined_at: z.string(),
  original: z.string().describe('The row as it was found; of a long one the beginning'),
  original_format: z.enum(['json', 'text', 'base64']),
  original_bytes: z.number().describe('Length of the whole original'),
  original_truncated: z.boolean(),
});

const quarantinePage = z.object({ items: z.array(quarantinedRow), next_cursor: z.string().nullable() });

export function routeMigration(app: App, history: MigrationHistory): void {
  app.get(
    '/v1/migration',
    {
      schema: {
        tags: ['Migration'],
        summary: 'The report of the last migration, and the runs before it',
        response: { 200: overview, ...problems(401, 403, 503) },
      },
    },
    async () => ({ last: (await history.lastReport()) ?? null, runs: await history.runs(RUNS_SHOWN) }),
  );
  app.get(
    '/v1/migration/quarantine',
    {
      schema: {
        tags: ['Migration'],
        summary: 'Rows that could not be loaded as they are, with reason and original',
        description: wholeList,
        querystring: quarantineQuery,
        response: { 200: quarantinePage, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) =>
      answerList(request, reply, {
        query: request.query,
        item: quarantinedRow,
        page: (query) => history.quarantine(query),
      }),
  );
}
