import { describe } from 'vitest';
import { claimsSuite } from './claims.ts';
import { coherenceSuite } from './coherence.ts';
import { entriesModelSuite } from './entries-model.ts';
import { entriesSuite } from './entries.ts';
import { leasesSuite } from './leases.ts';
import { lookSuite } from './look.ts';
import { marksSuite } from './marks.ts';
import { movesSuite } from './moves.ts';
import { placingSuite } from './placing.ts';
import { projectionsSuite } from './projections.ts';
import { quotasSuite } from './quotas.ts';
import { rankingsModelSuite } from './rankings-model.ts';
import { rankingsSuite } from './rankings.ts';
import { scanSuite } from './scan.ts';
import { sessionsSuite } from './sessions.ts';
import { statesSuite } from './states.ts';
import { statisticsSuite } from './statistics.ts';
import type { Subject } from './subject.ts';
import { tierSuite } from './tier.ts';

/** What every driver of the hot tier promises: one suite for all of them. */
export function hotSuite(subject: Subject): void {
  describe(`hot tier: ${subject.name}`, () => {
    describe('entries', () => entriesSuite(subject));
    describe('entries as a model has them', () => entriesModelSuite(subject));
    describe('claims', () => claimsSuite(subject));
    describe('marks', () => marksSuite(subject));
    describe('projections', () => projectionsSuite(subject));
    describe('placed projections', () => placingSuite(subject));
    describe('moves of projections', () => movesSuite(subject));
    describe('rankings', () => rankingsSuite(subject));
    describe('rankings as a model has them', () => rankingsModelSuite(subject));
    describe('sessions', () => sessionsSuite(subject));
    describe('leases', () => leasesSuite(subject));
    describe('quotas', () => quotasSuite(subject));
    describe('states', () => statesSuite(subject));
    describe('statistics', () => statisticsSuite(subject));
    describe('scan', () => scanSuite(subject));
    describe('look', () => lookSuite(subject));
    describe('coherence', () => coherenceSuite(subject));
    describe('the tier itself', () => tierSuite(subject));
  });
}
