import type { Claim, Standing, StandingState, StateContent, StatePut, States } from '../port.ts';
import type { Calls } from './calls.ts';
import { digits, expiryDigits, newStateClaim, standingOf, stateHead, stateText } from './state-text.ts';

export class RedisStates implements States {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  read(key: string): Promise<Standing | undefined> {
    return this.#calls.send(key, ['GET', key], (text: string | null) => this.#standingOf(key, text));
  }

  async put(key: string, content: StateContent): Promise<StatePut> {
    const args = [digits(content.version), ...this.#textOf(key, content)];
    const [written, before] = await this.#calls.run<[number, string]>('statePut', [key], args);
    return { written: written === 1, before: this.#standingOf(key, before) };
  }

  async claim(key: string, lifeMs: number): Promise<Claim | Standing> {
    const claim = newStateClaim(this.#incarnation(key));
    const command = ['SET', key, claim, 'NX', 'GET', 'PX', String(Math.max(1, Math.ceil(lifeMs)))];
    for (;;) {
      const old = await this.#calls.send<string | null>(key, command);
      if (old === null) return { kind: 'claimed', version: claim };
      const standing = this.#standingOf(key, old);
      if (standing !== undefined) return standing;
      // Of another form. Should somebody have written since, PostgreSQL will have it.
      await this.#calls.send(key, ['UNLINK', key]);
    }
  }

  async fill(key: string, expected: string, content: StateContent): Promise<boolean> {
    return (await this.#calls.run('stateFill', [key], [expected, ...this.#textOf(key, content)])) === 1;
  }

  async touch(
    key: string,
    nowMs: number,
    expiresAtMs: number | undefined,
  ): Promise<StandingState | undefined> {
    const head = stateHead(this.#incarnation(key));
    const args = [head, digits(nowMs), expiryDigits(expiresAtMs), expiryOf(expiresAtMs)];
    const standing = this.#standingOf(key, await this.#calls.run<string | null>('stateTouch', [key], args));
    return standing?.kind === 'value' && standing.believed ? standing : undefined;
  }

  async settle(key: string, version: number, confirmedAtMs: number | undefined): Promise<void> {
    const confirmed = confirmedAtMs === undefined ? '' : digits(confirmedAtMs);
    await this.#calls.run('stateSettle', [key], [digits(version), confirmed]);
  }

  #textOf(key: string, content: StateContent): [string, string] {
    return [stateText(content, this.#incarnation(key)), expiryOf(content.expiresAtMs)];
  }

  #standingOf(key: string, text: string | null): Standing | undefined {
    return text === null ? undefined : standingOf(text, this.#incarnation(key));
  }

  /** Undefined while the server that has the key is not connected. */
  #incarnation(key: string): string | undefined {
    try {
      return this.#calls.nodeOf(key).incarnation;
    } catch {
      return undefined; // Nobody has it: what was read is not believed, and the next call says so.
    }
  }
}

function expiryOf(expiresAtMs: number | undefined): string {
  return expiresAtMs === undefined ? '' : String(Math.max(1, Math.floor(expiresAtMs)));
}
