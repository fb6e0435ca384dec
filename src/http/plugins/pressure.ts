import underPressure from '@fastify/under-pressure';
import { StockroomError } from '../../core/errors.ts';
import type { App } from '../app.ts';

/** On average over a second. A request that waits this long to be looked at is better told to come back. */
const MAX_EVENT_LOOP_DELAY_MS = 2_000;

class Overloaded extends StockroomError {
  constructor() {
    super('UNAVAILABLE', 'The process is overloaded; try again in some seconds');
  }
}

/** Refuses requests while the process is overloaded, before it falls behind for good. */
export async function installPressure(app: App): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    customError: Overloaded,
  });
}
