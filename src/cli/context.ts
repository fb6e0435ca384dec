import type { Command } from 'commander';
import type { Config } from '../core/config.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import type { HotSettings, HotTier } from '../tiers/hot/index.ts';
import { type Colors, colorsOf, type Io } from './io.ts';
import { Lifetime } from './lifetime.ts';

/** One call of the command line, from its arguments to its exit code. */
export interface Context {
  readonly io: Io;
  /** For stdout. */
  readonly colors: Colors;
  readonly lifetime: Lifetime;
  /** The command's name as it was called, `migrate run`; empty while it is not known. */
  called: string;
  /** Whether the answer, also that of a failure, is one JSON document. */
  json: boolean;
  /** The old directory that the command is about: an absolute path. */
  directory: string | undefined;
  exit: number;
}

export function createContext(io: Io): Context {
  const colors = colorsOf(io.stdout, io.env);
  return {
    io,
    colors,
    lifetime: new Lifetime(io),
    called: '',
    json: false,
    directory: undefined,
    exit: 0,
  };
}

/** Makes `work` the action of a command; it gets the command's arguments and resolves to the exit code. */
export function act(context: Context, command: Command, work: (...args: string[]) => Promise<number>): void {
  command.action(async () => {
    context.exit = await work(...command.args);
  });
}

/** The durable tier for as long as the command runs, with an up-to-date schema. */
export async function openTier(
  { lifetime }: Context,
  config: Config,
): Promise<{ tier: DurableTier; migrations: number; close: () => Promise<void> }> {
  const { migrate, openDurable } = await import('../tiers/durable/index.ts');
  const tier = await openDurable(config);
  const close = lifetime.holding(() => tier.close());
  const migrations = (await migrate(tier)).length;
  return { tier, migrations, close };
}

/** The hot tier for as long as the command runs. A Redis that is away is no failure: see `openHot`. */
export async function openHotTier(
  { lifetime }: Context,
  { redis, keyPrefix }: Pick<Config, 'redis' | 'keyPrefix'>,
  settings: Partial<HotSettings> = {},
): Promise<HotTier> {
  const { openHot } = await import('../tiers/hot/index.ts');
  const hot = await openHot({ redis, keyPrefix, settings });
  lifetime.holding(() => hot.close());
  return hot;
}

/** Runs `work` on the durable tier and closes it, so that what goes wrong in closing is known before the answer. */
export async function withTier<T>(
  context: Context,
  config: Config,
  work: (tier: DurableTier) => Promise<T>,
): Promise<T> {
  const { tier, close } = await openTier(context, config);
  const result = await work(tier);
  await close();
  return result;
}
