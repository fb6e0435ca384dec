import { setTimeout as delay } from 'node:timers/promises';
import { Client } from './client.ts';
import type { Findings } from './findings.ts';
import type { Kind, Tools } from './kinds/kind.ts';
import { LlmRequests } from './kinds/llm.ts';
import { Picks } from './kinds/picks.ts';
import { registerSpecs } from './kinds/register-specs.ts';
import { Registers } from './kinds/registers.ts';
import { Runs } from './kinds/runs.ts';
import type { Statistics } from './statistics.ts';

/** Between two requests of one caller, at the most: callers think, and the machine has other things to do. */
const THINK_MS = { write: 40, read: 40 };

export interface Load {
  readonly kinds: readonly Kind[];
  /** Ends when everything that was begun is acknowledged. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LoadOptions {
  readonly ports: readonly number[];
  readonly writers: number;
  readonly readers: number;
  readonly statistics: Statistics;
  readonly findings: Findings;
}

/** Writers and readers of all kinds of data, each with its own connections. */
export function createLoad({ ports, writers, readers, statistics, findings }: LoadOptions): Load {
  const tools: Tools = {
    findings,
    writers,
    count: () => {
      statistics.now.acknowledged += 1;
    },
  };
  const kinds: Kind[] = [
    new LlmRequests(tools),
    new Runs(tools),
    new Picks(tools),
    ...registerSpecs.map((spec) => new Registers(spec, tools, { write: 8, read: 10 })),
  ];
  async function call(what: 'write' | 'read', number: number, signal: AbortSignal): Promise<void> {
    const client = new Client(ports, statistics, number);
    try {
      while (!signal.aborted) {
        const kind = draw(kinds, what);
        if (what === 'write') await kind.write(client, number);
        else await kind.read(client);
        await delay(Math.random() * THINK_MS[what]);
      }
    } finally {
      client.close();
    }
  }
  return {
    kinds,
    async run(signal) {
      // One caller that fails ends all of them.
      const failed = new AbortController();
      const either = AbortSignal.any([signal, failed.signal]);
      const callers = [
        ...Array.from({ length: writers }, (_, number) => call('write', number, either)),
        ...Array.from({ length: readers }, (_, number) => call('read', number, either)),
      ].map((caller) =>
        caller.catch((error: unknown) => {
          failed.abort();
          throw error;
        }),
      );
      await Promise.all(callers);
    },
  };
}

function draw(kinds: readonly Kind[], what: 'write' | 'read'): Kind {
  const all = kinds.reduce((sum, { weights }) => sum + weights[what], 0);
  let left = Math.random() * all;
  for (const kind of kinds) {
    left -= kind.weights[what];
    if (left < 0) return kind;
  }
  return kinds.at(-1)!;
}
