import fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { App } from '../../src/http/app.ts';
import { installErrors } from '../../src/http/plugins/errors.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import { createViews, type Views, type ViewSettings } from '../../src/tiers/views/index.ts';
import { freshTier, type TestTier, tierKinds } from './durable.ts';
import { askRedis } from './redis-commands.ts';
import { type Server, startRedis } from './servers.ts';

/** What a test of a store runs against: PostgreSQL and Redis, or both in the process. */
export const storeKinds = tierKinds;

export interface TestStores extends Pick<TestTier, 'durable'> {
  readonly hot: HotTier;
  readonly views: Views;
  /** Absent: in the process. */
  readonly redis: Server | undefined;
  /** Removes every key, as a Redis that restarts empty does. */
  flush(): Promise<void>;
  /** Any command of Redis (`HGETALL`, key): only with `redis`. */
  ask<T>(...command: string[]): Promise<T>;
  remove(): Promise<void>;
}

/** Fresh tiers with an up-to-date schema and nothing in them. */
export async function freshStores(
  kind: (typeof storeKinds)[number],
  settings: Partial<ViewSettings> = {},
): Promise<TestStores> {
  const tier = await freshTier(kind);
  const redis = kind === 'server' ? await startRedis() : undefined;
  const hot =
    redis === undefined
      ? createInProcessTier({ prefix: 'stockroom:' })
      : await openHot({ redis: { kind: 'url', url: redis.url }, keyPrefix: 'stockroom:' });
  // A build may take longer than an acknowledgement waits on a busy machine: tests look right after it.
  const views = createViews({ hot, durable: tier.durable, settings: { settleMs: 5_000, ...settings } });
  return {
    durable: tier.durable,
    hot,
    views,
    redis,
    async flush() {
      if (redis !== undefined) await askRedis(redis.port, 'FLUSHALL');
      else await dropAll(hot);
    },
    ask: (...command) => askRedis(redis!.port, ...command),
    async remove() {
      await views.close();
      await hot.close();
      await tier.remove();
      await redis?.stop();
    },
  };
}

async function dropAll(hot: HotTier): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await hot.scan(hot.prefix, cursor);
    for (const key of page.keys) await hot.projections.drop(key);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Routes alone, with our validation and errors, for `inject`. */
export async function routesOver(register: (app: App) => void): Promise<App> {
  const app: App = fastify({ routerOptions: { maxParamLength: 500 } }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  installErrors(app);
  register(app);
  await app.ready();
  return app;
}
