import { Gauge, type Registry } from 'prom-client';
import {
  LONG_STATEMENT_SECONDS,
  type PostgresFigures,
  type Replica,
  type TableFigures,
} from '../core/server-figures.ts';
import { type Figure, figureTable, type Sample } from './figure-table.ts';

const ofTables =
  (read: (table: TableFigures) => number | undefined) =>
  ({ tables }: PostgresFigures): Sample[] =>
    tables.map((table) => [{ table: table.table }, read(table)]);
const ofReplicas =
  (read: (replica: Replica) => number | undefined) =>
  ({ replicas }: PostgresFigures): Sample[] =>
    replicas.map((replica) => [{ replica: replica.name }, read(replica)]);

const figures: readonly Figure<PostgresFigures>[] = [
  ['stockroom_postgres_database_bytes', 'Size of the database on the disk', (of) => of.databaseBytes],
  [
    'stockroom_postgres_connections',
    'Connections of clients to the server by their state; unknown: the role may not see it',
    ({ connections }) => Object.entries(connections).map(([state, count]) => [{ state }, count]),
  ],
  [
    'stockroom_postgres_connections_limit',
    'max_connections, without those kept for superusers',
    (of) => of.connectionsMax,
  ],
  [
    'stockroom_postgres_oldest_transaction_seconds',
    'Since the oldest transaction that is open began',
    (of) => of.oldestTransactionSeconds,
  ],
  [
    'stockroom_postgres_long_statements',
    `Statements under way for longer than ${LONG_STATEMENT_SECONDS} s`,
    (of) => of.longStatements,
  ],
  [
    'stockroom_postgres_transactions_total',
    'Transactions of the database, by how they ended',
    (of) => [
      [{ outcome: 'commit' }, of.commits],
      [{ outcome: 'rollback' }, of.rollbacks],
    ],
  ],
  ['stockroom_postgres_deadlocks_total', 'Deadlocks in the database', (of) => of.deadlocks],
  ['stockroom_postgres_blocks_hit_total', 'Pages found in memory', (of) => of.blocksHit],
  ['stockroom_postgres_blocks_read_total', 'Pages asked of the system', (of) => of.blocksRead],
  ['stockroom_postgres_temp_bytes_total', 'Written to temporary files by statements', (of) => of.tempBytes],
  ['stockroom_postgres_table_live_rows', 'Rows of the table; an estimate', ofTables((of) => of.liveRows)],
  [
    'stockroom_postgres_table_dead_rows',
    'Old versions of rows that wait for a vacuum; an estimate',
    ofTables((of) => of.deadRows),
  ],
  [
    'stockroom_postgres_table_autovacuum_age_seconds',
    'Since autovacuum was through with the table; absent: it never was',
    ofTables((of) => of.autovacuumAgeSeconds),
  ],
  [
    'stockroom_postgres_replica_lag_bytes',
    'What the replica has not replayed yet of what was written',
    ofReplicas((of) => of.lagBytes),
  ],
  [
    'stockroom_postgres_replica_lag_seconds',
    'How old what the replica shows is; 0 when it has everything',
    ofReplicas((of) => of.lagSeconds),
  ],
  [
    'stockroom_postgres_statement_calls_total',
    'Calls of the statements that took the most time, by the number in pg_stat_statements',
    ({ statements = [] }) => statements.map(({ queryId, calls }) => [{ queryid: queryId }, calls]),
  ],
  [
    'stockroom_postgres_statement_seconds_total',
    'Time that they took, all calls together',
    ({ statements = [] }) => statements.map(({ queryId, seconds }) => [{ queryid: queryId }, seconds]),
  ],
];

const labelNames = {
  stockroom_postgres_connections: ['state'],
  stockroom_postgres_transactions_total: ['outcome'],
  stockroom_postgres_table_live_rows: ['table'],
  stockroom_postgres_table_dead_rows: ['table'],
  stockroom_postgres_table_autovacuum_age_seconds: ['table'],
  stockroom_postgres_replica_lag_bytes: ['replica'],
  stockroom_postgres_replica_lag_seconds: ['replica'],
  stockroom_postgres_statement_calls_total: ['queryid'],
  stockroom_postgres_statement_seconds_total: ['queryid'],
};

export interface PostgresMetrics {
  /** @param found undefined: it did not tell */
  observe(found: PostgresFigures | undefined): void;
}

/**
 * The figures of PostgreSQL itself. Every process tells the same of one server: whoever adds them up takes the largest. Labels are names
 * of tables and replicas, states, and numbers of at most ten statements at once.
 */
export function postgresMetrics(registers: Registry[]): PostgresMetrics {
  const up = new Gauge({
    name: 'stockroom_postgres_up',
    help: '1 when PostgreSQL told of itself, else 0',
    registers,
  });
  const table = figureTable(registers, figures, [], labelNames);
  return {
    observe(found) {
      up.set(found === undefined ? 0 : 1);
      table.observe(found === undefined ? [] : [{ labels: {}, figures: found }]);
    },
  };
}
