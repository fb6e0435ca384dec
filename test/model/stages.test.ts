import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  checkModel,
  MUTATIONS,
  PROPERTIES,
  RUNS,
  resultOfMutation,
  resultOfRun,
  verdictOf,
} from '../../scripts/check-model.js';
import { modelTools } from '../support/binaries.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../docs/model/${file}`, import.meta.url), 'utf8');
/** Above what the check takes on two cores that others use as well; a search that hangs ends here. */
const CHECK_TIMEOUT_MS = 300_000;

/** Why Spin or the compiler cannot be had, or undefined. */
function missingTools(): string | undefined {
  try {
    modelTools();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const missing = missingTools();
if (missing !== undefined) console.error(`test/model is skipped: ${missing}`);

describe.skipIf(missing !== undefined)('the model of the stages', () => {
  it(
    'holds in every run, and is violated without any one of its rules',
    async ({ signal }) => {
      const results = await checkModel({ signal });
      expect(results.filter((result) => !result.ok).map((result) => result.line)).toEqual([]);
      expect(results).toHaveLength(RUNS.filter((run) => run.deep !== true).length + MUTATIONS.length);
    },
    CHECK_TIMEOUT_MS,
  );

  it('reports a model that does not compile', async () => {
    const [result] = await checkModel({
      runs: [{ name: 'broken', flags: ['-DKEYS=nonsense('] }],
      mutations: [],
    });
    expect(result?.ok).toBe(false);
    expect(result?.line).toMatch(/^FAILED {2}broken/);
  });
});

describe('the check of the model', () => {
  const clean = 'State-vector 140 byte, depth reached 72, errors: 0\n  2360925 states, stored\n';
  const violated = `pan:1: assertion violated (4&&((took[0]&(1<<1))==0)) (at depth 9)\n${clean.replace('errors: 0', 'errors: 1')}`;
  const run = RUNS[0]!;
  const broken = MUTATIONS.find((mutation) => mutation.breaks === 'nothing doubled')!;

  it('takes a run for good only when it was searched to its end without a violation', () => {
    expect(resultOfRun(run, verdictOf(clean)).ok).toBe(true);
    expect(resultOfRun(run, verdictOf(violated)).line).toContain('violated: nothing doubled');
    const cutOff = [
      '',
      `error: max search depth too small\n${clean}`,
      `pan: reached -DMEMLIM bound\n${clean}`,
      `pan: out of memory\n${clean}`,
      clean.replace('2360925', '0'),
    ];
    expect(cutOff.map((output) => resultOfRun(run, verdictOf(output)).ok)).toEqual(cutOff.map(() => false));
  });

  it('takes a rule for proven only when leaving it out violates what it is for', () => {
    expect(resultOfMutation(broken, verdictOf(violated)).ok).toBe(true);
    expect(resultOfMutation(broken, verdictOf(clean)).ok).toBe(false);
    expect(resultOfMutation(broken, verdictOf(violated.replace('(4&&', '(1&&'))).ok).toBe(false);
    expect(resultOfMutation(broken, verdictOf('')).ok).toBe(false);
  });

  it('leaves out every rule that the model can leave out, and the README tells of each', () => {
    const inModel = new Set(
      [...read('stages.pml').matchAll(/\bBREAK_([A-Z_]*[A-Z])/g)].map((match) => match[1]),
    );
    expect(new Set(MUTATIONS.map((mutation) => mutation.name))).toEqual(inModel);
    const rows = [...read('README.md').matchAll(/^\| `([A-Z_]+)` +\|.*\| ([a-z ]+?) +\|$/gm)];
    expect(new Set(rows.map((row) => `${row[1]}: ${row[2]}`))).toEqual(
      new Set(MUTATIONS.map((mutation) => `${mutation.name}: ${mutation.breaks}`)),
    );
  });

  it('names the properties as the model numbers them', () => {
    const [, properties = ''] = read('stages.pml').split('#define property');
    const numbered = [...properties.matchAll(/^#define ([A-Z_]+) (\d)$/gm)].slice(0, PROPERTIES.length);
    const names = numbered.map((match) => `${match[2]} ${match[1]!.toLowerCase().replaceAll('_', ' ')}`);
    expect(names).toEqual(PROPERTIES.map((name, index) => `${index + 1} ${name}`));
  });
});
