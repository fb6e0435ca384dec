// Checks docs/model/stages.pml with Spin: every run must hold, and without any one of its rules Spin must find a
// violation. Needs `spin` and a C compiler (`cc`) in PATH. docs/model/README.md tells what the model says.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * @typedef {{ name: string, flags: string[], deep?: boolean }} Run a search that must find nothing
 * @typedef {{ name: string, run: string, breaks: string }} Mutation a rule left out, in the bounds of a run
 * @typedef {{ ok: boolean, property: string | null, states: number, depth: number, megabytes: number, seconds: number,
 *   problem: string | null }} Verdict
 * @typedef {{ kind: 'run' | 'mutation', name: string, ok: boolean, line: string, verdict: Verdict }} Result
 */

const MODEL = fileURLToPath(new URL('../docs/model/stages.pml', import.meta.url));
/** Two searches at a time, each below this: the check stays below 1 GB where no `--deep` is asked for. */
const PARALLEL = 2;
const MEMORY_MB = 500;
const DEEP_MEMORY_MB = 3_000;
/** Paths are some 150 steps long; a search that gets here was cut off, and fails. */
const DEPTH_MAX = 10_000;
const PROGRAM_TIMEOUT_MS = 600_000;
const OUTPUT_MAX = 200_000;

/** Named by their numbers in the model. */
export const PROPERTIES = [
  'one authority',
  'nothing lost',
  'nothing skipped',
  'nothing doubled',
  'handed over whole',
  'gated',
  'reads what was written',
  'settled at the end',
];
const FENCE_ENDS = 'the fence ends';
const NO_DEADLOCK = 'no deadlock';

/** @param {string} text `KEYS=1 DELETES` @returns {string[]} */
const flags = (text) => text.split(' ').map((flag) => `-D${flag}`);

/** @param {string} name @param {string} bounds @returns {Run} */
const deep = (name, bounds) => ({ name, flags: flags(bounds), deep: true });

/** @type {Run[]} */
export const RUNS = [
  { name: 'two keys', flags: flags('KEYS=2 WRITES=3 CRASHES=1 OUTAGES=0 DEMOTIONS=1 TURNS=2') },
  { name: 'outages', flags: flags('KEYS=1 WRITES=3 CRASHES=2 OUTAGES=1 DEMOTIONS=0 TURNS=2') },
  { name: 'forward again', flags: flags('KEYS=1 WRITES=2 CRASHES=1 OUTAGES=0 DEMOTIONS=1 TURNS=3') },
  { name: 'two movers', flags: flags('TWICE KEYS=1 WRITES=2 CRASHES=0 OUTAGES=0 DEMOTIONS=1 TURNS=2') },
  { name: 'deletes', flags: flags('KEYS=1 WRITES=3 CRASHES=1 OUTAGES=0 DEMOTIONS=0 TURNS=2 DELETES') },
  { name: 'reads', flags: flags('KEYS=1 WRITES=3 CRASHES=0 OUTAGES=0 DEMOTIONS=0 TURNS=3 READS=1') },
  { name: 'epochs', flags: flags('EPOCHS KEYS=1 WRITES=2 CRASHES=1 OUTAGES=0 DEMOTIONS=1 TURNS=2') },
  { name: 'progress', flags: flags('LIVENESS KEYS=1 WRITES=1 CRASHES=1 OUTAGES=1 DEMOTIONS=1 TURNS=2') },
  deep('two keys, outages, forward again', 'KEYS=2 WRITES=3 CRASHES=1 OUTAGES=1 DEMOTIONS=0 TURNS=3'),
  deep('two crashes, forward again', 'KEYS=1 WRITES=3 CRASHES=2 OUTAGES=0 DEMOTIONS=1 TURNS=3'),
  deep('two movers, two replayers, a crash', 'TWICE KEYS=1 WRITES=2 CRASHES=1 OUTAGES=0 DEMOTIONS=1 TURNS=2'),
];

/** @param {string} name @param {string} breaks @param {string} [run] @returns {Mutation} */
const mutation = (name, breaks, run = 'forward again') => ({ name, breaks, run });

/** The rule that each leaves out is told in docs/model/README.md. */
export const MUTATIONS = [
  mutation('FENCE', 'handed over whole'),
  mutation('CHECK_OLD', 'one authority'),
  mutation('CHECK_NEW', 'handed over whole'),
  mutation('LOCK_LATE', 'handed over whole'),
  mutation('QUEUE', FENCE_ENDS, 'progress'),
  mutation('DRAIN', 'handed over whole'),
  mutation('GATE', 'gated'),
  mutation('STAGE', 'gated', 'two movers'),
  mutation('REOPEN', 'handed over whole'),
  mutation('OPEN', 'one authority'),
  mutation('RESUME', FENCE_ENDS, 'progress'),
  mutation('RESTART', 'one authority'),
  mutation('FOREIGN', 'one authority'),
  mutation('FOREIGN_LATE', 'handed over whole'),
  mutation('COPY', 'nothing skipped'),
  mutation('BASELINE', 'nothing skipped', 'forward again'),
  mutation('GONE', 'nothing skipped', 'deletes'),
  mutation('TOMBSTONE', 'nothing doubled', 'deletes'),
  mutation('INTENT', 'nothing skipped'),
  mutation('CLOCK', 'nothing skipped'),
  mutation('VERSION', 'nothing doubled'),
  mutation('REPLICA', 'nothing doubled'),
  mutation('MUTE', 'nothing doubled'),
  mutation('SNAPSHOT', 'nothing skipped'),
  mutation('ORDER', 'nothing skipped'),
  mutation('STRIKE', 'nothing skipped'),
  mutation('COUNT', 'reads what was written', 'reads'),
  mutation('READ', 'reads what was written', 'reads'),
  mutation('REPLICA_READ', 'reads what was written', 'reads'),
];

/**
 * Reads what a search printed.
 * @param {string} output of pan
 * @returns {Verdict} `ok` when it went through every state and found nothing; `property` is what was violated
 */
export function verdictOf(output) {
  const number = (/** @type {RegExp} */ pattern) => Number(pattern.exec(output)?.[1] ?? 0);
  const violated = /assertion violated \(+(\d)&&/.exec(output);
  const property =
    (violated !== null ? PROPERTIES[Number(violated[1]) - 1] : undefined) ??
    (output.includes('pan:1: acceptance cycle') ? FENCE_ENDS : undefined) ??
    (output.includes('pan:1: invalid end state') ? NO_DEADLOCK : undefined) ??
    null;
  const cutOff = /max search depth too small|out of memory|reached -DMEMLIM|search is not complete/i.exec(
    output,
  );
  const errors = /errors: (\d+)/.exec(output);
  const problem = cutOff?.[0] ?? (errors === null ? `no result: ${output.trim().slice(-300)}` : null);
  return {
    ok: problem === null && errors?.[1] === '0' && number(/(\d+) states, stored/) > 0,
    property,
    states: number(/(\d+) states, stored/),
    depth: number(/depth reached (\d+)/),
    megabytes: Math.ceil(number(/([\d.]+)\ttotal actual memory usage/)),
    seconds: number(/elapsed time ([\d.e+-]+) seconds/),
    problem,
  };
}

/**
 * @param {string} program @param {string[]} args @param {string} cwd @param {AbortSignal} [signal]
 * @returns {Promise<string>} what it printed, both streams; pan's exit code tells nothing
 * @throws {Error} when it cannot be started, is aborted, or does not end in time
 */
function output(program, args, cwd, signal) {
  return new Promise((resolve, reject) => {
    // Not the option `timeout`: its timer outlives a program that could not be started.
    const bound = AbortSignal.any([AbortSignal.timeout(PROGRAM_TIMEOUT_MS), ...(signal ? [signal] : [])]);
    const child = spawn(program, args, { cwd, signal: bound, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      text = (text + chunk.toString()).slice(-OUTPUT_MAX);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (_code, killedBy) => {
      if (killedBy === null) resolve(text);
      else reject(new Error(`${program} was ended by ${killedBy}: ${text.slice(-300)}`));
    });
  });
}

/**
 * Compiles the model with the flags and searches it.
 * @param {{ model: string, flags: string[], quick: boolean, memory: number, signal?: AbortSignal | undefined }} search
 * @returns {Promise<Verdict>}
 */
async function searched({ model, flags: given, quick, memory, signal }) {
  const directory = mkdtempSync(join(tmpdir(), 'stockroom-model-'));
  try {
    copyFileSync(model, join(directory, 'stages.pml'));
    const live = given.includes('-DLIVENESS');
    const kind = live ? ['-DNFAIR=4'] : ['-DSAFETY', '-DNOCLAIM'];
    const compiled = ['-DCOLLAPSE', '-DVECTORSZ=512', `-DMEMLIM=${memory}`, ...kind, '-o', 'pan', 'pan.c'];
    const spin = await output('spin', [...given, '-a', 'stages.pml'], directory, signal);
    const cc = await output('cc', [quick ? '-O0' : '-O2', '-w', ...compiled], directory, signal);
    const search = [...(live ? ['-a', '-f'] : []), `-m${DEPTH_MAX}`, quick ? '-w20' : '-w23', '-n'];
    return verdictOf(
      await output(join(directory, 'pan'), search, directory, signal).catch(
        (error) => `${spin}${cc}${error}`,
      ),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {Verdict} verdict @returns {string} */
function figures({ states, depth, seconds, megabytes }) {
  return `${states.toLocaleString('en-US')} states, depth ${depth}, ${seconds.toFixed(1)} s, ${megabytes} MB`;
}

/** @param {Run} run @param {Verdict} verdict @returns {Result} */
export function resultOfRun(run, verdict) {
  const found = verdict.property === null ? verdict.problem : `violated: ${verdict.property}`;
  const line = `${verdict.ok ? 'holds ' : 'FAILED'}  ${run.name}: ${verdict.ok ? '' : `${found}; `}${figures(verdict)}`;
  return { kind: 'run', name: run.name, ok: verdict.ok, line, verdict };
}

/** @param {Mutation} broken @param {Verdict} verdict @returns {Result} */
export function resultOfMutation(broken, verdict) {
  const ok = verdict.property === broken.breaks;
  const said = verdict.property ?? verdict.problem ?? 'no violation';
  const line = ok
    ? `found   without ${broken.name}: ${said}`
    : `FAILED  without ${broken.name}: expected "${broken.breaks}", got "${said}"; ${figures(verdict)}`;
  return { kind: 'mutation', name: broken.name, ok, line, verdict };
}

/**
 * Every run and every mutation, two at a time, the long ones first.
 * @param {{ deep?: boolean, model?: string, runs?: Run[], mutations?: Mutation[], signal?: AbortSignal,
 *   report?: (line: string) => void }} [options] `report` is given a line as each ends
 * @returns {Promise<Result[]>}
 * @throws {Error} when spin or cc cannot be started
 */
export async function checkModel({ deep = false, model = MODEL, report, signal, ...given } = {}) {
  const runs = given.runs ?? RUNS.filter((run) => deep || run.deep !== true);
  const memory = deep ? DEEP_MEMORY_MB : MEMORY_MB;
  const checkRun = async (/** @type {Run} */ run) =>
    resultOfRun(run, await searched({ model, flags: run.flags, quick: false, memory, signal }));
  const checkMutation = async (/** @type {Mutation} */ broken) => {
    const bounds = RUNS.find((run) => run.name === broken.run)?.flags ?? [];
    const broke = [...bounds, `-DBREAK_${broken.name}`];
    return resultOfMutation(broken, await searched({ model, flags: broke, quick: true, memory, signal }));
  };
  const waiting = [
    ...runs.map((run) => () => checkRun(run)),
    ...(given.mutations ?? MUTATIONS).map((broken) => () => checkMutation(broken)),
  ];
  /** @type {Result[]} */
  const results = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await next();
      results.push(result);
      report?.(result.line);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return results;
}

const HELP = `node scripts/check-model.js [--deep]

Checks docs/model/stages.pml with Spin: every run must hold, and without any one of its rules a violation must be found.
Prints a line for each; exits with 1 when one is not as it should be, with 2 when spin or cc is missing.

  --deep   longer runs as well: some minutes, and up to ${DEEP_MEMORY_MB} MB for each of two at a time
`;

async function main() {
  const { values } = parseArgs({ options: { deep: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const results = await checkModel({ deep: values.deep === true, report: (line) => console.log(line) });
  const failed = results.filter((result) => !result.ok).length;
  console.log(`${results.length - failed} as they should be, ${failed} not`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    const missing = error?.code === 'ENOENT';
    console.error(missing ? `${error.path} is missing: apt-get install spin gcc` : error);
    process.exitCode = missing ? 2 : 1;
  });
}
