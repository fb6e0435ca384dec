import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { postgresBinaries } from './binaries.ts';
import { type Server, unprivilegedUser } from './servers.ts';
import { onFreePort, supervise } from './supervised.ts';

/** Starts a server that follows `primary` (one of startPostgres) and answers reads. Its name there is `copy`. */
export function startPostgresReplica(primary: Server): Promise<Server> {
  const { postgres } = postgresBinaries();
  const owner = unprivilegedUser();
  return onFreePort(async (port) => {
    const directory = join(realpathSync(tmpdir()), `stockroom-replica-${randomBytes(6).toString('hex')}`);
    const data = join(directory, 'data');
    const source = `${primary.url}?application_name=copy`;
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      dynamic_shared_memory_type: 'mmap',
      max_connections: '200',
    };
    const plan = {
      directory,
      prepare: [
        {
          file: join(dirname(postgres), 'pg_basebackup'),
          args: ['-d', source, '-D', data, '-R', '-X', 'stream', '--checkpoint=fast', '--no-sync'],
        },
      ],
      server: {
        file: postgres,
        args: [
          '-D',
          data,
          '-p',
          String(port),
          ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
        ],
      },
      stopSignals: ['SIGINT', 'SIGQUIT'] as NodeJS.Signals[],
      ...(owner ? { owner } : {}),
    };
    const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
    const running = await supervise(plan, async () => {
      const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
      client.on('error', () => undefined); // It rejects `connect` as well.
      await client.connect();
      try {
        const { rows } = await client.query<{ of: string }>(
          "select current_setting('data_directory') as of where pg_is_in_recovery()",
        );
        return rows[0]?.of === data;
      } finally {
        await client.end();
      }
    });
    return { ...running, url, port };
  });
}
