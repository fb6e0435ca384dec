import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeCommands, systemdCommands } from '../deploy/profile-start-commands.ts';
import { exposureOf } from '../deploy/profile-systemd.ts';
import { upgradeCommands } from '../deploy/profile-upgrade-commands.ts';
import { type Entry, how, World } from '../deploy/profile-world.ts';
import { textOf } from '../deploy/stack.ts';
import { Process, requireBuilt } from '../e2e/process.ts';
import { ROOT } from '../support/source-files.ts';
import { shellLinesOf } from './shell.ts';

const page = textOf('docs/deployment.md');
/** What takes longer hangs: the disk of a machine may be busy. */
const STEP_TIMEOUT_MS = 180_000;

const world = new World();
let key = '';

/** A key for a caller, at the end of the page. */
const keyCommands: readonly Entry[] = [
  {
    line: 'openssl rand -hex 32',
    how: how.onMachine,
    act: (line) => {
      key = world.compose.sh(line).trim();
    },
  },
  {
    line: `printf %s KEY | sha256sum | cut -d' ' -f1`,
    how: `${how.onMachine}; then a service with the entry that the page shows`,
    act: async (line) => {
      const hash = world.compose.sh(line.replace('KEY', key)).trim();
      const entry = /`(name:[\w+]+:)HASH`/.exec(page)![1]! + hash;
      const { STOCKROOM_API_KEYS_FILE: _, ...env } = world.compose.env;
      const keyed = { ...env, STOCKROOM_API_KEYS: entry, LOG_LEVEL: 'info' };
      const service = new Process(['serve'], keyed, world.compose.checkout);
      const url = await service.until(({ out }) => /Stockroom serves at (\S+)/.exec(out)?.[1]);
      const ask = async (given: string): Promise<number> =>
        (await fetch(`${url}/health`, { headers: { 'x-api-key': given } })).status;
      expect([await ask(key), await ask(hash), await ask(`${key}0`)]).toEqual([200, 401, 401]);
      service.child.kill('SIGTERM');
      expect((await service.ended()).exit).toBe(143);
    },
  },
];

/** Every command of the page in its order, and how it is carried out. */
const table: readonly Entry[] = [
  ...composeCommands(world),
  ...systemdCommands(world),
  ...upgradeCommands(world),
  ...keyCommands,
];

describe('the commands of docs/deployment.md', () => {
  beforeAll(() => requireBuilt());
  afterAll(() => world.remove());

  it('are those that this test knows, in their order, and each block holds commands', () => {
    expect(table.map(({ line }) => line)).toEqual(shellLinesOf(page));
    expect(page).not.toMatch(/^```\w/m);
  });

  it.each(table.map((entry) => [entry.line, entry] as const))(
    '%s',
    async (_, { line, act }) => void (await act(line)),
    STEP_TIMEOUT_MS,
  );
});

describe('what docs/deployment.md says besides', () => {
  const exposure = exposureOf(join(ROOT, 'deploy/stockroom-backup.service'));
  it.skipIf(exposure === undefined)('the unit for backups is as closed as that of the service', () => {
    const most = Number(/gives the unit ([\d.]+) or better/.exec(page)![1]);
    expect(exposure).toBeLessThanOrEqual(most);
  });

  it('the timer is due at 01:15', () => {
    const [, calendar] = /^OnCalendar=(.+)$/m.exec(textOf('deploy/stockroom-backup.timer'))!;
    expect(calendar).toBe('*-*-* 01:15:00');
    expect(page).toContain('at 01:15');
  });

  it('the connections that deploy/postgresql.conf allows are enough for as many processes as it says', () => {
    const most = Number(/^max_connections = (\d+)/m.exec(textOf('deploy/postgresql.conf'))![1]);
    const text = page.replaceAll('\n', ' ');
    const said =
      /2 × processes × \(`DATABASE_POOL_MAX` \+ 1\) \+ (\d+): .* The (\d+) of `deploy\/postgresql.conf` are enough for (\w+) processes with a pool of (\d+)/;
    expect(said.exec(text)?.slice(1)).toEqual(['13', String(most), 'two', '10']);
    expect(2 * 2 * (10 + 1) + 13 + 10).toBeLessThanOrEqual(most);
    expect(textOf('deploy/postgres-init.sh')).toContain('CONNECTION LIMIT 10');
  });
});
