import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at, OldFiles, tuple } from '../../../../test/support/file-back.ts';
import { memoryAnalyses } from '../../sources/memory-analyses.ts';
import type { LoadedTuple } from '../table-back.ts';

let old: OldFiles;
beforeEach(() => {
  old = new OldFiles();
});
afterEach(() => old.remove());

describe('analyses', () => {
  const FILE = 'cache/memory/analyses_TCS.jsonl';
  const line = (score: string): string =>
    `{"symbol": "TCS", "agent_type": "risk", "result": {"score": ${score}, "b": 1}, "timestamp": "2026-01-01T00:00:00.000001Z"}`;
  const analysis = (score: string, key: bigint | null = null): LoadedTuple =>
    tuple(
      memoryAnalyses,
      {
        symbol: 'TCS',
        agent_type: 'risk',
        result: `{"b": 1, "score": ${score}}`,
        timestamp: at('2026-01-01T00:00:00Z') + 1n,
      },
      key,
    );

  it('are appended behind a line that broke off, changed where they stand, and leave their number when they go', () => {
    const path = old.put(FILE, `${line('1.0')}\n${line('NaN')}\n${line('3')}\r\n{"symbol": "T`);
    const outcomes = old.apply(path, memoryAnalyses, [
      { key: 1n, tuple: null },
      { key: 3n, tuple: analysis('3.25', 3n) },
      { key: null, tuple: analysis('5') },
      { key: null, tuple: analysis('5') },
    ]);
    expect(outcomes.map((one) => [one.did, one.key])).toEqual([
      ['removed', 1n],
      ['written', 3n],
      ['written', 5n],
      ['written', 6n],
    ]);
    expect(old.read(FILE)).toBe(
      `\n${line('NaN')}\n${line('3.25')}\r\n{"symbol": "T\n${line('5')}\n${line('5')}\n`,
    );
  });

  it('that a killed process left are taken for its own when they are nobody’s', () => {
    const path = old.put(FILE, `${line('1')}\n${line('1')}\n`);
    const changes = [
      { key: null, tuple: analysis('1') },
      { key: null, tuple: analysis('1') },
    ];
    const outcomes = old.apply(path, memoryAnalyses, changes, {
      adopt: (number) => number > 1n,
    });
    expect(outcomes.map((one) => [one.did, one.key])).toEqual([
      ['unchanged', 2n],
      ['written', 3n],
    ]);
  });

  it('of a symbol that is no file name are refused', () => {
    const [outcome] = old.write(memoryAnalyses, [
      { key: null, tuple: tuple(memoryAnalyses, { symbol: 'A/B' }), path: null },
    ]);
    expect(outcome).toMatchObject({ did: 'refused', error: { code: 'SOURCE_NOT_WRITABLE' } });
  });
});
