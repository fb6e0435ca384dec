import type { BackupReport, RestoreReport } from '../../operations/index.ts';
import type { Colors } from '../io.ts';
import { table } from './table.ts';
import { bytes, counted, duration, plain } from './text.ts';

export function backupLines({ directory, elapsedMs, manifest }: BackupReport, colors: Colors): string[] {
  const { durable, hot, files } = manifest;
  const rows = durable.tables.reduce((sum, one) => sum + one.rows, 0);
  return [
    `${colors.green('Backed up and read back')}: ${plain(directory)} (${duration(elapsedMs)})`,
    `${counted(rows, 'row')} in ${counted(durable.tables.length, 'table')} of ${durable.schema}, schema version ${durable.schema_version}, ` +
      `PostgreSQL ${durable.version} (${durable.kind})`,
    hot.kind === 'redis'
      ? `${counted(hot.states, 'state')} that PostgreSQL did not have yet and ${counted(hot.counters, 'set')} of counters from Redis; the rest of it is made again from PostgreSQL`
      : 'The hot tier is in each process: nothing of it is kept, it is made again from PostgreSQL',
    '',
    ...table(
      [{ title: 'file' }, { title: 'size', align: 'right' }, { title: 'sha256' }],
      files.map((file) => [file.name, bytes(file.bytes), file.sha256]),
    ),
  ];
}

export function restoredLines(report: RestoreReport, colors: Colors): string[] {
  const { directory, elapsedMs, durable, tables, rows, migrations, hot, manifest } = report;
  return [
    `${colors.green('Restored and compared')}: ${plain(directory)}, made ${manifest.created_at} (${duration(elapsedMs)})`,
    `${counted(rows, 'row')} in ${counted(tables, 'table')} of ${durable.schema} at ${plain(durable.location)} are what was backed up`,
    ...(migrations === 0 ? [] : [`${counted(migrations, 'migration')} of this Stockroom applied`]),
    ...(hot.states + hot.counters === 0
      ? []
      : [
          `${counted(hot.states, 'state')} and ${counted(hot.counters, 'set of counters', 'sets of counters')} put back`,
        ]),
    'Next: `stockroom doctor`, then start the services. Keys in Redis are made as they are asked for; `stockroom hot rebuild` makes the newest.',
  ];
}
