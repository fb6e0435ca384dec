import { type AgentMemory, createAgentMemory } from '../../src/stores/agent-memory/store.ts';
import { createHotState, type HotState } from '../../src/tiers/state/index.ts';
import { freshStores, type storeKinds, type TestStores } from './stores.ts';

/** Agent memory over tiers of its own, as several processes see it; they share a clock. */
export interface MemoryWorld {
  readonly stores: TestStores;
  nowMs: number;
  /** Another process. @param change gives what its state does otherwise */
  process(change?: (state: HotState) => Partial<HotState>): AgentMemory;
  /** Of every process. */
  flushAll(): Promise<void>;
  pass(seconds: number): void;
  /** Ends the processes, and removes what they left. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

export async function memoryWorld(kind: (typeof storeKinds)[number]): Promise<MemoryWorld> {
  const stores = await freshStores(kind);
  const { durable, hot } = stores;
  let running: { memory: AgentMemory; state: HotState }[] = [];
  const world: MemoryWorld = {
    stores,
    nowMs: Date.now(),
    process(change = () => ({})) {
      const clock = () => new Date(world.nowMs);
      const state = createHotState({ durable, hot, clock });
      const memory = createAgentMemory({ durable, hot, clock, state: changed(state, change(state)) });
      running.push({ memory, state });
      return memory;
    },
    async flushAll() {
      for (const { state } of running) await state.flush();
    },
    pass(seconds) {
      world.nowMs += seconds * 1_000;
    },
    async clear() {
      for (const { memory, state } of running) {
        await memory.close();
        await state.close();
      }
      running = [];
      await durable.query('truncate hot_state, agent_sessions, memory_analyses, memory_preferences');
      await stores.flush();
      world.nowMs = Date.now();
    },
    async remove() {
      await world.clear();
      await stores.remove();
    },
  };
  return world;
}

function changed(state: HotState, change: Partial<HotState>): HotState {
  return new Proxy(state, {
    get: (target, name: keyof HotState) => change[name] ?? target[name].bind(target),
  });
}
