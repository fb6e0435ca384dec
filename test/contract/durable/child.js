// Runs a TypeScript module of the tests in a process of its own: `node child.js MODULE ARGUMENT…`.
import { runnerImport } from 'vite';

const [path, ...args] = process.argv.slice(2);
const { module } = /** @type {{ module: { main(...args: string[]): Promise<void> } }} */ (
  await runnerImport(/** @type {string} */ (path), { logLevel: 'error', configFile: false })
);
await module.main(...args);
