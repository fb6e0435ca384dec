import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Relay } from './relay.ts';

/** Runs that end when they are told to, and give their number. */
class Runs {
  begun = 0;
  #ends: ((failed: boolean) => void)[] = [];

  readonly work = (): Promise<number> => {
    this.begun += 1;
    const n = this.begun;
    return new Promise((resolve, reject) => {
      this.#ends.push((failed) => (failed ? reject(new Error(String(n))) : resolve(n)));
    });
  };

  get open(): number {
    return this.#ends.length;
  }

  end(failed = false): void {
    this.#ends.shift()?.(failed);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const numberOf = (result: Promise<number>): Promise<number> =>
  result.catch((error: unknown) => Number((error as Error).message));

describe('Relay', () => {
  it('gives everybody a run that began after the call, of which there is one at a time', async () => {
    const step = fc.constantFrom<'join' | 'end' | 'fail'>('join', 'join', 'end', 'fail');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const relay = new Relay<number>();
        const runs = new Runs();
        const calls: { readonly after: number; readonly result: Promise<number> }[] = [];
        for (const one of steps) {
          if (one === 'join') {
            calls.push({ after: runs.begun, result: numberOf(relay.join('key', runs.work)) });
          } else {
            runs.end(one === 'fail');
            await turn();
          }
          expect(runs.open).toBeLessThanOrEqual(1);
        }
        while (runs.open > 0) {
          runs.end();
          await turn();
        }
        for (const { after, result } of calls) expect(await result).toBe(after + 1);
        expect(relay.last('key')).toBeUndefined();
      }),
    );
  });

  it('keeps keys apart', async () => {
    const relay = new Relay<number>();
    const runs = new Runs();
    const results = [relay.join('a', runs.work), relay.join('b', runs.work)];
    expect(runs.open).toBe(2);
    runs.end();
    runs.end();
    expect(await Promise.all(results)).toEqual([1, 2]);
  });
});
