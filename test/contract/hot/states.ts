import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HotTier, Standing, StateContent } from '../../../src/tiers/hot/port.ts';
import {
  entryKey,
  eventually,
  freshKey,
  fromBoth,
  later,
  LONG_MS,
  SHORT_MS,
  shortLifeToEnd,
  soon,
  type Subject,
  twoHandles,
} from './subject.ts';
import { anyText, oddTexts } from './texts.ts';

function value(version: number, body = `body ${version}`, expiresAtMs = later()): StateContent {
  return { kind: 'value', version, body, expiresAtMs, confirmedAtMs: 0 };
}

function deletion(version: number): StateContent {
  return { kind: 'deleted', version, body: '', expiresAtMs: later(), confirmedAtMs: 0 };
}

function tokenOf(standing: Standing | undefined): string {
  if (standing === undefined || standing.kind === 'claim') throw new Error('no state stands there');
  return standing.token;
}

/** A state that moves to higher versions alone, whoever writes. */
export function statesSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  const claimed = async (tier: HotTier, key: string): Promise<string> => {
    const claim = await tier.states.claim(key, LONG_MS);
    if (claim.kind !== 'claimed') throw new Error(`not claimed: ${claim.kind}`);
    return claim.version;
  };

  it('gives nothing where nothing stands', async () => {
    const { here } = handles();
    const key = freshKey(here);
    expect(await here.states.read(key)).toBeUndefined();
    expect(await here.states.touch(key, Date.now(), later())).toBeUndefined();
    await here.states.settle(key, 5, 7);
    expect(await here.states.read(key)).toBeUndefined();
  });

  it('gives what was put to everybody', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const content = value(1_790_000_000_000_000);
    expect(await here.states.put(key, content)).toEqual({ written: true, before: undefined });
    expect(await there.states.read(key)).toEqual({
      ...content,
      token: expect.any(String),
      believed: true,
    });
    const endless = { ...value(1_790_000_000_000_001), expiresAtMs: undefined, confirmedAtMs: 12 };
    expect(await there.states.put(key, endless)).toMatchObject({
      written: true,
      before: { kind: 'value', version: content.version, believed: true },
    });
    expect(await here.states.read(key)).toMatchObject(endless);
  });

  it('writes over lower versions alone, and says what stands there', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.states.put(key, value(20));
    for (const version of [0, 9, 19, 20]) {
      expect(await there.states.put(key, value(version, 'older'))).toMatchObject({
        written: false,
        before: { kind: 'value', version: 20 },
      });
    }
    expect(await here.states.read(key)).toMatchObject({ body: 'body 20' });
    expect(await there.states.put(key, deletion(100))).toMatchObject({ written: true });
    expect(await here.states.read(key)).toMatchObject({ kind: 'deleted', version: 100, body: '' });
    expect(await here.states.put(key, value(99))).toMatchObject({
      written: false,
      before: { kind: 'deleted', version: 100 },
    });
    expect(await here.states.put(key, value(Number.MAX_SAFE_INTEGER))).toMatchObject({ written: true });
    expect(await there.states.read(key)).toMatchObject({ version: Number.MAX_SAFE_INTEGER });
  });

  it('ends with the highest version when many put at once', async () => {
    const both = handles();
    const key = freshKey(both.here);
    const versions = Array.from({ length: 100 }, (_, at) => ((at * 37) % 100) + 1);
    await fromBoth(both, 100, (tier) => tier.states.put(key, value(versions.pop()!)));
    expect(await both.here.states.read(key)).toMatchObject({ version: 100, body: 'body 100' });
  });

  it('is claimed by one alone, and filled under the claim once', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const claim = await claimed(here, key);
    expect(await there.states.claim(key, LONG_MS)).toEqual({ kind: 'claim' });
    expect(await there.states.read(key)).toEqual({ kind: 'claim' });
    expect(await there.states.touch(key, Date.now(), later())).toBeUndefined();
    expect(await here.states.fill(key, claim, value(3))).toBe(true);
    expect(await here.states.fill(key, claim, value(4))).toBe(false);
    expect(await there.states.claim(key, LONG_MS)).toMatchObject({ kind: 'value', version: 3 });
  });

  it('is not filled once somebody wrote, even an older version', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const claim = await claimed(here, key);
    expect(await there.states.put(key, value(1))).toMatchObject({ written: true, before: { kind: 'claim' } });
    expect(await here.states.fill(key, claim, value(2))).toBe(false);
    expect(await here.states.read(key)).toMatchObject({ version: 1 });
  });

  it('is filled in the place of exactly what was read', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.states.put(key, value(5));
    const token = tokenOf(await here.states.read(key));
    expect(await there.states.fill(key, token, value(3))).toBe(true);
    expect(await here.states.read(key)).toMatchObject({ version: 3 });
    expect(await here.states.fill(key, token, value(6))).toBe(false);
  });

  it('ends a claim with its life', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const claim = await here.states.claim(key, 1);
    await eventually(async () => expect(await there.states.read(key)).toBeUndefined());
    expect(await here.states.fill(key, (claim as { version: string }).version, value(1))).toBe(false);
  });

  it('drops what is older than the version that is settled, and claims', async () => {
    const { here, there } = handles();
    const [older, claim, newer] = [freshKey(here), freshKey(here), freshKey(here)];
    await here.states.put(older, value(5));
    await claimed(here, claim);
    await here.states.put(newer, value(7));
    for (const key of [older, claim, newer]) await there.states.settle(key, 6, 1);
    expect(await here.states.read(older)).toBeUndefined();
    expect(await here.states.read(claim)).toBeUndefined();
    expect(await here.states.read(newer)).toMatchObject({ version: 7, confirmedAtMs: 0 });
  });

  it('notes that the version is settled, or drops it when another one is', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.states.put(key, value(5, 'body', soon()));
    const token = tokenOf(await here.states.read(key));
    await there.states.settle(key, 5, 1_234);
    const settled = await here.states.read(key);
    expect(settled).toMatchObject({ version: 5, body: 'body', confirmedAtMs: 1_234 });
    expect(tokenOf(settled)).not.toBe(token);
    await there.states.settle(key, 5, undefined);
    expect(await here.states.read(key)).toBeUndefined();
  });

  it('lives until its time, and longer when it is touched', async () => {
    const { here, there } = handles();
    const [short, settled, touched, endless] = [1, 2, 3, 4].map((at) => freshKey(here, String(at))) as [
      string,
      string,
      string,
      string,
    ];
    await here.states.put(short, value(1, 'short', soon()));
    await here.states.put(settled, value(1, 'settled', soon()));
    await here.states.settle(settled, 1, 1);
    await here.states.put(touched, value(1, 'touched', soon()));
    await here.states.put(endless, value(1, 'endless', soon()));
    const until = later();
    expect(await there.states.touch(touched, Date.now(), until)).toMatchObject({
      version: 1,
      body: 'touched',
      expiresAtMs: until,
    });
    expect(await there.states.touch(endless, Date.now(), undefined)).toMatchObject({
      expiresAtMs: undefined,
    });
    await shortLifeToEnd(there);
    await eventually(async () => expect(await there.states.read(short)).toBeUndefined());
    await eventually(async () => expect(await there.states.read(settled)).toBeUndefined());
    expect(await here.states.read(touched)).toMatchObject({ body: 'touched' });
    expect(await here.states.read(endless)).toMatchObject({ body: 'endless', expiresAtMs: undefined });
  });

  it('is never shortened by a touch, and not touched when its time is over or it was deleted', async () => {
    const { here, there } = handles();
    const [key, deleted] = [freshKey(here), freshKey(here)];
    const until = later();
    await here.states.put(key, value(1, 'body', until));
    expect(await there.states.touch(key, Date.now(), Date.now() + SHORT_MS)).toMatchObject({
      expiresAtMs: until,
    });
    expect(await there.states.touch(key, until, until + LONG_MS)).toBeUndefined();
    await here.states.put(deleted, deletion(1));
    expect(await here.states.touch(deleted, Date.now(), until)).toBeUndefined();
  });

  it('keeps every text', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    let version = 0;
    await fc.assert(
      fc.asyncProperty(anyText, async (body) => {
        await here.states.put(key, value((version += 1), body));
        expect(await there.states.read(key)).toMatchObject({ body });
        expect(await there.states.touch(key, Date.now(), undefined)).toMatchObject({ body });
      }),
      { numRuns: 60, examples: oddTexts.map((text): [string] => [text]) },
    );
  });

  it('is dropped with the entries', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    await here.states.put(key, value(1));
    await there.entries.drop([key]);
    expect(await here.states.read(key)).toBeUndefined();
  });

  it.runIf(subject.evict !== undefined)(
    'is gone when it was evicted, and takes any version then',
    async () => {
      const { here, there } = handles();
      const key = freshKey(here);
      await here.states.put(key, value(5));
      const token = tokenOf(await here.states.read(key));
      await subject.evict!(key);
      expect(await there.states.read(key)).toBeUndefined();
      expect(await here.states.fill(key, token, value(6))).toBe(false);
      expect(await there.states.put(key, value(4))).toEqual({ written: true, before: undefined });
    },
  );

  it.runIf(subject.writeFromOutside !== undefined)(
    'takes no text of another program for a state',
    async () => {
      const { here } = handles();
      for (const text of ['', 'S1', '{"a": 1}', 'V'.repeat(100)]) {
        const key = freshKey(here);
        await subject.writeFromOutside!(key, text);
        expect(await here.states.read(key)).toBeUndefined();
        expect(await here.states.touch(key, Date.now(), later())).toBeUndefined();
        expect(await here.states.claim(key, LONG_MS)).toMatchObject({ kind: 'claimed' });
        await subject.writeFromOutside!(key, text);
        expect(await here.states.put(key, value(1))).toEqual({ written: true, before: undefined });
      }
    },
  );
}
