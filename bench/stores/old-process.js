// A process of the old application: calls one operation after the other for as long as it is told, and ends with its parent.
import { oldOperations } from './old-operations.js';

/**
 * @typedef {{ id: string, once: true } | { id: string, once: false, caller: number, callers: number, from: number, to: number }} Task
 * from and to: in milliseconds since 1970. Before `from` it warms up.
 */

const operations = oldOperations(process.argv[2] ?? '');
process.on('disconnect', () => process.exit());
process.on('message', (/** @type {Task} */ task) => process.send?.(perform(task)));
process.send?.('ready');

/** @param {Task} task */
function perform(task) {
  const operation = operations[task.id];
  if (operation === undefined) return { error: `no operation ${task.id}` };
  try {
    return task.once ? { answer: operation(0) } : repeat(operation, task);
  } catch (error) {
    return { error: String(error) };
  }
}

/** @param {(n: number) => unknown} operation @param {Task & { once: false }} task */
function repeat(operation, { caller, callers, from, to }) {
  let [calls, locked, torn] = [0, 0, 0];
  const now = () => performance.timeOrigin + performance.now();
  for (let n = caller, began = now(); began < to; n += callers) {
    let failed = false;
    try {
      operation(n);
    } catch (error) {
      failed = true;
      if (isLocked(error)) locked++;
      // A file that another process is just writing.
      else if (error instanceof SyntaxError) torn++;
      else throw error;
    }
    const ended = now();
    if (!failed && ended >= from && ended <= to) calls++;
    began = ended;
  }
  return { calls, locked, torn };
}

/** @param {unknown} error */
function isLocked(error) {
  const code = /** @type {{ code?: string }} */ (error).code;
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}
