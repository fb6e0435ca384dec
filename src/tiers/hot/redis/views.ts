import { randomUUID } from 'node:crypto';
import { StockroomError } from '../../../core/errors.ts';
import { companionKey } from '../keys.ts';
import type {
  Placed,
  ProjectionChange,
  ProjectionContent,
  Projections,
  Ranked,
  RankingPut,
  Rankings,
  Sessions,
  Statistics,
} from '../port.ts';
import { type Calls, flatOf, pairsOf } from './calls.ts';
import type { ScriptName } from './scripts.ts';

/** In place of the incarnation while the server is not connected: the call fails anyway. */
const NOBODY = '--------';

/** Projections of one script: more would hold up the server and the other callers. */
const PLACED_MAX = 50;

export class RedisProjections implements Projections {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async read(key: string): Promise<ProjectionContent | undefined> {
    const found = await run<[string, string | string[]] | null>(this.#calls, 'content', key, []);
    return found === null ? undefined : contentOf(found[0], found[1]);
  }

  async apply(key: string, { set = {}, include = [], exclude = [] }: ProjectionChange): Promise<boolean> {
    const counts = [Object.keys(set).length, include.length, exclude.length].map(String);
    return (await run(this.#calls, 'apply', key, [...counts, ...flatOf(set), ...include, ...exclude])) === 1;
  }

  async begin(key: string, lifeMs: number): Promise<string> {
    const epoch = randomUUID();
    await this.#calls.send(key, [
      'SET',
      withCompanions(this.#calls, key)[1],
      epoch,
      'PX',
      String(Math.ceil(lifeMs)),
    ]);
    return epoch;
  }

  async replace(
    key: string,
    epoch: string,
    content: ProjectionContent,
    expiresAtMs: number | undefined,
  ): Promise<boolean> {
    const expiry = expiresAtMs === undefined ? '' : String(Math.floor(expiresAtMs));
    const args = [epoch, expiry, ...argumentsOf(content)];
    return (await run(this.#calls, 'replace', key, args)) === 1;
  }

  async place(placed: readonly Placed[], expiresAtMs: number | undefined): Promise<void> {
    // Of a Cluster only keys of one slot go together.
    const size = this.#calls.topology.kind === 'cluster' ? 1 : PLACED_MAX;
    const expiry = expiresAtMs === undefined ? '' : String(Math.floor(expiresAtMs));
    const runs: Promise<unknown>[] = [];
    for (let from = 0; from < placed.length; from += size) {
      const some = placed.slice(from, from + size);
      const keys = some.flatMap(({ key }) => withCompanions(this.#calls, key));
      const values = some.flatMap(({ content }) => {
        const [kind, ...rest] = argumentsOf(content);
        return [kind!, String(rest.length), ...rest];
      });
      const { incarnation = NOBODY } = this.#calls.nodeOf(keys[0]!);
      runs.push(this.#calls.run('place', keys, [incarnation, expiry, ...values]));
    }
    await Promise.all(runs);
  }

  async drop(key: string): Promise<void> {
    await this.#calls.send(key, ['UNLINK', ...withCompanions(this.#calls, key)]);
  }
}

/** The key itself, that of the epoch of its build, and that of the note which says what stands there. */
function withCompanions({ prefix }: Calls, key: string): [string, string, string] {
  return [key, companionKey(prefix, 'epoch', key), companionKey(prefix, 'note', key)];
}

/** What an earlier incarnation of the server has under the key is not there. */
function run<T>(calls: Calls, name: ScriptName, key: string, args: readonly string[]): Promise<T> {
  const { incarnation = NOBODY } = calls.nodeOf(key);
  return calls.run<T>(name, withCompanions(calls, key), [incarnation, ...args]);
}

function contentOf(kind: string, value: string | string[]): ProjectionContent | undefined {
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (kind === 'hash') return { kind, fields: Object.fromEntries(pairsOf(value)) };
  if (kind === 'set') return { kind, members: value };
  if (kind === 'zset') return { kind: 'ranking', members: pairsOf(value).map(rankedOf) };
  throw new StockroomError(
    'HOT_REFUSED',
    `A projection is kept as a string, hash, set or sorted set, not as a ${kind}`,
  );
}

function argumentsOf(content: ProjectionContent): string[] {
  switch (content.kind) {
    case 'text':
      return ['string', content.text];
    case 'hash':
      return ['hash', ...flatOf(content.fields)];
    case 'set':
      return ['set', ...content.members];
    case 'ranking':
      return ['zset', ...content.members.flatMap(({ id, score }) => [scoreText(score), id])];
  }
}

export class RedisRankings implements Rankings {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async put(key: string, members: readonly Ranked[], options: RankingPut = {}): Promise<boolean> {
    const { keep, expiresAtMs, onlyIfThere = false } = options;
    const values = members.flatMap(({ id, score }) => [scoreText(score), id]);
    const head = [onlyIfThere ? '1' : '0', keep === undefined ? '' : String(keep)];
    const expiry = expiresAtMs === undefined ? '' : String(Math.floor(expiresAtMs));
    return (await run(this.#calls, 'rank', key, [...head, expiry, ...values])) === 1;
  }

  async top(key: string, count: number, order: 'highest' | 'lowest' = 'highest'): Promise<Ranked[]> {
    if (count < 1) return [];
    const args = [String(count), order === 'highest' ? 'REV' : ''];
    return pairsOf(await run<string[]>(this.#calls, 'top', key, args)).map(rankedOf);
  }

  async remove(key: string, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await run(this.#calls, 'unrank', key, ids);
  }
}

function rankedOf([id, score]: [string, string]): Ranked {
  return { id, score: Number(score) };
}

function scoreText(score: number): string {
  if (Number.isFinite(score)) return String(score);
  throw new StockroomError('INVALID_INPUT', `score: expected a finite number, found ${score}`);
}

export class RedisSessions implements Sessions {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async put(key: string, fields: Readonly<Record<string, string>>, lifeMs: number): Promise<void> {
    await this.#calls.run('sessionPut', [key], [String(Math.ceil(lifeMs)), ...flatOf(fields)]);
  }

  async get(key: string, field: string, lifeMs?: number): Promise<string | undefined> {
    const life = lifeMs === undefined ? '' : String(Math.ceil(lifeMs));
    return (await this.#calls.run<string | null>('sessionGet', [key], [life, field])) ?? undefined;
  }

  async all(key: string, lifeMs?: number): Promise<Record<string, string>> {
    const life = lifeMs === undefined ? '' : String(Math.ceil(lifeMs));
    return Object.fromEntries(pairsOf(await this.#calls.run<string[]>('sessionGet', [key], [life])));
  }

  async remove(key: string, fields: readonly string[]): Promise<void> {
    if (fields.length > 0) await this.#calls.send(key, ['HDEL', key, ...fields]);
  }

  async touch(key: string, lifeMs: number): Promise<boolean> {
    return (await this.#calls.send(key, ['PEXPIRE', key, String(Math.ceil(lifeMs))])) === 1;
  }

  async end(key: string): Promise<void> {
    await this.#calls.send(key, ['UNLINK', key]);
  }
}

export class RedisStatistics implements Statistics {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async count(key: string, increments: Readonly<Record<string, number>>): Promise<void> {
    const commands = Object.entries(increments).map(([field, by]) => ['HINCRBY', key, field, String(by)]);
    await Promise.all(commands.map((command) => this.#calls.send(key, command)));
  }

  async counts(key: string): Promise<Record<string, number>> {
    const found = await this.#calls.send<Record<string, string>>(key, ['HGETALL', key]);
    return Object.fromEntries(Object.entries(found).map(([field, value]) => [field, Number(value)]));
  }
}
