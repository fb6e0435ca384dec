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
  // A caller that keeps its connection is told with an answer to open another, elsewhere: none is closed under a request on its way.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (draining.begun) void reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', async () => {
    draining.begin();
    if (drainMs > 0) await pause(drainMs);
    draining.end();
  });
  return draining;
}
