import { Readable } from 'node:stream';
import { z } from 'zod';
import { textField } from '../../stores/pick-log/fields.ts';
import {
  type ComputeInput,
  computeInput,
  exitResults,
  exitsBody,
  outcome,
  outcomeInput,
  outcomeParams,
  type OutcomesReport,
  outcomesReport,
} from '../../stores/pick-log/outcome-schema.ts';
import {
  loggedPick,
  loggedPicks,
  pick,
  pickInput,
  pickParams,
  pickQuery,
  picksBody,
  picksPage,
  picksQuery,
} from '../../stores/pick-log/schema.ts';
import type { PickLog } from '../../stores/pick-log/store.ts';
import type { App } from '../app.ts';
import { allOf, answerList, loggedLines, logLines, takesLines, wholeList } from '../lines.ts';
import { problems } from '../problem.ts';
import { NDJSON, withProgress } from '../progress.ts';

const tags = ['Picks'];

/** Computes outcomes from the candles that the service has; `pickLog.computeOutcomes` with its candles bound. */
export type ComputeOutcomes = (
  given: ComputeInput,
  watch: { onProgress: (report: OutcomesReport) => void; signal: AbortSignal },
) => Promise<OutcomesReport>;

const logHeaders = z.looseObject({
  'idempotency-key': textField(200)
    .optional()
    .describe('The same key with the same picks is logged once; with others it is refused'),
});

export function routePickLog(app: App, pickLog: PickLog, compute: ComputeOutcomes): void {
  routePicks(app, pickLog);
  app.put(
    '/v1/picks/:uuid/outcomes/:horizon',
    {
      schema: {
        tags,
        summary: 'The outcome of a pick at a horizon; what is not given follows from the prices',
        params: outcomeParams,
        body: outcomeInput,
        response: { 200: outcome, ...problems(400, 401, 403, 404, 503) },
      },
    },
    ({ params, body }) => pickLog.putOutcome(params.uuid, params.horizon, body),
  );
  app.post(
    '/v1/picks/scalping-exits',
    {
      schema: {
        tags,
        summary: 'Closes picks by their exits, one or many, each at most once',
        body: exitsBody,
        response: { 200: exitResults, ...problems(400, 401, 403, 503) },
      },
    },
    ({ body }) => pickLog.applyScalpingExits(body.items),
  );
  routeCompute(app, compute);
}

function routePicks(app: App, pickLog: PickLog): void {
  app.post(
    '/v1/picks',
    {
      config: { lines: true },
      schema: {
        tags,
        description: takesLines,
        summary: 'Logs a pick, or many in one transaction, with what agents said about them',
        headers: logHeaders,
        body: picksBody,
        response: {
          200: z.union([loggedPick, loggedPicks]).describe('All of it had been logged before'),
          201: z.union([loggedPick, loggedPicks, loggedLines]),
          ...problems(400, 401, 403, 409, 415, 503),
        },
      },
    },
    async ({ body, headers }, reply) => {
      const key = headers['idempotency-key'];
      const given: unknown = body;
      if (given instanceof Readable) {
        const logged = await logLines(given, { schema: pickInput, key }, (lines) =>
          allOf(lines.map((line) => pickLog.log(pickInput.parse(line.value), { idempotencyKey: line.key }))),
        );
        return reply.code(201).send(logged);
      }
      const options = { idempotencyKey: key };
      if (body.many) {
        const items = await pickLog.logMany(body.items, options);
        const known = items.every(({ repeated }) => repeated);
        return reply.code(known ? 200 : 201).send({ items, next_cursor: null });
      }
      const logged = await pickLog.log(body.items[0]!, options);
      return reply.code(logged.repeated ? 200 : 201).send(logged);
    },
  );
  app.get(
    '/v1/picks',
    {
      schema: {
        tags,
        summary: 'Picks with their contributions and outcomes, newest first',
        description: wholeList,
        querystring: picksQuery,
        response: { 200: picksPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) =>
      answerList(request, reply, { query: request.query, item: pick, page: (query) => pickLog.list(query) }),
  );
  app.get(
    '/v1/picks/:uuid',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'A pick with its contributions and outcomes',
        params: pickParams,
        querystring: pickQuery,
        response: { 200: pick, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => pickLog.get(request.params.uuid, request.query),
  );
}

function routeCompute(app: App, compute: ComputeOutcomes): void {
  app.post(
    '/v1/picks/outcomes/compute',
    {
      schema: {
        tags,
        summary:
          'Computes the outcomes that are not there yet of a range of trade dates from price history. ' +
          `With Accept: ${NDJSON} a line of progress a page, the last one with the result`,
        body: computeInput,
        response: { 200: outcomesReport, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) => withProgress(request, reply, (watch) => compute(request.body, watch)),
  );
}
