import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { writeSample } from '../../src/legacy/sample/index.ts';
import { installTree } from './profile-systemd.ts';
import { CLI, COMPOSE, type Entry, how, type World } from './profile-world.ts';

/** The section about Docker Compose in docs/deployment.md. */
export const composeCommands = (world: World): Entry[] => [
  {
    line: 'deploy/secrets.sh',
    how: how.onMachine,
    act: (line) => expect(world.compose.sh(line)).toContain('api_key_app'),
  },
  { line: `${COMPOSE} up --detach --build`, how: how.stack, act: (line) => world.up(line) },
  {
    line: 'curl -H "x-api-key: $(cat deploy/secrets/api_key_app)" http://127.0.0.1:4100/health',
    how: `${how.onMachine}, with the port of the service`,
    act: (line) => expect(JSON.parse(world.compose.sh(line))).toMatchObject({ status: 'ok' }),
  },
  {
    line: `${COMPOSE} exec stockroom node dist/cli/main.js doctor`,
    how: how.asService,
    // 1: a server of the tests does not wait for its disk.
    act: async () => expect(await world.command(['doctor'], [0, 1])).toContain('redis-version'),
  },
  {
    line: `${COMPOSE} run --rm --env TMPDIR=/var/lib/stockroom --volume /srv/old-app:/old-app:ro stockroom migrate run /old-app`,
    how: how.asService,
    act: async () => {
      const directory = join(world.compose.checkout, 'old-app');
      await writeSample(directory);
      // 3: rows of the sample are in quarantine, as they should be.
      await world.command(['migrate', 'run', directory], [3]);
    },
  },
  {
    line: 'rm deploy/secrets/database_password deploy/secrets/redis_password',
    how: how.onMachine,
    act: (line) => {
      const { secrets } = world.compose;
      world.old = { database: secrets.read('database_password'), redis: secrets.read('redis_password') };
      world.compose.sh(line);
    },
  },
  {
    line: 'deploy/secrets.sh',
    how: how.onMachine,
    act: (line) => {
      world.compose.sh(line);
      expect(world.compose.secrets.read('database_url')).toContain(
        world.compose.secrets.read('database_password'),
      );
    },
  },
  {
    line: `echo "ALTER ROLE stockroom PASSWORD '$(cat deploy/secrets/database_password)'" | ${COMPOSE} exec -T postgres psql --username=postgres`,
    how: `${how.onMachine}, with the psql of this machine`,
    act: (line) => expect(world.compose.sh(line)).toBe('ALTER ROLE\n'),
  },
  {
    line: `${COMPOSE} up --detach --force-recreate`,
    how: how.stack,
    act: async (line) => {
      await world.up(line);
      const { secrets } = world.compose;
      expect(await world.postgresSays(world.old.database)).toBe('28P01');
      expect(await world.postgresSays(secrets.read('database_password'))).toBe('welcome');
      expect(await world.redisSays(world.old.redis)).toBe('WRONGPASS');
      expect(await world.redisSays(secrets.read('redis_password'))).toBe('welcome');
    },
  },
  {
    line: `COMPOSE_PROFILES=cluster ${COMPOSE} up --detach --build`,
    how: how.stack,
    act: (line) => world.up(line),
  },
  {
    line: `COMPOSE_PROFILES=sentinel ${COMPOSE} up --detach --build`,
    how: how.stack,
    act: (line) => world.up(line),
  },
];

/** The section about systemd. */
export const systemdCommands = (world: World): Entry[] => [
  {
    line: 'npm ci && npm run build && npm prune --omit=dev',
    how: 'what they leave, out of the packages and the build of this repository (test/deploy/image.test.ts installs and builds)',
    act: async () => {
      await world.compose.up();
      installTree(world.systemd.path('/opt/stockroom'));
    },
  },
  {
    line: 'install -d -m 700 /etc/stockroom',
    how: how.systemdFiles,
    act: (line) => world.systemd.sh(line),
  },
  {
    line: "echo 'postgresql://stockroom:PASSWORD@127.0.0.1:5432/stockroom' | install -m 600 /dev/stdin /etc/stockroom/database_url",
    how: how.systemdFiles,
    act: (line) =>
      world.secretFile(line, 'database_url', {
        PASSWORD: world.compose.secrets.read('database_password'),
        ':5432': `:${world.compose.postgres!.port}`,
      }),
  },
  {
    line: "echo 'redis://stockroom:PASSWORD@127.0.0.1:6379' | install -m 600 /dev/stdin /etc/stockroom/redis_url",
    how: how.systemdFiles,
    act: (line) =>
      world.secretFile(line, 'redis_url', {
        PASSWORD: world.compose.secrets.read('redis_password'),
        ':6379': `:${world.compose.redis.port}`,
      }),
  },
  {
    line: "echo 'app:read+write:HASH' | install -m 600 /dev/stdin /etc/stockroom/api_keys",
    how: how.systemdFiles,
    act: (line) =>
      world.secretFile(line, 'api_keys', {
        HASH: /app:[\w+]+:(\w{64})/.exec(world.compose.secrets.read('api_keys'))![1]!,
      }),
  },
  {
    line: 'cp deploy/stockroom.service /etc/systemd/system/',
    how: how.systemdFiles,
    act: (line) => world.systemd.sh(line),
  },
  {
    line: 'systemctl daemon-reload && systemctl enable --now stockroom',
    how: how.asUnit,
    act: () => world.enable(),
  },
  {
    line: 'curl --fail http://127.0.0.1:4100/health/ready',
    how: `${how.systemdFiles}, with the port of the service`,
    act: async (line) => {
      world.curl(line);
      expect(await world.systemd.stop()).toBe(143);
      await world.systemd.start();
    },
  },
  {
    line: `${CLI} doctor`,
    how: how.systemdFiles,
    act: (line) => {
      expect(world.systemd.sh(`${line} || [ $? = 1 ]`)).toContain('redis-version');
      // With every setting of the service, as systemd reads its file.
      const file = world.systemd.path('/etc/stockroom/stockroom.env');
      const before = readFileSync(file, 'utf8');
      writeFileSync(file, `${before}\n# times\nSTOCKROOM_SCHEDULES="refresh=1 2 3 4 * UTC"\n`);
      const { items } = JSON.parse(world.systemd.sh(line.replace('doctor', 'jobs list --json'))) as {
        items: { name: string; cron: string }[];
      };
      expect(items.find(({ name }) => name === 'refresh')?.cron).toBe('1 2 3 4 *');
      writeFileSync(file, before);
    },
  },
];
