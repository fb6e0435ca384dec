import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CLI, COMPOSE, type Entry, how, WITH_BACKUP, type World } from './profile-world.ts';

/** The sections of docs/deployment.md about a new version, the way back, and backups. */
export const upgradeCommands = (world: World): Entry[] => [
  {
    line: `${WITH_BACKUP} --build backup backup /backups/before`,
    how: `${how.asService}; test/deploy/image.test.ts takes one with the stage of the Dockerfile`,
    act: async () =>
      expect(await world.command(['backup', world.inBackups('/backups/before')], [0])).toContain('read back'),
  },
  { line: `${COMPOSE} up --detach --build`, how: how.stack, act: (line) => world.up(line) },
  {
    line: `${CLI} backup /var/backups/stockroom-before`,
    how: how.systemdFiles,
    act: (line) => expect(world.systemd.sh(line)).toContain('read back'),
  },
  {
    line: 'cd /opt/stockroom-next && npm ci && npm run build && npm prune --omit=dev',
    how: 'as above, with one migration more',
    act: () => world.installNext(),
  },
  {
    line: 'mv /opt/stockroom /opt/stockroom-before && mv /opt/stockroom-next /opt/stockroom',
    how: how.systemdFiles,
    act: (line) => world.systemd.sh(line),
  },
  {
    line: 'systemctl restart stockroom',
    how: how.asUnit,
    act: async () => {
      expect(await world.systemd.stop()).toBe(143);
      await world.systemd.start();
    },
  },
  {
    line: 'curl --fail --retry 20 --retry-delay 1 --retry-all-errors http://127.0.0.1:4100/health/ready',
    how: `${how.systemdFiles}, with the port of the service`,
    act: async (line) => {
      world.curl(line);
      // The old version, which still runs, goes on over the new schema, and does not start over it.
      await world.writeAndRead();
      for (const name of ['start', 'serve'])
        expect(await world.command([name], [1])).toContain('SCHEMA_TOO_NEW');
    },
  },
  {
    line: `${COMPOSE} stop stockroom`,
    how: 'SIGTERM to the service; the tree of the old version takes its place again',
    act: async () => {
      expect(await world.compose.stopService()).toBe(143);
      expect(await world.systemd.stop()).toBe(143);
      renameSync(world.systemd.path('/opt/stockroom'), world.systemd.path('/opt/stockroom-next'));
      renameSync(world.systemd.path('/opt/stockroom-before'), world.systemd.path('/opt/stockroom'));
    },
  },
  {
    line: `echo 'ALTER SCHEMA stockroom RENAME TO stockroom_left' | ${COMPOSE} exec -T postgres psql --username=postgres --dbname=stockroom`,
    how: `${how.onMachine}, with the psql of this machine`,
    act: (line) => expect(world.compose.sh(line)).toBe('ALTER SCHEMA\n'),
  },
  {
    line: `printf 'AUTH admin %s\\nFLUSHALL\\n' "$(cat deploy/secrets/redis_admin_password)" | ${COMPOSE} exec -T redis redis-cli`,
    how: `${how.onMachine}, with the redis-cli of this machine`,
    act: (line) => expect(world.compose.sh(line)).toBe('OK\nOK\n'),
  },
  {
    line: `${WITH_BACKUP} --build backup restore /backups/before`,
    how: how.asService,
    act: async () => {
      expect(await world.command(['restore', world.inBackups('/backups/before')], [0])).toContain(
        'Restored and compared',
      );
      // What was written since the backup: by the service that replaced the first one, and over the new schema.
      world.written -= 2;
    },
  },
  { line: `${COMPOSE} up --detach --build`, how: how.stack, act: (line) => world.up(line) },
  {
    line: `${WITH_BACKUP} backup backup "/backups/$(date +%F)"`,
    how: how.asService,
    act: async () => {
      const today = world.inBackups(`/backups/${world.compose.sh('date +%F').trim()}`);
      await world.command(['backup', today], [0]);
      expect(existsSync(join(today, 'manifest.json'))).toBe(true);
    },
  },
  {
    line: 'find /var/backups/stockroom -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -r {} +',
    how: `${how.onMachine}, with that folder in it`,
    act: (line) => {
      const gone = world.oldBackup(world.inBackups('/backups/').replace(/\/$/, ''));
      world.compose.sh(line.replace('/var/backups/stockroom', world.inBackups('/backups/')));
      expect([existsSync(gone), existsSync(world.inBackups('/backups/before/manifest.json'))]).toEqual([
        false,
        true,
      ]);
    },
  },
  {
    line: 'cp deploy/stockroom-backup.service deploy/stockroom-backup.timer /etc/systemd/system/',
    how: how.systemdFiles,
    act: (line) => world.systemd.sh(line),
  },
  {
    line: 'systemctl daemon-reload && systemctl enable --now stockroom-backup.timer',
    how: how.asUnit,
    act: async () => {
      const folder = world.systemd.path('/var/lib/stockroom-backup');
      const gone = world.oldBackup(folder);
      expect(await world.systemd.run('stockroom-backup')).toMatchObject({ exit: 0 });
      const made = readdirSync(folder);
      expect([existsSync(gone), made.length, made[0]]).toEqual([
        false,
        1,
        expect.stringMatching(/^\d{4}-\d\d-\d\dT\d{4}$/),
      ]);
      expect(existsSync(join(folder, made[0]!, 'manifest.json'))).toBe(true);
    },
  },
];
