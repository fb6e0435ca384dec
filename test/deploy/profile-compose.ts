import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { opensslBinary } from '../support/binaries.ts';
import type { Server } from '../support/servers.ts';
import { ROOT } from '../support/source-files.ts';
import { builtCli, type Ended, type Launched } from './image-process.ts';
import {
  formCluster,
  type Profile,
  profileEnvironment,
  type Secrets,
  secretsIn,
  startClusterProfile,
  startDeployedPostgres,
  startDeployedRedis,
  startSentinelProfile,
} from './stack.ts';

const COMPOSE = 'docker compose -f deploy/compose.yaml';

/** The stack of compose.yaml on one machine, in a scratch copy of deploy/, without its containers. */
export class ComposeMachine {
  readonly checkout = realpathSync(mkdtempSync(join(tmpdir(), 'stockroom-compose-')));
  readonly secrets: Secrets = secretsIn(join(this.checkout, 'deploy/secrets'));
  /** Made at the first start, and kept: what would be in its volume. */
  postgres: Server | undefined;
  /** The environment of the service. */
  env: Record<string, string> = {};
  url = '';
  #redis: Profile | undefined;
  #service: Launched | undefined;
  #port: number | undefined;

  constructor() {
    opensslBinary();
    mkdirSync(join(this.checkout, 'deploy'));
    cpSync(join(ROOT, 'deploy'), join(this.checkout, 'deploy'), {
      recursive: true,
      filter: (path) => !/\/deploy\/(?:secrets|\.env)$/.test(path),
    });
  }

  get redis(): Server {
    return Object.values(this.#redis!.servers)[0]!;
  }

  /** `up`: PostgreSQL stays, everything else is started anew. @returns the address of the service */
  async up(profile = 'standalone'): Promise<string> {
    await this.stopService();
    await this.#redis?.stop();
    this.#redis = undefined;
    this.postgres ??= await startDeployedPostgres(this.secrets);
    this.#redis = await this.#startRedis(profile);
    const env = profileEnvironment(this.secrets, this.postgres, profile, this.#redis.servers);
    this.env = { ...env, STOCKROOM_DATA_DIR: join(this.checkout, 'volume') };
    this.#service = builtCli(['start'], { ...this.env, STOCKROOM_DRAIN_MS: '0' }, this.checkout);
    this.url = await this.#service.serving();
    return this.url;
  }

  async #startRedis(profile: string): Promise<Profile> {
    if (profile === 'sentinel') return startSentinelProfile(this.secrets);
    if (profile === 'cluster') {
      const cluster = await startClusterProfile(this.secrets);
      formCluster(this.secrets, cluster);
      return cluster;
    }
    // Started again it is where it was.
    const redis = await startDeployedRedis(
      this.secrets,
      [],
      this.#port === undefined ? {} : { port: this.#port },
    );
    this.#port = redis.port;
    return { servers: { redis }, stop: () => redis.stop() };
  }

  /** A command of Stockroom in a container of its own, with the environment of the service. */
  async cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return builtCli(args, { ...this.env, ...env }, this.checkout).ended();
  }

  /** A command line on the machine; what it calls in the containers of PostgreSQL and Redis is called here, at their ports. */
  sh(line: string): string {
    const here = line
      .replaceAll(`${COMPOSE} exec -T postgres psql`, 'psql --no-psqlrc --set=ON_ERROR_STOP=1')
      .replaceAll(`${COMPOSE} exec -T redis redis-cli`, () => `redis-cli -e -p ${this.redis.port}`)
      .replaceAll('http://127.0.0.1:4100', this.url);
    if (here.includes('docker')) throw new Error(`nothing says how to carry out ${line}`);
    const { PATH = '' } = process.env;
    const env = { PATH, PGHOST: '127.0.0.1', PGPORT: String(this.postgres?.port ?? '') };
    return execFileSync('sh', ['-ec', here], { cwd: this.checkout, env, encoding: 'utf8', stdio: 'pipe' });
  }

  request(path: string, body?: object): Promise<Response> {
    const headers = { 'x-api-key': this.secrets.read('api_key_app'), 'content-type': 'application/json' };
    return fetch(this.url + path, {
      headers,
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  }

  /** @returns its exit code */
  async stopService(): Promise<number | null> {
    const service = this.#service;
    this.#service = undefined;
    service?.child.kill('SIGTERM');
    return (await service?.ended())?.exit ?? null;
  }

  async remove(): Promise<void> {
    await this.stopService();
    await Promise.all([this.#redis?.stop(), this.postgres?.stop()]);
    rmSync(this.checkout, { recursive: true, force: true });
  }
}
