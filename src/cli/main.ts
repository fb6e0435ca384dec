#!/usr/bin/env -S node --max-semi-space-size=4
// A migration makes and drops many short-lived values: a small young generation keeps it under 200 MB, at no cost in time.
import { run } from './program.ts';

const FAILED = 1;

/**
 * Listens for what goes wrong with a stream. That its reader stopped before the end (`| head`) is no failure: the work
 * goes on, and its exit code counts.
 */
function watch(stream: NodeJS.WriteStream): { failure: Error | undefined } {
  const watched: { failure: Error | undefined } = { failure: undefined };
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') watched.failure ??= error;
  });
  return watched;
}

/** Resolves when everything that was written is with the operating system, or is known to be lost. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

const answer = watch(process.stdout);
// There is no place left to say that stderr cannot be written to.
watch(process.stderr);
let code = await run(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  events: process,
  exit: (exitCode) => process.exit(exitCode),
});
await flushed(process.stdout);
if (answer.failure !== undefined) {
  process.stderr.write(`stockroom: INTERNAL: the answer could not be written: ${answer.failure.message}\n`);
  if (code === 0) code = FAILED;
}
await flushed(process.stderr);
// Work that an interruption cut off may still hold the process.
process.exit(code);
