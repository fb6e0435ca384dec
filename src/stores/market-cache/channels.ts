import { channel } from '../../core/diagnostics.ts';

/** A fetch failed; `copyGiven` says whether a copy was given instead. No key: it may be anything. */
export const fetchFailures = channel<{ error: unknown; copyGiven: boolean }>(
  'stockroom:market-cache:fetch-failure',
);

/** PostgreSQL did not take a copy: the value is in Redis alone. */
export const copyFailures = channel<{ error: unknown }>('stockroom:market-cache:copy-failure');
