import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Ranked, RankingPut } from '../../../src/tiers/hot/port.ts';
import { freshKey, type Handles, type Subject, twoHandles } from './subject.ts';

interface Model {
  members: Map<string, number>;
  /** Whether a ranking without members may be one that is there, or none: the port leaves that open. */
  unsure: boolean;
}

interface Real extends Handles {
  readonly key: string;
}

type Command = fc.AsyncCommand<Model, Real>;

const MANY = 1_000;
const side = fc.constantFrom<keyof Handles>('here', 'there');
const id = fc.constantFrom('', 'a', 'aa', 'b', 'B', 'é', '\0', '₹', '\uffee', '💹');
/** Few, so that many are equal. */
const score = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, 1e300, -1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
);
const member = fc.record({ id, score });

function command(
  shown: string,
  check: (model: Readonly<Model>) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check,
    run: async (model, real) => {
      await run(model, real);
      const lowest = sorted(model);
      expect(await real.here.rankings.top(real.key, MANY, 'lowest')).toEqual(lowest);
      expect(await real.there.rankings.top(real.key, MANY)).toEqual(lowest.toReversed());
    },
    toString: () => shown,
  };
}

/** The lowest first; those of equal score by the bytes of their ids. */
function sorted({ members }: Model): Ranked[] {
  return Array.from(members, ([id, score]) => ({ id, score })).sort(
    (a, b) => a.score - b.score || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)),
  );
}

const options = fc.record(
  { keep: fc.integer({ min: 1, max: 8 }), onlyIfThere: fc.boolean() },
  { requiredKeys: [] },
);

const put = fc.tuple(side, fc.array(member, { minLength: 1, maxLength: 6 }), options).map(([by, some, how]) =>
  command(
    `${by}.put(${JSON.stringify(some)}, ${JSON.stringify(how)})`,
    (model) => !(how.onlyIfThere === true && model.unsure),
    async (model, real) => {
      const expected = how.onlyIfThere !== true || model.members.size > 0;
      const given: RankingPut = how;
      expect(await real[by].rankings.put(real.key, some, given)).toBe(expected);
      if (!expected) return;
      for (const { id, score } of some) model.members.set(id, score);
      const kept = how.keep === undefined ? sorted(model) : sorted(model).slice(-how.keep);
      model.members = new Map(kept.map(({ id, score }) => [id, score]));
      model.unsure = false;
    },
  ),
);

const remove = fc.tuple(side, fc.array(id, { maxLength: 4 })).map(([by, ids]) =>
  command(
    `${by}.remove(${JSON.stringify(ids)})`,
    () => true,
    async (model, real) => {
      await real[by].rankings.remove(real.key, ids);
      const before = model.members.size;
      for (const one of ids) model.members.delete(one);
      if (before > 0 && model.members.size === 0) model.unsure = true;
    },
  ),
);

const top = fc.tuple(side, fc.nat({ max: 12 })).map(([by, count]) =>
  command(
    `${by}.top(${count})`,
    () => true,
    async (model, real) => {
      const lowest = sorted(model);
      expect(await real[by].rankings.top(real.key, count, 'lowest')).toEqual(lowest.slice(0, count));
      expect(await real[by].rankings.top(real.key, count)).toEqual(lowest.toReversed().slice(0, count));
    },
  ),
);

/** Any sequence of calls from two connections leaves what a sorted list would hold. */
export function rankingsModelSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('are what the calls before made them, whatever these were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands([put, put, remove, top], { maxCommands: 40 }), async (sequence) => {
        const { here, there } = handles();
        const real: Real = { here, there, key: freshKey(here, 'ranking') };
        const setup = (): { model: Model; real: Real } => ({
          model: { members: new Map(), unsure: false },
          real,
        });
        await fc.asyncModelRun(setup, sequence);
      }),
      { numRuns: 60 },
    );
  });
}
