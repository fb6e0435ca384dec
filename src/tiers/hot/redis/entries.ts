import { type Claim, type Entries, type Entry, type EntryWrite, type Feed, MARK_LIFE_MS } from '../port.ts';
import type { Feeds } from '../feeds.ts';
import type { Calls } from './calls.ts';
import { entryOf, newVersion } from './entry-text.ts';

/** Keys of one command: more would hold up the server and the other callers. */
const MANY_MAX = 500;

export interface EntriesOptions {
  readonly calls: Calls;
  readonly feeds: Feeds;
  /** Tells those in other processes whom Redis does not tell. */
  readonly announce: (keys: readonly string[]) => Promise<void> | undefined;
}

export class RedisEntries implements Entries {
  readonly #calls: Calls;
  readonly #feeds: Feeds;
  readonly #announce: EntriesOptions['announce'];

  constructor({ calls, feeds, announce }: EntriesOptions) {
    this.#calls = calls;
    this.#feeds = feeds;
    this.#announce = announce;
  }

  read(key: string): Promise<Entry | undefined> {
    return this.#calls.send(key, ['GET', key], (text: string | null) => this.#entryOf(key, text));
  }

  async readMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const texts =
      this.#calls.topology.kind === 'cluster'
        ? await Promise.all(keys.map((key) => this.#calls.send<string | null>(key, ['GET', key])))
        : await this.#multiGet(keys);
    return texts.map((text, at) => this.#entryOf(keys[at]!, text));
  }

  write(key: string, body: string, expiresAtMs: number, by?: Feed): Promise<string> {
    const version = this.#version('V', key);
    const command = ['SET', key, version + body, 'PXAT', time(expiresAtMs)];
    const written = (): Promise<string> | string => {
      const announced = this.#wrote(key, by);
      return announced === undefined ? version : announced.then(() => version);
    };
    // One that was given up may arrive after the next one of somebody else: then it is not to stay.
    const behind = ['UNLINK', key];
    return this.#calls.send<Promise<string> | string>(key, command, written, behind) as Promise<string>;
  }

  async writeMany(writes: readonly EntryWrite[], by?: Feed): Promise<boolean[]> {
    const outcomes = await Promise.allSettled(
      writes.map(({ key, body, expiresAtMs }) => this.write(key, body, expiresAtMs, by)),
    );
    return outcomes.map(({ status }) => status === 'fulfilled');
  }

  async drop(keys: readonly string[], by?: Feed): Promise<void> {
    const cluster = this.#calls.topology.kind === 'cluster';
    const size = cluster ? 1 : MANY_MAX;
    const chunks: (readonly string[])[] = [];
    for (let from = 0; from < keys.length; from += size) chunks.push(keys.slice(from, from + size));
    const dropped = await Promise.all(
      chunks.map((chunk) => this.#calls.send<number>(chunk[0]!, ['UNLINK', ...chunk])),
    );
    for (const key of keys) this.#feeds.wrote(key, by);
    await this.#announce(chunks.filter((_, at) => dropped[at]! > 0).flat());
  }

  async claim(key: string, lifeMs: number): Promise<Claim | Entry> {
    const version = this.#version('L', key);
    const found = await this.#setIfAbsent(key, version, lifeMs);
    return found ?? { kind: 'claimed', version };
  }

  async extend(key: string, claim: string, lifeMs: number): Promise<boolean> {
    return (await this.#calls.run('extend', [key], [claim, life(lifeMs)])) === 1;
  }

  async unclaim(key: string, claim: string, afterMs = 0): Promise<void> {
    const ended = await this.#calls.run('unclaim', [key], [claim, afterMs === 0 ? '0' : life(afterMs)]);
    if (ended === 1) await this.#announce([key]);
  }

  async fill(key: string, expected: string, body: string, expiresAtMs: number, by?: Feed): Promise<boolean> {
    const text = this.#version('V', key) + body;
    const written = await this.#calls.run('fill', [key], [expected, text, time(expiresAtMs)]);
    if (written !== 1) return false;
    await this.#wrote(key, by);
    return true;
  }

  async mark(key: string): Promise<string> {
    const known = await this.read(key);
    if (known !== undefined) return known.version;
    const version = this.#version('V', key);
    const found = await this.#setIfAbsent(key, version, MARK_LIFE_MS);
    return found?.version ?? version;
  }

  /** @returns what stands there already, if anything that counts does */
  async #setIfAbsent(key: string, text: string, lifeMs: number): Promise<Entry | undefined> {
    const command = ['SET', key, text, 'NX', 'GET', 'PX', life(lifeMs)];
    for (;;) {
      const old = await this.#calls.send<string | null>(key, command);
      if (old === null) {
        await this.#announce([key]);
        return undefined;
      }
      const entry = this.#entryOf(key, old);
      if (entry !== undefined) return entry;
      // Of another form or an earlier life of the server. Should somebody have written since, it is a miss for them.
      await this.#calls.send(key, ['UNLINK', key]);
    }
  }

  #entryOf(key: string, text: string | null): Entry | undefined {
    return text === null ? undefined : entryOf(text, this.#incarnation(key));
  }

  /** Undefined while the server that has the key is not connected. */
  #incarnation(key: string): string | undefined {
    try {
      return this.#calls.nodeOf(key).incarnation;
    } catch {
      return undefined; // Nobody has it: what was read is not believed, and the next call says so.
    }
  }

  #version(kind: 'V' | 'L', key: string): string {
    return newVersion(kind, this.#incarnation(key) ?? '00000000');
  }

  async #multiGet(keys: readonly string[]): Promise<(string | null)[]> {
    const chunks: Promise<(string | null)[]>[] = [];
    for (let from = 0; from < keys.length; from += MANY_MAX) {
      const chunk = keys.slice(from, from + MANY_MAX);
      chunks.push(this.#calls.send(chunk[0]!, ['MGET', ...chunk]));
    }
    return (await Promise.all(chunks)).flat();
  }

  #wrote(key: string, by: Feed | undefined): Promise<void> | undefined {
    this.#feeds.wrote(key, by);
    return this.#announce([key]);
  }
}

function time(ms: number): string {
  return String(Math.max(1, Math.floor(ms)));
}

function life(ms: number): string {
  return String(Math.max(1, Math.ceil(ms)));
}
