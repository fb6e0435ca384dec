import { randomUUID } from 'node:crypto';
import type { Lease, Leases, Quota, QuotaAnswer, Quotas } from '../port.ts';
import { checkQuota } from '../quota.ts';
import type { Calls } from './calls.ts';

export class RedisLeases implements Leases {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async acquire(key: string, lifeMs: number): Promise<Lease | undefined> {
    const token = randomUUID();
    const fence = await this.#calls.run<string | null>('acquire', [key], [token, String(Math.ceil(lifeMs))]);
    return fence === null ? undefined : { key, token, fence: Number(fence) };
  }

  async renew({ key, token }: Lease, lifeMs: number): Promise<boolean> {
    return (await this.#calls.run('renew', [key], [token, String(Math.ceil(lifeMs))])) === 1;
  }

  async release({ key, token }: Lease): Promise<boolean> {
    return (await this.#calls.run('release', [key], [token])) === 1;
  }
}

export class RedisQuotas implements Quotas {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async take(key: string, quota: Quota): Promise<QuotaAnswer> {
    const { limit, windowMs, cost } = checkQuota(quota);
    const window = windowMs * 1_000;
    const interval = window / limit;
    const answer = await this.#calls.run<[number, string, string]>(
      'take',
      [key],
      [interval, window, cost].map(String),
    );
    const used = Number(answer[1]);
    const allowed = answer[0] === 1;
    return {
      allowed,
      remaining: Math.max(0, Math.floor((window - used) / interval + 1e-6)),
      retryAfterMs: allowed ? 0 : cost > limit ? Infinity : Math.ceil(Number(answer[2]) / 1_000),
      resetMs: Math.ceil(used / 1_000),
    };
  }
}
