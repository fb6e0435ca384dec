import type { Socket } from 'node:net';
import { pause } from '../../core/wait.ts';
import type { App } from '../app.ts';

/**
 * How the service ends: readiness is false first, for so long that whoever sends requests here has seen it; then no connection is
 * taken any more, answers under way are given, and what they wrote is settled. Requests are served until the end.
 */
export class Draining {
  #begun = false;
  readonly #enders = new Set<() => void>();

  get begun(): boolean {
    return this.#begun;
  }

  /** For answers without an end of their own: `end` is called when the service ends. @returns the way to forget it */
  onEnd(end: () => void): () => void {
    this.#enders.add(end);
    return () => void this.#enders.delete(end);
  }

  end(): void {
    for (const end of this.#enders) end();
  }

  begin(): void {
    this.#begun = true;
  }
}

export function installDraining(app: App, drainMs: number): Draining {
  const draining = new Draining();
  const unused = unusedConnections(app);
  let ended = false;
  app.addHook('preClose', async () => {
    draining.begin();
    // From here on Fastify answers with `Connection: close`: callers that keep a connection open the next one elsewhere.
    if (drainMs > 0) await pause(drainMs);
    draining.end();
    ended = true;
    for (const socket of unused) if (socket.bytesRead === 0) socket.destroy();
  });
  // One whose answer had begun before is kept by its caller for another request, and the server would wait for that until a timeout.
  app.addHook('onResponse', (_request, _reply, done) => {
    if (ended) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
  return draining;
}

/**
 * Connections over which nothing was ever sent, as browsers open them ahead. To the server they are not idle: it would wait for their
 * first request until a timeout.
 */
function unusedConnections(app: App): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  return unused;
}
