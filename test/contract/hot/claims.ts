import { expect, it } from 'vitest';
import type { HotTier } from '../../../src/tiers/hot/port.ts';
import {
  entryKey,
  eventually,
  fromBoth,
  later,
  LONG_MS,
  SHORT_MS,
  shortLifeToEnd,
  type Subject,
  twoHandles,
} from './subject.ts';

const ROUNDS = 30;

/** The claim of a place that is known to be empty. */
async function claimed(tier: HotTier, key: string, lifeMs = LONG_MS): Promise<string> {
  const claim = await tier.entries.claim(key, lifeMs);
  expect(claim.kind).toBe('claimed');
  return claim.version;
}

/** One maker at a time, and no lookup ever covers a later write. */
export function claimsSuite(subject: Subject): void {
  const handles = twoHandles(subject);
  racesSuite(subject);

  it('claims an empty place, and says to others that it is claimed', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const version = await claimed(here, key);
    const theirs = { kind: 'claim', version };
    expect(await there.entries.read(key)).toEqual(theirs);
    expect(await there.entries.claim(key, LONG_MS)).toEqual(theirs);
    expect(await here.entries.claim(key, LONG_MS)).toEqual(theirs);
  });

  it('gives the entry that stands there instead of a claim', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const version = await here.entries.write(key, 'body', later());
    expect(await there.entries.claim(key, LONG_MS)).toEqual({ kind: 'value', version, body: 'body' });
  });

  it('fills the place that was claimed, once', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const claim = await claimed(here, key);
    expect(await here.entries.fill(key, claim, 'made', later())).toBe(true);
    const entry = await there.entries.read(key);
    expect(entry).toMatchObject({ kind: 'value', body: 'made' });
    expect(entry?.version).not.toBe(claim);
    expect(await here.entries.fill(key, claim, 'again', later())).toBe(false);
    expect(await there.entries.read(key)).toEqual(entry);
  });

  it('fills in the place of the entry that was read, while it stands there', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const first = await here.entries.write(key, 'first', later());
    expect(await there.entries.fill(key, first, 'second', later())).toBe(true);
    const second = await here.entries.read(key);
    expect(second).toMatchObject({ kind: 'value', body: 'second' });
    expect(await here.entries.fill(key, first, 'third', later())).toBe(false);
    expect(await here.entries.read(key)).toEqual(second);
  });

  it('gives what was filled the life that it was filled with', async () => {
    const { here, there } = handles();
    const [long, short] = [entryKey(here), entryKey(here)];
    await here.entries.fill(long, await claimed(here, long, SHORT_MS), 'long', later());
    await here.entries.fill(short, await claimed(here, short), 'short', Date.now() + SHORT_MS);
    await shortLifeToEnd(there);
    await eventually(async () => expect(await there.entries.read(short)).toBeUndefined());
    expect(await there.entries.read(long)).toMatchObject({ body: 'long' });
  });

  it.each<[string, (tier: HotTier, key: string, claim: string) => Promise<unknown>]>([
    ['a write', (tier, key) => tier.entries.write(key, 'theirs', later())],
    [
      'one of many writes',
      (tier, key) => tier.entries.writeMany([{ key, body: 'theirs', expiresAtMs: later() }]),
    ],
    ['a drop', (tier, key) => tier.entries.drop([key])],
    ['the end of the claim', (tier, key, claim) => tier.entries.unclaim(key, claim)],
    [
      'a drop and another claim',
      async (tier, key) => {
        await tier.entries.drop([key]);
        await claimed(tier, key);
      },
    ],
    [
      'a drop and the same fill by somebody else',
      async (tier, key) => {
        await tier.entries.drop([key]);
        expect(await tier.entries.fill(key, await claimed(tier, key), 'mine', later())).toBe(true);
      },
    ],
  ])('refuses to fill after %s', async (_, interfere) => {
    const { here, there } = handles();
    const key = entryKey(here);
    const claim = await claimed(here, key);
    await interfere(there, key, claim);
    const before = await there.entries.read(key);
    expect(await here.entries.fill(key, claim, 'mine', later())).toBe(false);
    expect(await there.entries.read(key)).toEqual(before);
    expect(await here.entries.extend(key, claim, LONG_MS)).toBe(false);
    await here.entries.unclaim(key, claim);
    await here.entries.unclaim(key, claim, LONG_MS);
    expect(await there.entries.read(key)).toEqual(before);
  });

  it('refuses to fill after the claim expired, also when somebody else claimed since', async () => {
    const { here, there } = handles();
    const [alone, again] = [entryKey(here), entryKey(here)];
    const first = await claimed(here, alone, SHORT_MS);
    const second = await claimed(here, again, SHORT_MS);
    await eventually(async () => expect(await there.entries.read(alone)).toBeUndefined());
    let theirs = '';
    await eventually(async () => {
      theirs = await claimed(there, again);
    });
    expect(theirs).not.toBe(second);
    expect(await here.entries.extend(alone, first, LONG_MS)).toBe(false);
    expect(await here.entries.fill(alone, first, 'late', later())).toBe(false);
    expect(await here.entries.fill(again, second, 'late', later())).toBe(false);
    expect(await here.entries.readMany([alone, again])).toEqual([
      undefined,
      { kind: 'claim', version: theirs },
    ]);
    expect(await there.entries.fill(again, theirs, 'in time', later())).toBe(true);
  });

  it('refuses to fill where nothing ever stood', async () => {
    const { here, there } = handles();
    const [key, elsewhere] = [entryKey(here), entryKey(here)];
    expect(await here.entries.fill(key, await claimed(here, elsewhere), 'body', later())).toBe(false);
    expect(await here.entries.fill(key, '', 'body', later())).toBe(false);
    expect(await there.entries.read(key)).toBeUndefined();
  });

  it('makes a claim live on', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const claim = await claimed(here, key, SHORT_MS);
    expect(await here.entries.extend(key, claim, LONG_MS)).toBe(true);
    await shortLifeToEnd(there);
    expect(await there.entries.read(key)).toEqual({ kind: 'claim', version: claim });
    expect(await here.entries.fill(key, claim, 'made', later())).toBe(true);
    expect(await here.entries.extend(key, claim, LONG_MS)).toBe(false);
  });

  it('ends a claim, at once or a while later', async () => {
    const { here, there } = handles();
    const [now, after] = [entryKey(here), entryKey(here)];
    const ended = await claimed(here, now);
    await here.entries.unclaim(now, ended);
    expect(await there.entries.read(now)).toBeUndefined();
    expect(await claimed(there, now)).not.toBe(ended);
    const resting = await claimed(here, after);
    await here.entries.unclaim(after, resting, SHORT_MS);
    expect(await there.entries.claim(after, LONG_MS)).toEqual({ kind: 'claim', version: resting });
    await eventually(async () => {
      expect(await claimed(there, after)).not.toBe(resting);
    });
  });

  it.runIf(subject.evict !== undefined)('refuses to fill after the claim was evicted', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const claim = await claimed(here, key);
    await subject.evict!(key);
    expect(await here.entries.extend(key, claim, LONG_MS)).toBe(false);
    expect(await here.entries.fill(key, claim, 'late', later())).toBe(false);
    expect(await there.entries.read(key)).toBeUndefined();
  });
}

function racesSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('lets one of many claimers win', async () => {
    const both = handles();
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = entryKey(both.here);
      const answers = await fromBoth(both, 10, (tier) => tier.entries.claim(key, LONG_MS));
      const winners = answers.filter(({ kind }) => kind === 'claimed');
      expect(winners).toHaveLength(1);
      const theirs = { kind: 'claim', version: winners[0]?.version };
      expect(answers.filter((answer) => answer !== winners[0])).toEqual(
        Array.from({ length: 9 }, () => theirs),
      );
    }
  });

  it('lets one of many fills win', async () => {
    const both = handles();
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = entryKey(both.here);
      const claim = await claimed(both.here, key);
      let turn = 0;
      const filled = await fromBoth(both, 10, (tier) =>
        tier.entries.fill(key, claim, String(turn++), later()),
      );
      expect(filled.filter(Boolean)).toHaveLength(1);
      expect(await both.here.entries.read(key)).toMatchObject({ body: String(filled.indexOf(true)) });
    }
  });

  it('never lets a fill cover a write or a drop that came in between', async () => {
    const { here, there } = handles();
    for (let round = 0; round < ROUNDS; round += 1) {
      const [written, dropped] = [entryKey(here), entryKey(here)];
      const [first, second] = [await claimed(here, written), await claimed(here, dropped)];
      const work = [
        () => here.entries.fill(written, first, 'looked up', later()),
        () => here.entries.fill(dropped, second, 'looked up', later()),
        () => there.entries.write(written, 'written', later()),
        () => there.entries.drop([dropped]),
      ];
      const order = round % 2 === 0 ? work : work.toReversed();
      await Promise.all(order.map((step) => step()));
      expect(await there.entries.read(written)).toMatchObject({ body: 'written' });
      expect(await there.entries.read(dropped)).toBeUndefined();
    }
  });

  it('never gives a version twice, to writes, fills, claims and marks', async () => {
    const both = handles();
    const key = entryKey(both.here);
    const seen: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { entries } = round % 2 === 0 ? both.here : both.there;
      const claim = await entries.claim(key, LONG_MS);
      seen.push(claim.version);
      expect(await entries.fill(key, claim.version, 'filled', later())).toBe(true);
      seen.push((await entries.read(key))?.version ?? '', await entries.write(key, 'written', later()));
      await entries.drop([key]);
      seen.push(await entries.mark(key));
      await entries.drop([key]);
    }
    expect(seen).toHaveLength(4 * ROUNDS);
    expect(new Set(seen).size).toBe(seen.length);
  });
}
