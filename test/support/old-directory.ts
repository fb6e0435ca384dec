import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addTable, put, requests, type Row, withDatabase } from './hostile/kit.ts';

export { requests } from './hostile/kit.ts';

export const REQUESTS = 'cache/llm_costs.db';

/** An old directory that changes between two runs, as its application goes on. */
export class OldDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'stockroom-old-'));

  /** Adds a table with rows; `definition` is the old application's own unless given. */
  table(file: string, name: string, rows: readonly Row[], definition?: string): this {
    addTable(this.path, file, name, rows, definition);
    return this;
  }

  /** Adds the table of requests with ordinary rows, ids from 1 on. */
  requests(count: number): this {
    return this.table(REQUESTS, 'llm_requests', requests(count));
  }

  write(file: string, content: string | Uint8Array): this {
    put(this.path, file, content);
    return this;
  }

  /** What the old application does to a database of its own. */
  change(sql: string, file: string = REQUESTS): void {
    withDatabase(this.path, file, (db) => db.exec(sql));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
