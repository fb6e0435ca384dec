import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { installCaptureIn, removeCaptureIn } from '../../src/migration/index.ts';
import { inDatabase, replayOnto, rowsOf } from '../support/capture.ts';
import { OldDirectory, REQUESTS } from '../support/old-directory.ts';

const WRITER = fileURLToPath(new URL('../support/live-writer.js', import.meta.url));
const ROUNDS = process.env['STOCKROOM_TEST_LONG'] === '1' ? 30 : 3;

it.each(['delete', 'wal'])('goes in and out under a writer, who never fails (%s)', async (mode) => {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-capture-live-'));
  const old = new OldDirectory().requests(100);
  const file = join(old.path, REQUESTS);
  old.change(`PRAGMA journal_mode = ${mode}`);
  const writer = fork(WRITER, [file, 'reopen'], { execArgv: [] });
  try {
    await commitsMore(writer, 20);
    for (let round = 0; round < ROUNDS; round++) {
      expect((await installCaptureIn({ directory: old.path })).failed).toEqual([]);
      await commitsMore(writer, 20);
      if (round === ROUNDS - 1) break;
      const { files, failed } = await removeCaptureIn({ directory: old.path });
      expect({ files, failed }).toEqual({ files: [REQUESTS], failed: [] });
    }
    const copy = join(scratch, 'copy.db');
    inDatabase(file, (db) => {
      db.pragma('busy_timeout = 5000');
      db.prepare('VACUUM INTO ?').run(copy);
    });
    await commitsMore(writer, 60);
    const ended = once(writer, 'exit');
    expect((await ask(writer, 'stop')).errors).toEqual([]);
    await ended;
    const rows = rowsOf(file, 'llm_requests');
    expect(rows).not.toEqual(rowsOf(copy, 'llm_requests'));
    expect(replayOnto(copy, file, 'llm_requests')).toEqual(rows);
  } finally {
    if (writer.exitCode === null) writer.kill('SIGKILL');
    old.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
});

interface Progress {
  commits: number;
  errors: string[];
}

async function ask(writer: ChildProcess, message: 'how far?' | 'stop'): Promise<Progress> {
  const answer = once(writer, 'message');
  writer.send(message);
  return ((await answer) as [Progress])[0];
}

/** Waits until the writer has committed so many more times than it had. */
async function commitsMore(writer: ChildProcess, count: number): Promise<void> {
  const start = await ask(writer, 'how far?');
  while ((await ask(writer, 'how far?')).commits < start.commits + count);
}
