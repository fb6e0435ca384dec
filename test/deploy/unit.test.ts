import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemdAnalyzeBinary } from '../support/binaries.ts';
import { fileOf, textOf } from './stack.ts';

const systemdAnalyze = systemdAnalyzeBinary();
const unit = textOf('deploy/stockroom.service');

describe('stockroom.service', () => {
  it('starts the program of the package, in the folder that docs/deployment.md names', () => {
    const { bin } = JSON.parse(textOf('package.json')) as { bin: { stockroom: string } };
    const [, directory] = /^WorkingDirectory=(.+)$/m.exec(unit)!;
    expect(unit).toMatch(/^ExecStart=\/usr\/bin\/node (?:--[\w=-]+ )*\S+ start$/m);
    expect(unit).toContain(` ${directory}/${bin.stockroom} start\n`);
    expect(textOf('docs/deployment.md')).toContain(`a built tree in \`${directory}\``);
  });

  it('is started again for as long as PostgreSQL is away, however often that is', () => {
    const [head, service] = unit.split('[Service]') as [string, string];
    expect(head).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(service).toMatch(/^Restart=on-failure$/m);
  });

  it('reads each secret where it is handed on, and docs/deployment.md says which they are', () => {
    const handed = [...unit.matchAll(/^LoadCredential=(\w+):(\S+)$/gm)].map(([, name, file]) => [name, file]);
    const read = [...unit.matchAll(/\w+_FILE=%d\/(\w+)/g)].map(([, name]) => name);
    expect(handed.length).toBeGreaterThan(2);
    expect(read).toEqual(handed.map(([name]) => name));
    expect(handed).toEqual(read.map((name) => [name, `/etc/stockroom/${name}`]));
    const documentation = textOf('docs/deployment.md');
    expect(handed.filter(([, file]) => !documentation.includes(` ${file}\n`))).toEqual([]);
  });
});

// Neither needs systemd to run: they read the file.
describe.skipIf(systemdAnalyze === undefined)('systemd-analyze', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-unit-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** With the paths that there are here. */
  function write(name: string, text: string): string {
    const file = join(scratch, name);
    const here = text
      .replaceAll('/usr/bin/node', process.execPath)
      .replaceAll('/opt/stockroom', fileOf('.').replace(/\/$/, ''));
    writeFileSync(file, here);
    return file;
  }

  /** @returns the exit code, and what was said of the unit */
  function analyze(
    text: string,
    args: readonly string[],
    name = 'stockroom.service',
  ): [number | null, string[]] {
    const file = write(name, text);
    const { status, stdout, stderr } = spawnSync(systemdAnalyze!, [...args, file], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', SYSTEMD_COLORS: '0', SYSTEMD_EMOJI: '0' },
    });
    return [status, (stdout + stderr).split('\n').filter((line) => line.includes(name))];
  }

  // Other units of this machine are none of ours.
  const verify = ['verify', '--man=no', '--recursive-errors=no'];

  it('verify has nothing to complain of', () => {
    expect(analyze(unit, verify)).toEqual([0, []]);
  });

  it.each(['stockroom-backup.service', 'stockroom-follow.service'])(
    'verify has nothing to complain of in %s',
    (service) => expect(analyze(textOf(`deploy/${service}`), verify, service)).toEqual([0, []]),
  );

  it('verify has nothing to complain of in the timer of the backups', () => {
    const timer = 'stockroom-backup.timer';
    const text = textOf(`deploy/${timer}`);
    expect(analyze(text, verify, timer)).toEqual([0, []]);
    const [status, said] = analyze(text.replace('01:15:00', '25:15:00'), verify, timer);
    expect([status, said.length]).not.toEqual([0, 0]);
  });

  it.each([
    ['a setting that there is not', 'ProtectSystem=strict', 'ProtectSystm=strict'],
    ['a value that cannot be', 'TasksMax=128', 'TasksMax=lots'],
    ['a program that is not there', '/usr/bin/node', '/usr/bin/no-node-here'],
  ])('verify finds %s', (_, present, wrong) => {
    expect(unit).toContain(present);
    const [status, said] = analyze(unit.replace(present, wrong), verify);
    expect(status).not.toBe(0);
    expect(said).toHaveLength(1);
  });

  describe('security', () => {
    const [, promised = ''] =
      /`systemd-analyze security` gives the unit (\d\.\d) or better/.exec(textOf('docs/deployment.md')) ?? [];
    // It takes tenths.
    const security = ['security', '--offline=true', '--no-pager', `--threshold=${promised.replace('.', '')}`];

    it('gives the unit what docs/deployment.md says, or better', () => {
      expect(promised).not.toBe('');
      const [status, said] = analyze(unit, security);
      expect([status, said]).toEqual([0, [expect.stringMatching(/Overall exposure level.*: \d\.\d OK/)]]);
      const [, level] = /: (\d\.\d) OK/.exec(said.join())!;
      expect(Number(level)).toBeLessThanOrEqual(Number(promised));
    });

    it.each([
      'CapabilityBoundingSet=',
      'PrivateDevices=yes',
      'RestrictNamespaces=yes',
      'SystemCallFilter=@system-service',
    ])('is worse without %s', (line) => {
      expect(unit).toContain(`\n${line}\n`);
      expect(analyze(unit.replace(`\n${line}\n`, '\n'), security)[0]).not.toBe(0);
    });
  });
});
