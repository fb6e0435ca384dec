import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { createClient } from 'redis';
import { expect } from 'vitest';
import { onFreePort } from '../support/supervised.ts';
import { ComposeMachine } from './profile-compose.ts';
import { installTree, SystemdMachine } from './profile-systemd.ts';
import { urlOf } from './stack.ts';

/** A command of docs/deployment.md, and how it is carried out. */
export interface Entry {
  readonly line: string;
  readonly how: string;
  readonly act: (line: string) => unknown;
}

export const COMPOSE = 'docker compose -f deploy/compose.yaml';
export const WITH_BACKUP = `${COMPOSE} -f deploy/backup.yaml run --rm`;
export const CLI = '/opt/stockroom/deploy/stockroom';

export const how = {
  onMachine: 'as it stands, in a scratch copy of deploy/',
  stack: 'PostgreSQL, Redis and the service, started as compose.yaml does, without containers',
  asService: 'the same command of the built command line, with the environment of the service',
  systemdFiles: 'as it stands, with the paths below a scratch folder',
  asUnit: 'ExecStart and the environment of the unit, with LoadCredential, by an unprivileged user',
};

const AGENT = { symbol: 'DEPLOYED', agent_type: 'technical' };
const DAY_MS = 86_400_000;

/** Two machines over one PostgreSQL and one Redis: one with Compose, one with systemd. */
export class World {
  readonly compose = new ComposeMachine();
  readonly systemd = new SystemdMachine();
  /** What was valid before a password was changed. */
  old = { database: '', redis: '' };
  /** The newest score that a service acknowledged. */
  written = 0;

  async remove(): Promise<void> {
    await this.systemd.remove();
    await this.compose.remove();
  }

  async latest(): Promise<unknown> {
    const path = `/v1/context/analyses/latest?${String(new URLSearchParams(AGENT))}`;
    return (await this.compose.request(path)).json();
  }

  /** A record goes in through the service, and comes back. */
  async writeAndRead(): Promise<void> {
    this.written += 1;
    const body = { ...AGENT, score: this.written };
    expect((await this.compose.request('/v1/context/analyses', body)).status).toBe(201);
    expect(await this.latest()).toMatchObject({ score: this.written });
  }

  /** Starts what the line says, and finds what was written before it. */
  async up(line: string): Promise<void> {
    const profile = /COMPOSE_PROFILES=(\w+)/.exec(line)?.[1] ?? 'standalone';
    await this.compose.up(profile);
    if (this.written > 0) expect(await this.latest()).toMatchObject({ score: this.written });
    await this.writeAndRead();
    const health = await (await this.compose.request('/health')).json();
    expect(health).toMatchObject({ status: 'ok', tiers: { hot: { state: 'up', topology: profile } } });
  }

  /** @returns `welcome`, or the SQLSTATE of the refusal */
  async postgresSays(password: string): Promise<string> {
    const client = new Client({ connectionString: urlOf(this.compose.postgres!, 'stockroom', password) });
    try {
      await client.connect();
      await client.end();
      return 'welcome';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  /** @returns `welcome`, or the code of the refusal */
  async redisSays(password: string): Promise<string> {
    const url = `redis://stockroom:${password}@127.0.0.1:${this.compose.redis.port}`;
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined); // What was asked rejects as well.
    try {
      await client.connect();
      return 'welcome';
    } catch (error) {
      return /WRONGPASS/.exec(String(error))?.[0] ?? String(error);
    } finally {
      if (client.isOpen) client.destroy();
    }
  }

  /** A path below /backups, as the container for backups has it. */
  inBackups(path: string): string {
    return path.replace(/^\/backups\//, `${this.compose.checkout}/backups/`);
  }

  /** A directory among the backups that is 40 days old: a rule of 30 days ends it. */
  oldBackup(folder: string): string {
    const directory = join(folder, 'long-ago');
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o777);
    // The machine's own user may remove it, whoever that is.
    chmodSync(folder, 0o777);
    const then = new Date(Date.now() - 40 * DAY_MS);
    utimesSync(directory, then, then);
    return directory;
  }

  /** @returns what a command of Stockroom prints, which has to end with one of the codes */
  async command(args: readonly string[], exits: readonly number[]): Promise<string> {
    const { exit, out, err } = await this.compose.cli(args);
    expect([exits.includes(exit!), out, err]).toEqual([true, expect.any(String), expect.any(String)]);
    return out + err;
  }

  /** A secret of the section about systemd: its line with what stands for PASSWORD, HASH and the port. */
  secretFile(line: string, name: string, values: Readonly<Record<string, string>>): void {
    const filled = Object.entries(values).reduce((text, [from, to]) => text.replace(from, to), line);
    this.systemd.sh(filled);
    expect(readFileSync(this.systemd.path(`/etc/stockroom/${name}`), 'utf8')).not.toMatch(/PASSWORD|HASH/);
  }

  /** `systemctl enable --now`, on a port that is free. */
  async enable(): Promise<void> {
    const url = await onFreePort((port) => {
      writeFileSync(this.systemd.path('/etc/stockroom/stockroom.env'), `PORT=${port}\n`);
      return this.systemd.start();
    });
    expect(url).toBe(`http://127.0.0.1:${this.#port()}`);
  }

  #port(): string {
    const text = readFileSync(this.systemd.path('/etc/stockroom/stockroom.env'), 'utf8');
    return /^PORT=(\d+)$/m.exec(text)![1]!;
  }

  /** A line with curl, asking the service of systemd. */
  curl(line: string): string {
    return this.systemd.sh(line.replace(':4100', `:${this.#port()}`));
  }

  /** The next version beside this one: the same, with one more migration. Its `serve` waits for `start`. */
  installNext(): void {
    const next = this.systemd.path('/opt/stockroom-next');
    installTree(next);
    const number = readdirSync(join(next, 'sql')).filter((name) => /^\d{6}_/.test(name)).length + 1;
    const file = join(next, 'sql', `${String(number).padStart(6, '0')}_later.sql`);
    writeFileSync(file, 'create table of_a_later_version (id bigint primary key);\n');
    const serve = `${CLI.replace('/opt/stockroom/', '/opt/stockroom-next/')} serve 2>&1 || [ $? = 1 ]`;
    expect(this.systemd.sh(serve)).toContain('SCHEMA_OUTDATED');
  }
}
