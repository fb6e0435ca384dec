// Runs a benchmark written in TypeScript: node bench/run.js FILE [arguments of the benchmark].
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const [, , file, ...args] = process.argv;
if (file === undefined) throw new Error('expected the file of a benchmark, for example bench/migrate.ts');
const { module } = await runnerImport(resolve(file));
await module.main(args);
