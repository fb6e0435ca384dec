import { z } from 'zod';
import { jobNames } from '../../core/config-values.ts';
import type { Jobs } from '../../jobs/index.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const time = z.string().nullable();

const run = z.object({
  id: z.string(),
  started_at: z.string(),
  ended_at: time,
  outcome: z
    .enum(['running', 'done', 'failed', 'waits_again'])
    .describe('waits_again: it failed, or its process stopped, and it is tried again'),
  duration_ms: z.number().nullable(),
  attempt: z.int().describe('1 for the first try'),
  process: z.string().nullable().describe('Where it ran: host and process id'),
  did: z.record(z.string(), z.unknown()).nullable().describe('In counts'),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

const job = z.object({
  name: z.string(),
  title: z.string(),
  cron: z
    .string()
    .nullable()
    .describe('By the settings of the process that answers; null: only when asked for'),
  time_zone: z.string().nullable(),
  next_run_at: time,
  state: z.enum(['idle', 'waiting', 'running']).describe('In the whole fleet'),
  last_success_at: time,
  last_run: run.nullable(),
});

export function routeJobs(app: App, jobs: Jobs): void {
  app.get(
    '/v1/jobs',
    {
      schema: {
        tags: ['Service'],
        summary: 'Scheduled work: when each job runs, and what its last run did',
        response: { 200: z.object({ items: z.array(job) }), ...problems(401, 403, 503) },
      },
    },
    async () => ({
      items: (await jobs.list()).map(({ last_run, ...about }) => ({
        ...about,
        last_run:
          last_run === null ? null : { ...last_run, did: last_run.did === null ? null : { ...last_run.did } },
      })),
    }),
  );
  app.post(
    '/v1/jobs/:name/run',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['Service'],
        summary: 'Run a job now, in whichever process of the fleet is free',
        params: z.strictObject({ name: z.enum(jobNames, `one of ${jobNames.join(', ')}`) }),
        response: { 202: z.object({ id: z.string() }), ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => reply.code(202).send(await jobs.enqueue(request.params.name, request.caller)),
  );
}
