import { afterAll, beforeAll, describe } from 'vitest';
import { copiesSuite } from './durable/copies.ts';
import { migrationsSuite } from './durable/migrations.ts';
import { statementsSuite } from './durable/statements.ts';
import { type Opened, subjects } from './durable/subject.ts';
import { transactionsSuite } from './durable/transactions.ts';
import { valuesSuite } from './durable/values.ts';

/** One suite, both drivers: what a store relies on must not depend on where PostgreSQL runs. */
describe.each(subjects)('durable tier: $kind', (subject) => {
  let opened: Opened;
  const tier = (): Opened['tier'] => opened.tier;

  beforeAll(async () => {
    opened = await subject.open();
  });
  afterAll(async () => {
    await opened.close();
  });

  describe('values', () => valuesSuite(tier));
  describe('statements', () => statementsSuite(tier));
  describe('transactions', () => transactionsSuite(tier));
  describe('copies', () => copiesSuite(tier));
  describe('migrations', () => migrationsSuite(tier));
});
