// Starts one server as a test would, says where, and waits to be killed (see servers.test.ts). A process of its own in
// JavaScript, because Node 20 starts no TypeScript file; Vite loads the TypeScript.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const file = fileURLToPath(new URL('servers.ts', import.meta.url));
const { module } = await runnerImport(file, { configFile: false, logLevel: 'error' });
/** @type {typeof import('./servers.ts')} */
const servers = module;
const server = process.argv[2] === 'postgres' ? await servers.startPostgres() : await servers.startRedis();
process.send?.({ pid: server.pid, port: server.port, directory: server.directory });
// The channel to the test keeps this process alive.
process.on('message', () => undefined);
