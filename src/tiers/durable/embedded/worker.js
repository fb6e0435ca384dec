// Runs PostgreSQL (PGlite) in a thread of its own: it is synchronous, and a long statement would stop everything else.
// The thread is a wire: bytes of PostgreSQL's protocol in, bytes out. What they mean is known on the other side alone
// (wire.ts), which reads text exactly; PGlite's own decoder drops a byte order mark at the start of a value.
// Plain JavaScript, because a worker starts from a file, in src as in dist.
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** @typedef {{ id: number, bytes: Uint8Array } | { id: number, dump: true } | { id: number, close: true }} Request */
/** @typedef {{ dataDir: string, template?: string | undefined, settings: Record<string, string> }} Start */

/** Lines of PostgreSQL's log kept to explain a start that failed. */
const logLines = 20;

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const { dataDir, template, settings } = /** @type {Start} */ (workerData);
/** @type {string[]} */
const log = [];

try {
  const database = await PGlite.create(dataDir, {
    ...(template === undefined ? {} : { loadDataDir: new Blob([await readFile(template)]) }),
    startParams: [
      ...PGlite.defaultStartParams,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    onStderr: (line) => {
      log.push(line);
      if (log.length > logLines) log.shift();
      return false;
    },
  });
  let busy = Promise.resolve();
  port.on('message', (/** @type {Request} */ request) => {
    busy = busy.then(() => answer(database, request)).catch(giveUp);
  });
  port.postMessage({ ready: true });
} catch (error) {
  giveUp(error);
}

/** @param {unknown} error after which PostgreSQL cannot be used */
function giveUp(error) {
  const reason = error instanceof Error ? error.message : String(error);
  port.postMessage({ failed: [reason, ...log].join('\n') });
  port.close();
}

/** @param {PGlite} database @param {Request} request */
async function answer(database, request) {
  if ('close' in request) {
    await database.close();
    port.postMessage({ id: request.id, bytes: new Uint8Array(0) });
    port.close();
    return;
  }
  if ('dump' in request) {
    const tar = new Uint8Array(await (await database.dumpDataDir('none')).arrayBuffer());
    port.postMessage({ id: request.id, bytes: tar }, [tar.buffer]);
    return;
  }
  /** @type {Uint8Array[]} */
  const parts = [];
  // The bytes given are a window on PGlite's memory, which the next ones overwrite: hence the copies.
  const onRawData = (/** @type {Uint8Array} */ part) => parts.push(part.slice());
  await database.execProtocolRawStream(request.bytes, { syncToFs: false, onRawData });
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  port.postMessage({ id: request.id, bytes }, [bytes.buffer]);
}
