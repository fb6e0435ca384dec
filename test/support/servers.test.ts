import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshDatabase } from './database.ts';
import { type Server, startPostgres, startRedis } from './servers.ts';

const running: Server[] = [];
const track = async (start: Promise<Server>): Promise<Server> => {
  const server = await start;
  running.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** Signal 0 asks whether the process exists. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

async function queryOne(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return Object.values(result.rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

async function redisCommand(port: number, command: string): Promise<string> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.end(`${command}\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('startPostgres', () => {
  it('starts a PostgreSQL of our own that answers, and stops it without a trace', async () => {
    const server = await track(startPostgres());
    expect(await queryOne(server.url, 'SELECT 40 + 2')).toBe(42);
    expect(Number(await queryOne(server.url, 'SHOW server_version_num'))).toBeGreaterThanOrEqual(150_000);
    expect(await queryOne(server.url, 'SHOW fsync')).toBe('off');
    expect(server.port).not.toBe(5432);
    expect(isAlive(server.pid)).toBe(true);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.directory)).toBe(false);
    await expect(queryOne(server.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('passes settings on, and shows what the server said when it refuses to start', async () => {
    const server = await track(startPostgres({ timezone: 'Asia/Kolkata' }));
    expect(await queryOne(server.url, 'SHOW timezone')).toBe('Asia/Kolkata');
    await expect(startPostgres({ no_such_setting: '1' })).rejects.toThrow(
      /unrecognized configuration parameter "no_such_setting"/,
    );
  });
});

describe('startRedis', () => {
  it('starts a Redis of our own that answers, and stops it without a trace', async () => {
    const server = await track(startRedis(['--maxmemory', '10mb']));
    expect(await redisCommand(server.port, 'PING')).toBe('+PONG\r\n');
    expect(await redisCommand(server.port, 'CONFIG GET maxmemory')).toContain('10485760');
    expect(server.port).not.toBe(6379);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.directory)).toBe(false);
  });

  it('comes back on the port where it was, and stops even when the process is suspended', async () => {
    const first = await track(startRedis());
    await first.stop();
    const second = await track(startRedis([], { port: first.port }));
    expect(second.port).toBe(first.port);
    process.kill(second.pid, 'SIGSTOP');
    await second.stop();
    expect(isAlive(second.pid)).toBe(false);
  });

  it('shows what the server said when it refuses to start', async () => {
    await expect(startRedis(['--no-such-option', '1'])).rejects.toThrow(/no-such-option/);
  });

  it('removes the files of a server that was killed from outside', async () => {
    const server = await track(startRedis());
    process.kill(server.pid, 'SIGKILL');
    await vi.waitFor(() => expect(existsSync(server.directory)).toBe(false), { timeout: 10_000 });
  });
});

describe('a parent that is SIGKILLed', () => {
  it.each(['postgres', 'redis'])('leaves no %s behind', async (kind) => {
    const parent = fork(fileURLToPath(new URL('orphan.js', import.meta.url)), [kind], { execArgv: [] });
    const [server] = (await once(parent, 'message')) as [{ pid: number; directory: string }];
    expect(isAlive(server.pid)).toBe(true);
    expect(existsSync(server.directory)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(
      () => {
        expect(isAlive(server.pid)).toBe(false);
        expect(existsSync(server.directory)).toBe(false);
      },
      { timeout: 30_000 },
    );
  });
});

describe('freshDatabase', () => {
  it('makes databases that share nothing, and drops them under open connections', async () => {
    const [one, two] = await Promise.all([freshDatabase(), freshDatabase()]);
    await queryOne(one.url, 'CREATE TABLE only_here (id int)');
    expect(await queryOne(one.url, `SELECT to_regclass('only_here')::text`)).toBe('only_here');
    expect(await queryOne(two.url, `SELECT to_regclass('only_here')::text`)).toBeNull();
    const open = new Client({ connectionString: one.url });
    const errors: Error[] = [];
    open.on('error', (error) => errors.push(error));
    await open.connect();
    await one.drop();
    await vi.waitFor(() => expect(errors).not.toHaveLength(0));
    await two.drop();
    await expect(queryOne(one.url, 'SELECT 1')).rejects.toThrow(/does not exist/);
  });
});
