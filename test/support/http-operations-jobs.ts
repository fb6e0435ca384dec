import type { OperationCase } from './http-operations.ts';

/** Scheduled work. No process works the queue in the test: what is asked for waits. */
export const jobCases: Readonly<Record<string, OperationCase>> = {
  'GET /v1/jobs': { url: '/v1/jobs', bad: null },
  'POST /v1/jobs/{name}/run': {
    url: '/v1/jobs/refresh/run',
    status: 202,
    bad: { url: '/v1/jobs/nothing/run', field: 'name' },
  },
};
