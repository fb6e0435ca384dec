import * as fc from 'fast-check';
import { pause } from '../../../src/core/wait.ts';
import { pause as suspend, resume } from '../../support/redis-topologies.ts';
import type { Server } from '../../support/servers.ts';
import { History } from './history.ts';
import { type Member, openWorld, type World } from './world.ts';

export const MEMBERS = 3;
const KEYS = ['a', 'b', 'c'];
const TAG = 'tagged';
/** Within so long everything of a run is begun. */
const SPAN_MS = 1_500;

const faultNames = ['reset', 'blackHole', 'stall', 'delay', 'cut', 'kill', 'flush', 'suspend'] as const;
const opNames = [
  'get',
  'getOrSet',
  'getMany',
  'getOrSetMany',
  'set',
  'setTagged',
  'delete',
  'deleteByTag',
  'clear',
] as const;

export interface Step {
  readonly atMs: number;
  readonly member: number;
  readonly what: (typeof opNames)[number];
  readonly key: string;
  /** The factory's. */
  readonly slowMs: number;
  readonly fails: boolean;
}

export interface Fault {
  readonly atMs: number;
  readonly forMs: number;
  readonly member: number;
  readonly what: (typeof faultNames)[number];
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
}

const at = fc.integer({ min: 0, max: SPAN_MS });
const member = fc.integer({ min: 0, max: MEMBERS - 1 });

export const plans: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(
    fc.record({
      atMs: at,
      member,
      // Reads more often than writes, and what ends everything rarely.
      what: fc.constantFrom(...opNames, 'get', 'get', 'getOrSet', 'getOrSet', 'getOrSet', 'set', 'set'),
      key: fc.constantFrom(...KEYS),
      slowMs: fc.constantFrom(0, 0, 5, 40, 200),
      fails: fc.constantFrom(false, false, false, false, true),
    }),
    { minLength: 60, maxLength: 400, size: 'max' },
  ),
  faults: fc.array(
    fc.record({
      atMs: at,
      forMs: fc.integer({ min: 1, max: 700 }),
      member,
      what: fc.constantFrom(...faultNames),
    }),
    { maxLength: 5 },
  ),
});

/** Runs a plan on a real Redis. @returns what happened */
export async function run(server: Server, plan: Plan): Promise<{ history: History; waits: Waits }> {
  const world = await openWorld(server, MEMBERS);
  const history = new History();
  try {
    await Promise.all([
      ...plan.faults.map(async (fault) => {
        await pause(fault.atMs);
        const from = performance.now();
        await inject(server, world, fault);
        history.notes.push({ what: `${fault.what} of process ${fault.member}`, from, to: performance.now() });
      }),
      ...plan.steps.map((step) => pause(step.atMs).then(() => act(world.members, step, history))),
    ]);
    for (const { proxy } of world.members) proxy.heal();
    await settled(world.members);
    await lookEverywhere(world.members, history);
  } finally {
    resume(server);
    for (const { proxy } of world.members) proxy.heal();
    await world.close();
  }
  return { history, waits: waitsOf(history) };
}

/** The longest that a caller waited, in milliseconds. */
export interface Waits {
  /** For Redis alone. */
  readonly reads: number;
  /** For a factory. */
  readonly makes: number;
  readonly writes: number;
}

function waitsOf({ reads, endings }: History): Waits {
  const longest = (list: readonly { from: number; to: number }[]): number =>
    Math.max(0, ...list.map(({ from, to }) => to - from));
  const makes = (what: string): boolean => what.startsWith('getOrSet');
  return {
    reads: longest(reads.filter(({ what }) => !makes(what))),
    makes: longest(reads.filter(({ what }) => makes(what))),
    writes: longest(endings),
  };
}

async function inject(server: Server, { members, ask }: World, fault: Fault): Promise<void> {
  const { proxy } = members[fault.member]!;
  const ended = (): Promise<void> => pause(fault.forMs).then(() => proxy.heal());
  switch (fault.what) {
    case 'reset':
      return proxy.reset();
    case 'blackHole':
      proxy.blackHole();
      return ended();
    case 'stall':
      proxy.stall('down');
      return ended();
    case 'delay':
      proxy.delay(Math.ceil(fault.forMs / 3));
      return ended();
    case 'cut':
      proxy.cutAfter(fault.forMs, 'down');
      return ended();
    case 'kill':
      return void (await ask(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']));
    case 'flush':
      return void (await ask(['FLUSHALL']));
    case 'suspend':
      suspend(server);
      await pause(fault.forMs / 2);
      return resume(server);
  }
}

async function act(members: readonly Member[], step: Step, history: History): Promise<void> {
  const { cache } = members[step.member]!;
  const from = performance.now();
  const read = (key: string, value: number | undefined): void =>
    void history.reads.push({
      what: step.what,
      process: step.member,
      key,
      from,
      to: performance.now(),
      value,
    });
  const ending = async (
    keys: readonly string[],
    value: number | undefined,
    work: () => Promise<boolean>,
  ): Promise<void> => {
    if (value !== undefined) history.values.set(value, { id: value, key: keys[0]!, madeAt: Infinity });
    const acknowledged = await work();
    const to = performance.now();
    if (value !== undefined) history.values.set(value, { id: value, key: keys[0]!, madeAt: to });
    if (!acknowledged) return;
    for (const key of keys)
      history.endings.push({ what: step.what, process: step.member, key, from, to, value });
  };
  switch (step.what) {
    case 'get':
      return read(step.key, (await cache.get(step.key))?.id);
    case 'getMany': {
      const found = await cache.getMany(KEYS);
      return KEYS.forEach((key) => read(key, found.get(key)?.id));
    }
    case 'getOrSet': {
      const made = await cache.getOrSet(step.key, () => make(step, step.key, history)).catch(expected);
      return read(step.key, made?.id);
    }
    case 'getOrSetMany': {
      const factory = async ({ keys }: { keys: string[] }) =>
        new Map(await Promise.all(keys.map(async (key) => [key, await make(step, key, history)] as const)));
      const made = await cache.getOrSetMany(KEYS, factory).catch(expected);
      return KEYS.forEach((key) => read(key, made?.get(key)?.id));
    }
    case 'set':
    case 'setTagged': {
      const id = history.newValue();
      const options = step.what === 'set' ? {} : { tags: [TAG] };
      return ending([step.key], id, () => cache.set(step.key, { id }, options));
    }
    case 'delete':
      return ending([step.key], undefined, () => cache.delete(step.key));
    case 'deleteByTag':
      // It ends the tagged values alone: what it must end is known of those.
      return void (await cache.deleteByTag(TAG));
    case 'clear':
      return ending(KEYS, undefined, () => cache.clear());
  }
}

class FactoryFailed extends Error {}

/** A factory looks at the truth of the moment, takes its time, and gives what it saw. */
async function make(step: Step, key: string, history: History): Promise<{ id: number }> {
  const id = history.newValue();
  history.values.set(id, { id, key, madeAt: performance.now() });
  await pause(step.slowMs);
  if (step.fails) throw new FactoryFailed('as planned');
  return { id };
}

function expected(error: unknown): undefined {
  const timeout = error instanceof Error && 'code' in error && error.code === 'FACTORY_TIMEOUT';
  if (error instanceof FactoryFailed || timeout) return undefined;
  throw error;
}

async function settled(members: readonly Member[]): Promise<void> {
  for (const { hot } of members) {
    for (
      let tries = 0;
      hot.state().state !== 'up' || hot.coherence.trustedUntil < performance.now();
      tries += 1
    ) {
      if (tries > 500) throw new Error(`it did not recover: ${JSON.stringify(hot.state())}`);
      await pause(10);
    }
  }
}

/** Twice in every process: out of Redis, and out of the process. */
async function lookEverywhere(members: readonly Member[], history: History): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    for (const [member, { cache }] of members.entries()) {
      for (const key of KEYS) {
        const from = performance.now();
        const value = (await cache.get(key))?.id;
        history.reads.push({ what: 'last get', process: member, key, from, to: performance.now(), value });
      }
    }
  }
}
