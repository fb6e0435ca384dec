import { StockroomError } from '../../../core/errors.ts';
import type { RedisNode, Reply } from './node.ts';
import { type ScriptName, scripts } from './scripts.ts';
import type { Topology } from './topology.ts';

/** Commands to wherever their key is. */
export class Calls {
  readonly topology: Topology;
  readonly prefix: string;

  constructor(topology: Topology, prefix: string) {
    this.topology = topology;
    this.prefix = prefix;
  }

  nodeOf(key: string): RedisNode {
    return this.topology.nodeOf(key);
  }

  // Not async: the promise of the node is the answer, and one more costs as much as the call.
  send<T = Reply>(
    key: string,
    args: readonly string[],
    decode?: (reply: never) => T,
    behind?: readonly string[],
  ): Promise<T> {
    try {
      return this.topology.nodeOf(key).send(args, decode, behind);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Runs a script. All its keys are in one slot. */
  async run<T = Reply>(name: ScriptName, keys: readonly string[], args: readonly string[]): Promise<T> {
    const { sha, lua } = scripts[name];
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.send<T>(keys[0]!, ['EVALSHA', sha, ...rest]);
    } catch (error) {
      const unknown = error instanceof StockroomError && error.details['redisCode'] === 'NOSCRIPT';
      if (!unknown) throw error;
      return this.send<T>(keys[0]!, ['EVAL', lua, ...rest]);
    }
  }

  /** Keys by the server that has them, with their places in the list. */
  group(keys: readonly string[]): Map<RedisNode, number[]> {
    const groups = new Map<RedisNode, number[]>();
    for (const [at, key] of keys.entries()) {
      const node = this.topology.nodeOf(key);
      const places = groups.get(node);
      if (places === undefined) groups.set(node, [at]);
      else places.push(at);
    }
    return groups;
  }
}

/** A flat list of names and values, as Redis gives a hash to a script. */
export function pairsOf(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[at * 2]!, flat[at * 2 + 1]!]);
}

/** The other way. */
export function flatOf(record: Readonly<Record<string, string>>): string[] {
  const flat: string[] = [];
  for (const name of Object.keys(record)) flat.push(name, record[name]!);
  return flat;
}
