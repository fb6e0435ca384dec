import type { TestProject } from 'vitest/node';
import { startPostgres } from './servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The PostgreSQL of this run, as its superuser. Tests make databases of their own in it: see database.ts. */
    postgresUrl: string;
  }
}

/** One PostgreSQL serves the whole run: making a cluster takes a second, making a database in it a tenth of one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
  return () => postgres.stop();
}
