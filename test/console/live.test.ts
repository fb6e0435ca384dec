import { describe, expect, it } from 'vitest';
import { eventsIn } from '../../console/src/lib/events.ts';
import { ratesOf, type Sample, SAMPLES_MAX, samplesIn, withSample } from '../../console/src/lib/samples.ts';
import { liveAfter, nothingYet } from '../../console/src/pages/migration/live.ts';

describe('events of the service', () => {
  it('are cut where they end, beats left out', () => {
    const text = ': stockroom\n\nevent: migration\ndata: {"a":1}\n\n: beat\n\nevent: progress\nda';
    expect(eventsIn(text)).toEqual({
      events: [{ name: 'migration', data: '{"a":1}' }],
      rest: 'event: progress\nda',
    });
    expect(eventsIn('data: one\r\ndata: two\r\n\r\n').events).toEqual([
      { name: 'message', data: 'one\ntwo' },
    ]);
  });

  const run = { id: 7, command: 'run', directory: 'old', started_at: '2026-11-30T07:00:00Z' };
  const migration = (id: number, sources: unknown[]) => ({
    name: 'migration',
    data: JSON.stringify({ run: { ...run, id }, sources }),
  });
  const progress = (source: string, done: number, total?: number) => ({
    name: 'progress',
    data: JSON.stringify({ source, phase: 'copy', done, total }),
  });

  it('tell how far each source is, and begin anew with another run', () => {
    let live = liveAfter(nothingYet, migration(7, []));
    live = liveAfter(live, progress('llm_requests', 10, 300));
    live = liveAfter(live, progress('pick_events', 1));
    live = liveAfter(live, migration(7, [{ id: 'llm_requests', loaded: 10, quarantined: 1 }]));
    live = liveAfter(live, progress('llm_requests', 300, 300));
    expect(live.sources).toEqual([
      { id: 'llm_requests', phase: 'copy', done: 300, total: 300, loaded: 10, quarantined: 1 },
      { id: 'pick_events', phase: 'copy', done: 1, total: null, loaded: 0, quarantined: 0 },
    ]);
    expect(liveAfter(live, { name: 'gap', data: '{}' })).toBe(live);
    expect(liveAfter(live, migration(8, [])).sources).toEqual([]);
  });
});

describe('hit rates over time', () => {
  const sample = (seconds: number, hits: number, misses: number): Sample => ({
    at: seconds * 1_000,
    counts: { prices: { hits, misses } },
  });

  it('are those of the minute before, without what a restart took', () => {
    const samples = [
      sample(0, 0, 0),
      sample(10, 1, 1),
      sample(20, 4, 1),
      sample(75, 4, 2),
      sample(200, 4, 2),
      sample(210, 1, 0),
      sample(220, 2, 0),
    ];
    expect(ratesOf(samples, 'prices')).toEqual([null, 0.5, 0.8, 0, null, null, 1]);
    expect(ratesOf(samples, 'nobody')).toEqual([null, null, null, null, null, null, null]);
  });

  it('are of so many samples at most, whatever a tab kept', () => {
    let samples: Sample[] = [];
    for (let at = 0; at < SAMPLES_MAX + 5; at += 1) samples = withSample(samples, sample(at, at, 0));
    expect(samples).toHaveLength(SAMPLES_MAX);
    expect(samples[0]).toEqual(sample(5, 5, 0));
    expect([samplesIn(null), samplesIn('{}'), samplesIn('[1, {"at": 1}]')]).toEqual([[], [], []]);
    expect(samplesIn(JSON.stringify(samples))).toEqual(samples);
  });
});
