// Runs jobs-child.ts in a process of its own, with the arguments that it names.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

await runnerImport(fileURLToPath(new URL('jobs-child.ts', import.meta.url)));
