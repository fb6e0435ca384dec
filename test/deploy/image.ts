import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unprivilegedUser } from '../support/servers.ts';
import { ROOT } from '../support/source-files.ts';
import { contextRule, filesBelow } from './image-context.ts';

/**
 * `linked`: the packages and the build of this repository stand for `npm ci` and `npm run build`. `real`: both are carried out.
 */
export type Mode = 'linked' | 'real';

/** What a stage of the Dockerfile ends with. */
export interface Stage {
  /** Its file system, as far as the Dockerfile makes it. */
  readonly root: string;
  workdir: string;
  user: string;
  readonly env: Record<string, string>;
  readonly volumes: string[];
  entrypoint: string[];
  cmd: string[];
  healthcheck: string[];
}

/** better-sqlite3 is compiled where no binary of it is to be had: ten minutes on a busy machine. */
const NPM_TIMEOUT_MS = 1_800_000;

/** The instructions of a Dockerfile, each on one line; comments are no part of them. */
export function instructionsOf(dockerfile: string): { name: string; rest: string }[] {
  const lines = dockerfile.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const joined = lines.join('\n').replace(/\\\n\s*/g, '');
  return joined
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`Dockerfile: ${line} is no instruction`);
      return { name, rest: rest! };
    });
}

/** Copies a tree; its files are links to the same bytes where the file system can do that. */
function copyLinked(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'pipe' });
  } catch {
    // Another file system, or a `cp` without links.
    rmSync(to, { recursive: true, force: true });
    execFileSync('cp', ['-a', from, to], { stdio: 'pipe' });
  }
}

/** The packages that `npm ci --omit=dev` installs, by the lockfile, out of those of this repository. */
export function linkProductionPackages(into: string): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'));
  const top = installed.filter(([path]) => path.lastIndexOf('node_modules/') === 0);
  for (const [path, { dev, optional }] of top) {
    if (dev === true) continue;
    if (existsSync(join(ROOT, path))) copyLinked(join(ROOT, path), join(into, path));
    else if (optional !== true) throw new Error(`${path} is not installed: run npm ci first`);
  }
  for (const [path, { dev }] of installed) {
    if (dev === true) rmSync(join(into, path), { recursive: true, force: true });
  }
}

export function linkBuild(into: string): void {
  copyLinked(join(ROOT, 'dist'), join(into, 'dist'));
}

function npm(stage: Stage, ...args: string[]): void {
  const cwd = join(stage.root, stage.workdir);
  const env = { ...process.env, CI: 'true' };
  const options = { cwd, env, encoding: 'utf8', timeout: NPM_TIMEOUT_MS } as const;
  const { status, stdout, stderr } = spawnSync('npm', args, options);
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}

interface Step {
  readonly command: RegExp;
  /** Why it is carried out so. */
  readonly how: string;
  readonly run?: (stage: Stage, mode: Mode, words: readonly string[]) => void;
}

/** How each command of a RUN is carried out without Docker; one that is not here fails. */
const steps: readonly Step[] = [
  {
    command: /^apt-get (?:update|install) /,
    how: 'left out: it takes root, and the tools of this machine do',
  },
  { command: /^apt-get update$/, how: 'left out: the same' },
  { command: /^rm -rf \/var\/lib\/apt\/lists\/\*$/, how: 'left out: the same' },
  { command: /^npm cache clean --force$/, how: 'left out: the cache is that of this machine' },
  {
    command: /^npm ci$/,
    how: 'real: as it stands; linked: those of this repository',
    run: (stage, mode) => {
      if (mode === 'real') npm(stage, 'ci');
      else symlinkSync(join(ROOT, 'node_modules'), join(stage.root, stage.workdir, 'node_modules'));
    },
  },
  {
    command: /^npm ci --omit=dev$/,
    how: 'real: as it stands; linked: those of this repository that the lockfile does not mark as dev',
    run: (stage, mode) => {
      if (mode === 'real') npm(stage, 'ci', '--omit=dev');
      else linkProductionPackages(join(stage.root, stage.workdir));
    },
  },
  {
    command: /^npm run build$/,
    how: 'real: as it stands; linked: dist of this repository',
    run: (stage, mode) => {
      if (mode === 'real') npm(stage, 'run', 'build');
      else linkBuild(join(stage.root, stage.workdir));
    },
  },
  {
    command: /^install --directory --owner=node --group=node \S+$/,
    how: 'in the scratch folder; its owner is the user who runs the image here',
    run: (stage, _mode, words) => {
      const user = unprivilegedUser();
      const owner = user === undefined ? [] : [`--owner=${user.uid}`, `--group=${user.gid}`];
      execFileSync('install', ['--directory', ...owner, join(stage.root, words.at(-1)!)]);
    },
  },
];

function runStep(stage: Stage, command: string, mode: Mode): void {
  const step = steps.find((one) => one.command.test(command));
  if (step === undefined) throw new Error(`Dockerfile: nothing says how to carry out RUN ${command}`);
  step.run?.(stage, mode, command.split(' '));
}

/** A path of the stage. */
export const within = (stage: Stage, path: string): string =>
  path.startsWith('/') ? join(stage.root, path) : join(stage.root, stage.workdir, path);

function copyFromStage(other: Stage, stage: Stage, source: string, target: string): void {
  const [from, to] = [within(other, source), within(stage, target)];
  if (existsSync(to)) throw new Error(`COPY --from: ${target} is there already`);
  copyLinked(from, to);
}

/** COPY out of the repository, of what .dockerignore lets through. */
function copyFromContext(stage: Stage, sources: readonly string[], target: string): void {
  const takes = contextRule(readFileSync(join(ROOT, '.dockerignore'), 'utf8'));
  const intoFolder = sources.length > 1 || /(?:^|\/)\.?\/?$/.test(target);
  for (const source of sources) {
    const isFolder = existsSync(join(ROOT, source)) && statSync(join(ROOT, source)).isDirectory();
    const files = (isFolder ? filesBelow(ROOT, source) : [source]).filter((path) => takes(path));
    if (files.length === 0) throw new Error(`COPY ${source}: .dockerignore lets nothing of it through`);
    for (const file of files) {
      const place = isFolder
        ? join(target, file.slice(source.length + 1))
        : intoFolder
          ? join(target, file)
          : target;
      mkdirSync(dirname(within(stage, place)), { recursive: true });
      copyFileSync(join(ROOT, file), within(stage, place));
    }
  }
}

function carryOut(
  stages: ReadonlyMap<string, Stage>,
  stage: Stage,
  name: string,
  rest: string,
  mode: Mode,
): void {
  const words = rest.split(' ');
  const stageOf = (other: string): Stage => {
    const found = stages.get(other);
    if (found === undefined) throw new Error(`Dockerfile: there is no stage ${other}`);
    return found;
  };
  if (name === 'WORKDIR') {
    stage.workdir = rest;
    mkdirSync(within(stage, '.'), { recursive: true });
  } else if (name === 'ENV') {
    for (const word of words) stage.env[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1);
  } else if (name === 'COPY' && rest.startsWith('--from=')) {
    const [from, source, target] = words as [string, string, string];
    copyFromStage(stageOf(from.slice('--from='.length)), stage, source, target);
  } else if (name === 'COPY') copyFromContext(stage, words.slice(0, -1), words.at(-1)!);
  else if (name === 'RUN') for (const command of rest.split(/\s+&& /)) runStep(stage, command.trim(), mode);
  else if (name === 'USER') stage.user = rest;
  else if (name === 'VOLUME') stage.volumes.push(rest);
  else if (name === 'ENTRYPOINT') Object.assign(stage, { entrypoint: JSON.parse(rest) as string[], cmd: [] });
  else if (name === 'CMD') stage.cmd = JSON.parse(rest) as string[];
  else if (name === 'HEALTHCHECK')
    stage.healthcheck = JSON.parse(/CMD (\[.+\])$/.exec(rest)![1]!) as string[];
  else if (name !== 'EXPOSE') throw new Error(`Dockerfile: nothing says how to carry out ${name}`);
}

/** The images that stages begin with: of their files only Node.js matters here, and the programs of PostgreSQL are in PATH. */
function beginning(root: string, from: string, stages: ReadonlyMap<string, Stage>): Stage {
  const before = stages.get(from);
  const fresh = {
    root,
    workdir: '/',
    user: 'root',
    env: {},
    volumes: [],
    entrypoint: [],
    cmd: [],
    healthcheck: [],
  };
  if (before !== undefined) {
    copyLinked(before.root, root);
    return { ...structuredClone(before), root };
  }
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  if (from.startsWith('node:')) symlinkSync(process.execPath, join(root, 'usr/local/bin/node'));
  else if (!from.startsWith('postgres:')) throw new Error(`Dockerfile: nothing says what ${from} has`);
  return fresh;
}

/**
 * Carries out the Dockerfile of the repository, each stage in a folder of its own below `scratch`.
 * @returns the stages by their names; the last one, which is the image, is also `image`
 */
export function buildImage(scratch: string, mode: Mode): Map<string, Stage> {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const { name, rest } of instructionsOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))) {
    if (name === 'FROM') {
      const [from, , as = `stage-${stages.size}`] = rest.split(' ');
      stage = beginning(join(scratch, as), from!, stages);
      stages.set(as, stage);
    } else carryOut(stages, stage!, name, rest, mode);
  }
  return stages.set('image', stage!);
}
