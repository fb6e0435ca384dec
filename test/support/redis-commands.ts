import { createClient, ErrorReply } from 'redis';
import type { Server } from './servers.ts';

/** Sends one command; `T` is the shape of the answer as the server's manual has it. */
export type Send = <T = unknown>(...command: string[]) => Promise<T>;

const ANSWER_TIMEOUT_MS = 5_000;
/** A server that may be suspended or dead is taken for that after so long. */
const SILENCE_MS = 1_000;
const UNTIL_MS = 30_000;
const UNTIL_PAUSE_MS = 50;

/**
 * Gives `work` a connection of its own to 127.0.0.1 for a moment.
 * @throws when nobody answers there within `timeoutMs`
 */
export async function withRedis<T>(
  port: number,
  work: (send: Send) => Promise<T>,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<T> {
  const client = createClient({
    socket: {
      host: '127.0.0.1',
      port,
      reconnectStrategy: false,
      connectTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    },
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
  client.on('error', () => undefined); // What was asked rejects as well.
  try {
    await client.connect();
    return await work((...command) => client.sendCommand(command));
  } finally {
    if (client.isOpen) client.destroy();
  }
}

/** One command over a connection of its own. */
export function askRedis<T = unknown>(port: number, ...command: string[]): Promise<T> {
  return withRedis(port, (send) => send<T>(...command));
}

/** The same, or undefined where nobody answers within a second. */
export async function ifAnswers<T>(port: number, work: (send: Send) => Promise<T>): Promise<T | undefined> {
  try {
    return await withRedis(port, work, SILENCE_MS);
  } catch (error) {
    if (error instanceof ErrorReply) throw error;
    // A killed server refuses, a suspended one is silent, one that stops hangs up: all of that is no answer.
    return undefined;
  }
}

/**
 * Asks again and again what is still wrong, until nothing is. A failure to ask is wrong as well.
 * @throws after 30 s, with what was wrong last
 */
export async function untilNothing(wrong: () => Promise<string | undefined>): Promise<void> {
  const deadline = Date.now() + UNTIL_MS;
  for (;;) {
    const last = await wrong().catch((error: unknown) => String(error));
    if (last === undefined) return;
    if (Date.now() > deadline) throw new Error(`after ${UNTIL_MS} ms: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, UNTIL_PAUSE_MS));
  }
}

/** One server for each item, started side by side; where one fails, the others are stopped. */
export async function startAll<I>(
  items: readonly I[],
  start: (item: I) => Promise<Server>,
): Promise<Server[]> {
  const outcomes = await Promise.allSettled(items.map((item) => start(item)));
  const servers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return servers;
  await stopAll(servers);
  throw failure.reason;
}

export async function stopAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
