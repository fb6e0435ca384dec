import { z } from 'zod';

/**
 * What render.yaml may hold, after Render's "Blueprint YAML Reference": its JSON Schema is in no package. Of that reference only the
 * kinds of services that render.yaml has are described (a web service out of a Dockerfile, Key Value, and PostgreSQL), and of those the
 * plain fields; a field that is not described is refused.
 */
const region = z.enum(['oregon', 'ohio', 'virginia', 'frankfurt', 'singapore']);
const name = z.string().min(1);
const path = z.string().min(1);

const servicePlans = ['free', 'starter', 'standard', 'pro', 'pro plus'] as const;
const webPlans = [...servicePlans, 'pro max', 'pro ultra'] as const;
const gigabytes = (tier: string, sizes: readonly number[]): string[] =>
  sizes.map((size) => `${tier}-${size}gb`);
/** Those of the generation before may be kept, but nothing new is made with them. */
const databasePlans = [
  'free',
  'basic-256mb',
  ...gigabytes('basic', [1, 4]),
  ...gigabytes('pro', [4, 8, 16, 32, 64, 128, 192, 256, 384, 512]),
  ...gigabytes('accelerated', [16, 32, 64, 128, 256, 384, 512, 768, 1024]),
];

/** Who may connect from outside; the private network always may. */
const ipAllowList = z.array(
  z.strictObject({ source: z.union([z.cidrv4(), z.ipv4()]), description: z.string().optional() }),
);

const fromDatabase = z.strictObject({
  name,
  property: z.enum(['connectionString', 'host', 'port', 'user', 'password', 'database']),
});
const fromService = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('keyvalue'),
    name,
    property: z.enum(['connectionString', 'host', 'port']),
  }),
  z.strictObject({
    type: z.enum(['web', 'pserv']),
    name,
    property: z.enum(['host', 'port', 'hostport']),
  }),
]);
/** A variable has one source. A value is text: YAML would make 1e3 or 010 another number. */
const variable = z.union([
  z.strictObject({ key: name, value: z.string() }),
  z.strictObject({ key: name, generateValue: z.literal(true) }),
  z.strictObject({ key: name, sync: z.literal(false) }),
  z.strictObject({ key: name, fromDatabase }),
  z.strictObject({ key: name, fromService }),
]);

const web = z
  .strictObject({
    type: z.literal('web'),
    name,
    runtime: z.literal('docker'),
    region: region.optional(),
    plan: z.enum(webPlans).optional(),
    branch: z.string().optional(),
    repo: z.url().optional(),
    rootDir: path.optional(),
    autoDeployTrigger: z.enum(['commit', 'checksPass', 'off']).optional(),
    domains: z.array(z.string()).optional(),
    numInstances: z.int().min(1).optional(),
    dockerfilePath: path.optional(),
    dockerContext: path.optional(),
    dockerCommand: z.string().optional(),
    preDeployCommand: z.string().optional(),
    healthCheckPath: z.string().startsWith('/').optional(),
    maxShutdownDelaySeconds: z.int().min(1).max(300).optional(),
    envVars: z.array(variable).optional(),
  })
  .refine(({ plan, maxShutdownDelaySeconds: delay }) => plan !== 'free' || delay === undefined, {
    path: ['maxShutdownDelaySeconds'],
    message: 'an instance that costs nothing cannot have it',
  });

const keyvalue = z.strictObject({
  type: z.literal('keyvalue'),
  name,
  region: region.optional(),
  plan: z.enum(servicePlans).optional(),
  previewPlan: z.enum(servicePlans).optional(),
  maxmemoryPolicy: z
    .enum(['allkeys-lru', 'volatile-lru', 'allkeys-random', 'volatile-random', 'volatile-ttl', 'noeviction'])
    .optional(),
  ipAllowList,
});

const diskSizeGB = z.union([z.literal(1), z.int().positive().multipleOf(5)]).optional();
const database = z.strictObject({
  name,
  region: region.optional(),
  plan: z.enum(databasePlans).optional(),
  previewPlan: z.enum(databasePlans).optional(),
  postgresMajorVersion: z
    .string()
    .regex(/^[1-9]\d$/)
    .optional(),
  databaseName: name.optional(),
  user: name.optional(),
  diskSizeGB,
  previewDiskSizeGB: diskSizeGB,
  ipAllowList: ipAllowList.optional(),
});

export const blueprint = z.strictObject({
  services: z.array(z.discriminatedUnion('type', [web, keyvalue])),
  databases: z.array(database),
});

export type Blueprint = z.infer<typeof blueprint>;
