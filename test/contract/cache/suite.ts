import { describe } from 'vitest';
import { coherenceSuite } from './coherence.ts';
import { countersSuite } from './counters.ts';
import { deathsSuite } from './deaths.ts';
import { failuresSuite } from './failures.ts';
import { isolationSuite } from './isolation.ts';
import { keysSuite } from './keys.ts';
import { livesSuite } from './lives.ts';
import { manySuite } from './many.ts';
import { optionsSuite } from './options.ts';
import { racesSuite } from './races.ts';
import { schemaSuite } from './schema.ts';
import { singleFlightSuite } from './single-flight.ts';
import { sizesSuite } from './sizes.ts';
import { stalenessSuite } from './staleness.ts';
import type { CacheSubject } from './subject.ts';
import { tagsSuite } from './tags.ts';
import { timeoutsSuite } from './timeouts.ts';
import { valuesSuite } from './values.ts';

/** What the two-tier cache promises over every hot tier. */
export function cacheSuite(subject: CacheSubject): void {
  describe(`two-tier cache: ${subject.name}`, () => {
    describe('values', () => valuesSuite(subject));
    describe('keys and namespaces', () => keysSuite(subject));
    describe('many keys', () => manySuite(subject));
    describe('options', () => optionsSuite(subject));
    describe('single-flight', () => singleFlightSuite(subject));
    describe('factories that fail', () => failuresSuite(subject));
    describe('processes that die', () => deathsSuite(subject));
    describe('timeouts', () => timeoutsSuite(subject));
    describe('stale values', () => stalenessSuite(subject));
    describe('lives', () => livesSuite(subject));
    describe('tags and clear', () => tagsSuite(subject));
    describe('races', () => racesSuite(subject));
    describe('isolation', () => isolationSuite(subject));
    describe('schema and codec', () => schemaSuite(subject));
    describe('sizes', () => sizesSuite(subject));
    describe('coherence', () => coherenceSuite(subject));
    describe('counters', () => countersSuite(subject));
  });
}
