import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { fail, type Found, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** Settings that are valid, and together not what somebody wants. */
export function settingsFit({ config }: Patient): Found {
  const { host, apiKeys, databaseUrl, redis } = config;
  const evidence = {
    host,
    api_keys: apiKeys.length,
    postgres: databaseUrl === undefined ? 'embedded' : 'server',
    redis: redis?.kind ?? 'in-process',
  };
  if (!LOOPBACK.test(host) && apiKeys.length === 0) {
    return warn(
      'The service listens to the network, and has no API key: every caller from elsewhere is refused.',
      evidence,
      'Set STOCKROOM_API_KEYS, or HOST=127.0.0.1.',
    );
  }
  if (databaseUrl !== undefined && redis === undefined) {
    return warn(
      'There is a PostgreSQL server and no Redis: of several processes each has copies of its own, which others do not correct.',
      evidence,
      'Set REDIS_URL when more than one process runs.',
    );
  }
  return ok('The settings go together.', evidence);
}

/** Archives and the embedded database go there. */
export async function dataDirectory({ config: { dataDir } }: Patient): Promise<Found> {
  const evidence = { directory: dataDir };
  for (let at = dataDir; ; at = dirname(at)) {
    try {
      await access(at, constants.W_OK | constants.X_OK);
      return ok('The data directory can be written.', evidence);
    } catch (error) {
      // One that is not there yet is made in the nearest that is.
      if (codeOf(error) === 'ENOENT' && at !== dirname(at)) continue;
      return fail(
        'The data directory cannot be written.',
        { ...evidence, at, code: codeOf(error) },
        'Give this user the right to write there, or set STOCKROOM_DATA_DIR.',
      );
    }
  }
}
