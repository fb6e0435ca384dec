import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordsOf } from '../docs/shell.ts';
import { unprivilegedUser } from '../support/servers.ts';
import { ROOT } from '../support/source-files.ts';
import { linkBuild, linkProductionPackages } from './image.ts';
import { type Ended, Launched } from './image-process.ts';

/** What a unit says, by the names of its settings; one that is given many times has many values. */
type Unit = Readonly<Record<string, string[]>>;

export function unitOf(text: string): Unit {
  const settings: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) (settings[name] ??= []).push(value!);
  }
  return settings;
}

/** What `npm ci && npm run build && npm prune --omit=dev` leaves of a checkout, out of what this repository has. */
export function installTree(folder: string): void {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  cpSync(join(ROOT, 'sql'), join(folder, 'sql'), { recursive: true });
  cpSync(join(ROOT, 'deploy'), join(folder, 'deploy'), {
    recursive: true,
    filter: (path) => !/\/deploy\/(?:secrets|\.env)$/.test(path),
  });
  linkProductionPackages(folder);
  linkBuild(folder);
}

/** A machine with systemd, as far as the units of deploy/ speak of it: its files are below a scratch folder. */
export class SystemdMachine {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'stockroom-systemd-')));
  #service: { readonly launched: Launched; readonly unit: Unit } | undefined;

  constructor() {
    // The user of a unit is not root.
    chmodSync(this.root, 0o755);
    for (const folder of ['/etc/systemd/system', '/opt', '/var/lib', '/var/backups', '/run'])
      mkdirSync(this.path(folder), { recursive: true });
  }

  path(absolute: string): string {
    return join(this.root, absolute);
  }

  /** A text with its absolute paths below the folder, and the Node.js of the tests. */
  here(text: string): string {
    return text
      .replaceAll('/usr/bin/node', process.execPath)
      .replace(/(?<![\w./-])\/(?=(?:etc|opt|var|run)\/)/g, `${this.root}/`);
  }

  /** Runs a command line in the installed tree. @returns what it prints */
  sh(line: string): string {
    const cwd = this.path('/opt/stockroom');
    const env = {
      ...process.env,
      STOCKROOM_ETC: this.path('/etc/stockroom'),
      STOCKROOM_STATE: this.path('/var/lib/stockroom'),
    };
    return execFileSync('sh', ['-ec', this.here(line)], { cwd, env, encoding: 'utf8', stdio: 'pipe' });
  }

  /** `systemctl start`. @returns the address at which it serves */
  async start(): Promise<string> {
    const unit = this.#unit('stockroom.service');
    const launched = this.#launch('stockroom', unit, unit['ExecStart']![0]!);
    this.#service = { launched, unit };
    return launched.serving();
  }

  /** `systemctl stop`: SIGTERM, and SIGKILL after TimeoutStopSec. @throws when systemd would call the end a failure */
  async stop(): Promise<number> {
    const { launched, unit } = this.#service!;
    this.#service = undefined;
    const { exit, out, err } = await launched.stop(Number(unit['TimeoutStopSec']![0]) * 1_000);
    if (exit === 0 || unit['SuccessExitStatus']?.includes(String(exit)) === true) return exit!;
    throw new Error(`stockroom.service failed with ${exit}: ${out}${err}`);
  }

  /** Runs a unit that ends by itself, once, with what comes after it. */
  async run(name: string): Promise<Ended> {
    const unit = this.#unit(`${name}.service`);
    const ended = await this.#launch(name, unit, unit['ExecStart']![0]!).ended();
    for (const after of ended.exit === 0 ? (unit['ExecStartPost'] ?? []) : []) {
      const { exit, err } = await this.#launch(name, unit, after).ended();
      if (exit !== 0) throw new Error(`${after} failed with ${exit}: ${err}`);
    }
    return ended;
  }

  async remove(): Promise<void> {
    this.#service?.launched.child.kill('SIGKILL');
    await this.#service?.launched.ended();
    rmSync(this.root, { recursive: true, force: true });
  }

  #unit(name: string): Unit {
    const unit = unitOf(readFileSync(this.path(`/etc/systemd/system/${name}`), 'utf8'));
    return unit;
  }

  #launch(name: string, unit: Unit, command: string): Launched {
    const user = unit['DynamicUser']?.[0] === 'yes' ? unprivilegedUser() : undefined;
    const given = (path: string): void => {
      if (user !== undefined) chownSync(path, user.uid, user.gid);
    };
    const state = this.path(`/var/lib/${unit['StateDirectory']![0]!}`);
    mkdirSync(state, { recursive: true, mode: 0o700 });
    given(state);
    const credentials = this.path(`/run/${name}`);
    mkdirSync(credentials, { recursive: true });
    for (const credential of unit['LoadCredential'] ?? []) {
      const [id, source] = credential.split(':') as [string, string];
      const copy = join(credentials, id);
      rmSync(copy, { force: true });
      copyFileSync(this.path(source), copy);
      chmodSync(copy, 0o400);
      given(copy);
    }
    const specifiers: Record<string, string> = { '%d': credentials, '%S': this.path('/var/lib'), '%%': '%' };
    const specified = (text: string): string =>
      this.here(text).replace(/%./g, (specifier) => specifiers[specifier] ?? specifier);
    const [file] = (unit['EnvironmentFile'] ?? []).map((path) => this.path(path.replace(/^-/, '')));
    const lines = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    const set = [...(unit['Environment'] ?? []).flatMap((line) => specified(line).split(' ')), ...lines];
    const env = Object.fromEntries(
      set.filter((pair) => /^\w+=/.test(pair)).map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
    ) as Record<string, string>;
    return new Launched({
      argv: wordsOf(specified(command)),
      cwd: this.path(unit['WorkingDirectory']![0]!),
      env: { ...env, STATE_DIRECTORY: state },
      unprivileged: user !== undefined,
    });
  }
}

/** How far open systemd thinks that a unit is, 0 to 10; undefined where there is no systemd that can say it. */
export function exposureOf(unit: string): number | undefined {
  const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', unit], {
    encoding: 'utf8',
  });
  if (status === null) return undefined;
  const found = /exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
  return found === undefined ? undefined : Number(found);
}
