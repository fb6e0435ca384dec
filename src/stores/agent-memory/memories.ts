import type { Page } from '../../core/page.ts';
import type { HotState, JsonValue, ListOptions } from '../../tiers/state/index.ts';
import type { Counters } from './counters.ts';
import { checkName, families } from './names.ts';
import { checkTtl } from './sessions.ts';

export interface LifeOptions {
  readonly ttl_seconds?: number | undefined;
}

/** What agents work with at the moment, one value a type. */
export interface WorkingMemory {
  /** For ever, unless it is given a life. @throws StockroomError INVALID_INPUT */
  put(type: string, value: JsonValue, options?: LifeOptions): Promise<void>;
  get(type: string): Promise<JsonValue | undefined>;
  /** By type, from PostgreSQL: what another process put in the last half second may be missing. */
  list(options?: ListOptions): Promise<Page<{ type: string; value: JsonValue }>>;
  delete(type: string): Promise<boolean>;
}

/** Answers that may be used again for a while. */
export interface AgentCache {
  /** For 300 seconds, unless it is given another life. @throws StockroomError INVALID_INPUT */
  put(key: string, value: JsonValue, options?: LifeOptions): Promise<void>;
  get(key: string): Promise<JsonValue | undefined>;
  delete(key: string): Promise<boolean>;
}

export const CACHE_TTL_SECONDS = 300;

export interface MemoriesOptions {
  readonly state: HotState;
  readonly counters: Counters;
}

export function createWorkingMemory({ state, counters }: MemoriesOptions): WorkingMemory {
  return {
    async put(type, value, { ttl_seconds } = {}) {
      checkName('type', type);
      await state.put(families.working, type, value, { lifeMs: lifeOf(ttl_seconds) });
    },

    async get(type) {
      checkName('type', type);
      const value = await state.get(families.working, type);
      counters.count('working', value !== undefined);
      return value;
    },

    async list(options) {
      const { items, next_cursor } = await state.list(families.working, options);
      return { items: items.map(({ key, value }) => ({ type: key, value })), next_cursor };
    },

    async delete(type) {
      checkName('type', type);
      return state.delete(families.working, type);
    },
  };
}

export function createAgentCache({ state, counters }: MemoriesOptions): AgentCache {
  return {
    async put(key, value, { ttl_seconds = CACHE_TTL_SECONDS } = {}) {
      checkName('key', key);
      await state.put(families.cache, key, value, { lifeMs: lifeOf(ttl_seconds) });
    },

    async get(key) {
      checkName('key', key);
      const value = await state.get(families.cache, key);
      counters.count('cache', value !== undefined);
      return value;
    },

    async delete(key) {
      checkName('key', key);
      return state.delete(families.cache, key);
    },
  };
}

function lifeOf(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  checkTtl(seconds);
  return Math.ceil(seconds * 1_000);
}
