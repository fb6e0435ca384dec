import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Entry } from '../../../src/tiers/hot/port.ts';
import { entryKey, type Handles, later, LONG_MS, type Subject, twoHandles } from './subject.ts';

/** What stands at each key, and every version that was ever seen. */
interface Model {
  readonly standing: Map<string, Entry>;
  readonly versions: string[];
  readonly claims: string[];
}

interface Real extends Handles {
  /** Full names of the keys that the model knows by a short one. */
  readonly keys: Readonly<Record<string, string>>;
}

type Command = fc.AsyncCommand<Model, Real>;

const names = ['a', 'b', 'c'];
const marks = ['m', 'n'];
const name = fc.constantFrom(...names);
const side = fc.constantFrom<keyof Handles>('here', 'there');
const body = fc.string({ unit: 'binary', maxLength: 5 });
/** Chooses among the versions seen so far. */
const choice = fc.nat({ max: 1_000 });

function command(shown: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (model, real) => {
      await run(model, real);
      await compare(model, real);
    },
    toString: () => shown,
  };
}

/** Everything stands as the model has it, seen from both sides. */
async function compare({ standing }: Model, { here, there, keys }: Real): Promise<void> {
  const all = [...names, ...marks];
  const expected = all.map((one) => standing.get(one));
  for (const tier of [here, there]) {
    expect(await tier.entries.readMany(all.map((one) => keys[one]!))).toEqual(expected);
  }
}

/** Notes what came to stand at a key: its version is one that was never seen. */
function stands(model: Model, one: string, entry: Entry): void {
  expect(model.versions).not.toContain(entry.version);
  model.versions.push(entry.version);
  if (entry.kind === 'claim') model.claims.push(entry.version);
  model.standing.set(one, entry);
}

function chosen(versions: readonly string[], index: number): string {
  return versions[index % Math.max(1, versions.length)] ?? 'V'.padEnd(22, '0');
}

const write = fc.tuple(side, name, body).map(([by, one, text]) =>
  command(`${by}.write(${one}, ${JSON.stringify(text)})`, async (model, real) => {
    const version = await real[by].entries.write(real.keys[one]!, text, later());
    stands(model, one, { kind: 'value', version, body: text });
  }),
);

const writeMany = fc.tuple(side, fc.uniqueArray(name), body).map(([by, some, text]) =>
  command(`${by}.writeMany(${some.join(', ')}: ${JSON.stringify(text)})`, async (model, real) => {
    const keys = some.map((one) => real.keys[one]!);
    const writes = keys.map((key) => ({ key, body: text, expiresAtMs: later() }));
    expect(await real[by].entries.writeMany(writes)).toEqual(some.map(() => true));
    const read = await real[by].entries.readMany(keys);
    some.forEach((one, index) =>
      stands(model, one, { kind: 'value', version: read[index]?.version ?? '', body: text }),
    );
  }),
);

const drop = fc
  .tuple(side, fc.array(fc.constantFrom(...names, ...marks), { maxLength: 3 }))
  .map(([by, some]) =>
    command(`${by}.drop(${some.join(', ')})`, async (model, real) => {
      await real[by].entries.drop(some.map((one) => real.keys[one]!));
      for (const one of some) model.standing.delete(one);
    }),
  );

const claim = fc.tuple(side, name).map(([by, one]) =>
  command(`${by}.claim(${one})`, async (model, real) => {
    const answer = await real[by].entries.claim(real.keys[one]!, LONG_MS);
    const there = model.standing.get(one);
    if (there !== undefined) return expect(answer).toEqual(there);
    expect(answer.kind).toBe('claimed');
    stands(model, one, { kind: 'claim', version: answer.version });
  }),
);

const fill = fc.tuple(side, name, choice, fc.boolean(), body).map(([by, one, index, current, text]) =>
  command(`${by}.fill(${one}, ${current ? 'current' : `#${index}`})`, async (model, real) => {
    const there = model.standing.get(one)?.version;
    const expected = current && there !== undefined ? there : chosen(model.versions, index);
    const filled = await real[by].entries.fill(real.keys[one]!, expected, text, later());
    expect(filled).toBe(expected === there);
    if (!filled) return;
    const version = (await real[by].entries.read(real.keys[one]!))?.version ?? '';
    stands(model, one, { kind: 'value', version, body: text });
  }),
);

const extend = fc.tuple(side, name, choice).map(([by, one, index]) =>
  command(`${by}.extend(${one}, claim #${index})`, async (model, real) => {
    const version = chosen(model.claims, index);
    const lives = await real[by].entries.extend(real.keys[one]!, version, LONG_MS);
    expect(lives).toBe(model.standing.get(one)?.version === version);
  }),
);

const unclaim = fc.tuple(side, name, choice).map(([by, one, index]) =>
  command(`${by}.unclaim(${one}, claim #${index})`, async (model, real) => {
    const version = chosen(model.claims, index);
    await real[by].entries.unclaim(real.keys[one]!, version);
    if (model.standing.get(one)?.version === version) model.standing.delete(one);
  }),
);

const mark = fc.tuple(side, fc.constantFrom(...marks)).map(([by, one]) =>
  command(`${by}.mark(${one})`, async (model, real) => {
    const version = await real[by].entries.mark(real.keys[one]!);
    const there = model.standing.get(one);
    if (there !== undefined) return expect(version).toBe(there.version);
    stands(model, one, { kind: 'value', version, body: '' });
  }),
);

/** Any sequence of calls from two connections leaves what a map would hold. */
export function entriesModelSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('are what the calls before made them, whatever these were', async () => {
    const commands = fc.commands([write, writeMany, drop, claim, claim, fill, fill, extend, unclaim, mark], {
      maxCommands: 40,
    });
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const { here, there } = handles();
        const keys = Object.fromEntries([...names, ...marks].map((one) => [one, entryKey(here, one)]));
        const model: Model = { standing: new Map(), versions: [], claims: [] };
        await fc.asyncModelRun(() => ({ model, real: { here, there, keys } }), sequence);
      }),
      { numRuns: 60 },
    );
  });
}
