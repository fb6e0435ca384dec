import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/core/config.ts';
import { type Blueprint, blueprint } from './render-blueprint.ts';
import { fileOf, textOf } from './stack.ts';
import { readsYaml, yamlOf } from './yaml.ts';

type Web = Extract<Blueprint['services'][number], { type: 'web' }>;

/** Longer than draining: the answers under way (docs/operations.md). */
const ANSWERS_SECONDS = 20;

const load = (): unknown => yamlOf('render.yaml');
const parse = (): Blueprint => blueprint.parse(load());
const webOf = ({ services }: Blueprint): Web => services.find((service) => service.type === 'web')!;

describe.skipIf(!readsYaml)('render.yaml', () => {
  it('is a Blueprint, as far as the reference tells', () => {
    expect(blueprint.safeParse(load()).error?.issues ?? []).toEqual([]);
    expect(parse().services.map(({ type }) => type)).toEqual(['web', 'keyvalue']);
  });

  /** What is refused, the place in the file, what stands there (undefined: nothing), and where the fault is found if elsewhere. */
  const faults: readonly (readonly [what: string, place: string, value: unknown, found?: string])[] = [
    ['an unknown field of the file', 'service', [], ''],
    ['an unknown field of the service', 'services.0.healthcheckPath', '/', 'services.0'],
    ['a field of another kind of service', 'services.1.envVars', [], 'services.1'],
    ['an unknown kind of service', 'services.1.type', 'valkey'],
    ['a wrong region', 'services.0.region', 'mumbai'],
    ['a wrong plan', 'services.0.plan', 'basic-256mb'],
    ['a plan of old', 'databases.0.plan', 'starter'],
    ['Key Value that does not say who may connect', 'services.1.ipAllowList', undefined],
    [
      'an address that is none',
      'databases.0.ipAllowList',
      [{ source: 'all' }],
      'databases.0.ipAllowList.0.source',
    ],
    ['a version that is a number', 'databases.0.postgresMajorVersion', 17],
    ['more time to end than there is', 'services.0.maxShutdownDelaySeconds', 301],
    ['time to end where it costs nothing', 'services.0.plan', 'free', 'services.0.maxShutdownDelaySeconds'],
    [
      'a property that no database has',
      'services.0.envVars.0.fromDatabase.property',
      'url',
      'services.0.envVars.0',
    ],
    [
      'a property that Key Value does not have',
      'services.0.envVars.1.fromService.property',
      'hostport',
      'services.0.envVars.1',
    ],
    ['a variable with two sources', 'services.0.envVars.0.value', 'x', 'services.0.envVars.0'],
    ['a policy that Redis does not have', 'services.1.maxmemoryPolicy', 'lru'],
  ];
  const spoilt = faults.map(([what, place, value, found = place]) => [what, place, value, found] as const);
  it.each(spoilt)('would not be with %s', (_, place, value, found) => {
    const file = load() as object;
    const steps = place.split('.');
    const last = steps.pop()!;
    const owner = steps.reduce((at, step) => Reflect.get(at, step) as object, file);
    if (value === undefined) Reflect.deleteProperty(owner, last);
    else Reflect.set(owner, last, value);
    const issues = blueprint.safeParse(file).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join('.'))).toEqual([found]);
  });

  it('names what is there: databases, services, files, each by a name of its own', () => {
    const { services, databases } = parse();
    const { dockerfilePath, dockerContext, envVars = [] } = webOf({ services, databases });
    const names = [...services, ...databases].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const missing = envVars.filter((variable) => {
      if ('fromDatabase' in variable)
        return databases.every(({ name }) => name !== variable.fromDatabase.name);
      if (!('fromService' in variable)) return false;
      const { type, name } = variable.fromService;
      return services.every((service) => service.type !== type || service.name !== name);
    });
    expect(missing).toEqual([]);
    for (const path of [dockerfilePath!, dockerContext!])
      expect([path, existsSync(fileOf(path))]).toEqual([path, true]);
  });

  it('has everything in one region, whose private network it is, and lets nobody in from outside', () => {
    const { services, databases } = parse();
    expect(new Set([...services, ...databases].map(({ region }) => region)).size).toBe(1);
    const lists = [...services, ...databases].flatMap((each) =>
      'ipAllowList' in each ? [each.ipAllowList] : [],
    );
    expect(lists).toEqual([[], []]);
    expect(databases.every((each) => each.ipAllowList !== undefined)).toBe(true);
  });

  it('gives settings that the service takes, and servers of a version that it takes', () => {
    const { services, databases } = parse();
    const web = webOf({ services, databases });
    const values = (web.envVars ?? []).map((variable) => {
      if ('value' in variable) return [variable.key, variable.value];
      if ('fromDatabase' in variable) return [variable.key, 'postgresql://a/b'];
      return [variable.key, 'fromService' in variable ? 'redis://a' : ''];
    });
    const config = loadConfig(Object.fromEntries(values) as Record<string, string>);
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 4100,
      drainMs: 5_000,
      redis: { kind: 'url' },
      databaseUrl: 'postgresql://a/b',
    });
    expect(web.maxShutdownDelaySeconds).toBeGreaterThanOrEqual(config.drainMs / 1_000 + ANSWERS_SECONDS);
    expect(Number(databases[0]!.postgresMajorVersion)).toBeGreaterThanOrEqual(15);
    expect(textOf('src/http/routes/health.ts')).toContain(`'${web.healthCheckPath}'`);
  });
});
