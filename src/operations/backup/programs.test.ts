import { expect, it } from 'vitest';
import { findProgram, libpqEnvironment, run } from './programs.ts';

it('hands the parts of a URL to libpq in its environment, and nothing that leads elsewhere', () => {
  const env = { PATH: '/bin', PGHOSTADDR: '10.0.0.9', PGSERVICE: 'other', PGPASSWORD: 'of somebody else' };
  const url = 'postgresql://us%40er:p%3Ass@[::1]:5433/data%20base?sslmode=no-verify&sslrootcert=/ca.pem';
  expect(libpqEnvironment(url, env)).toEqual({
    PATH: '/bin',
    PGHOST: '::1',
    PGPORT: '5433',
    PGUSER: 'us@er',
    PGPASSWORD: 'p:ss',
    PGDATABASE: 'data base',
    PGSSLMODE: 'require',
    PGSSLROOTCERT: '/ca.pem',
    PGAPPNAME: 'stockroom',
    PGCONNECT_TIMEOUT: '10',
  });
});

it('takes the user and the password from the parameters, as a service does', () => {
  expect(
    libpqEnvironment('postgresql://host/stock?user=u%40&password=p%20w', { PGUSER: 'other' }),
  ).toMatchObject({ PGUSER: 'u@', PGPASSWORD: 'p w', PGHOST: 'host' });
});

it('takes the host of a socket from the parameters', () => {
  expect(libpqEnvironment('postgresql:///stock?host=/run/postgresql', {})).toMatchObject({
    PGHOST: '/run/postgresql',
    PGDATABASE: 'stock',
  });
});

it('finds a program, and says which one to install where there is none', async () => {
  expect(await findProgram('pg_dump', 15, process.env)).toMatchObject({
    path: expect.stringMatching(/pg_dump$/) as unknown,
  });
  await expect(findProgram('pg_restore', 99, process.env)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/expected version 99.*postgresql-client-99/) as unknown,
  });
});

it('tells what a program said when it failed, and ends one that takes too long', async () => {
  const node = (script: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<string> =>
    run({ path: process.execPath, args: ['-e', script], env: process.env, ...more });
  expect(await node('console.log("done")')).toBe('done\n');
  await expect(node('console.error("no room"); process.exitCode = 3')).rejects.toThrow(/failed: no room/);
  await expect(node('process.exitCode = 3')).rejects.toThrow(/code 3/);
  await expect(node('setInterval(() => 0, 1000)', { timeoutMs: 500 })).rejects.toThrow(/longer than 500 ms/);
  const signal = AbortSignal.timeout(500);
  await expect(node('setInterval(() => 0, 1000)', { signal })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  await expect(run({ path: '/nowhere/pg_dump', args: [], env: {} })).rejects.toMatchObject({
    code: 'CONFLICT',
  });
});
