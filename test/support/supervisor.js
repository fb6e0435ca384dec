// The parent process of one throwaway server. It runs in a session of its own and holds a channel to the process that
// asked for the server. The channel closes however that process ends (returned, interrupted or SIGKILLed), and then the
// supervisor stops the server by its pid and removes its directory. Nothing else has to clean up.
//
// JavaScript, because Node 20 starts no TypeScript file. It receives one Plan (see supervised.ts), answers with
// {started: pid} or {failed: reason, log}, and ends.
import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A server that ignored a signal for so long is sent the next one. */
const SIGNAL_PATIENCE_MS = 10_000;
const LOG_TAIL_LINES = 40;

/** @typedef {import('./supervised.ts').Plan} Plan */
/** @typedef {import('./supervised.ts').Command} Command */
/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** @type {Plan | undefined} */
let plan;
/** What runs at the moment: the preparing command or the server. @type {ChildProcess | undefined} */
let current;
let stopping = false;

/** @param {Plan} from */
function logFile(from) {
  return join(from.directory, 'server.log');
}

/** @param {Plan} from */
function logTail(from) {
  if (!existsSync(logFile(from))) return '';
  return readFileSync(logFile(from), 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

/** @param {Plan} from @param {Command} command */
function launch(from, command) {
  const log = openSync(logFile(from), 'a');
  const child = spawn(command.file, command.args, {
    cwd: from.directory,
    stdio: ['ignore', log, log],
    ...(from.owner ? { uid: from.owner.uid, gid: from.owner.gid } : {}),
  });
  closeSync(log);
  current = child;
  return child;
}

/** Resolves when the process is gone, to what is to be said about it. @param {ChildProcess} child */
function ended(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? '' : `it ended with ${signal ?? `code ${code}`}`),
    );
  });
}

/** Sends one signal after the other until the process is gone. SIGCONT: a stopped process takes no other signal. */
async function stopCurrent() {
  const child = current;
  if (!plan || !child?.pid || child.exitCode !== null || child.signalCode !== null) return;
  const gone = ended(child);
  for (const signal of [...plan.stopSignals, /** @type {const} */ ('SIGKILL')]) {
    child.kill(signal);
    child.kill('SIGCONT');
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, SIGNAL_PATIENCE_MS, 'impatient');
    });
    const outcome = await Promise.race([gone, patience]);
    clearTimeout(timer);
    if (outcome !== 'impatient') return;
  }
}

/** Ends the supervisor; the directory goes with it. @param {number} code */
function leave(code) {
  if (plan) rmSync(plan.directory, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code);
}

/** @param {unknown} message @returns {Promise<void>} */
function tell(message) {
  return new Promise((resolve) => {
    if (!process.connected) return resolve();
    // The callback takes a failure: nobody is left to be told, and the disconnect that follows stops everything.
    process.send?.(message, () => resolve());
  });
}

function stop() {
  if (stopping) return;
  stopping = true;
  void stopCurrent().then(() => leave(0));
}

/** @param {Plan} from @param {string} reason */
async function fail(from, reason) {
  if (stopping) return;
  stopping = true;
  await tell({ failed: reason, log: logTail(from) });
  leave(1);
}

/** Creates the directory with its files, as the user's who is to run the server. @param {Plan} from */
function makeDirectory(from) {
  mkdirSync(from.directory, { mode: 0o700 });
  plan = from;
  const files = Object.entries(from.files ?? {}).map(([name, text]) => {
    const file = join(from.directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  });
  if (!from.owner) return;
  for (const path of [from.directory, ...files]) chownSync(path, from.owner.uid, from.owner.gid);
}

/** @param {Plan} from */
async function run(from) {
  makeDirectory(from);
  for (const command of from.prepare) {
    const reason = await ended(launch(from, command));
    if (stopping) return;
    if (reason !== '') return fail(from, `${command.file}: ${reason}`);
  }
  const server = launch(from, from.server);
  const gone = ended(server);
  if (server.pid !== undefined) await tell({ started: server.pid });
  const reason = await gone;
  await fail(from, `${from.server.file}: ${reason || 'it ended by itself'}`);
}

process.on('disconnect', stop);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, stop);
process.once('message', (/** @type {Plan} */ message) => {
  run(message).catch((error) => fail(message, String(error)));
});
