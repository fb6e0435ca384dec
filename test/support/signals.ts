import { existsSync } from 'node:fs';
import type { Supervised } from './supervised.ts';

/** Its supervisor removes the directory of a server that ended. Its pid may be another process's by then. */
function hasEnded(server: Supervised): boolean {
  return !existsSync(server.directory);
}

function send(server: Supervised, signal: NodeJS.Signals): void {
  if (hasEnded(server)) throw new Error(`${signal}: the server has ended`);
  process.kill(server.pid, signal);
}

/**
 * Suspends a server: it keeps its connections, accepts new ones and answers none. `stop` works all the same.
 * @throws when it has ended
 */
export function pause(server: Supervised): void {
  send(server, 'SIGSTOP');
}

/**
 * Lets a suspended server go on.
 * @throws when it has ended
 */
export function resume(server: Supervised): void {
  send(server, 'SIGCONT');
}

/** Kills a server as a crash would; resolves when it and its files are gone. One that has ended stays so. */
export async function kill(server: Supervised): Promise<void> {
  if (!hasEnded(server)) send(server, 'SIGKILL');
  await server.stop();
}
