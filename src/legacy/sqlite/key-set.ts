import Database from 'better-sqlite3';

/** A map of text on disk, for more keys than memory should hold; the file is scratch and belongs to the caller. */
export class KeySet {
  private readonly database: InstanceType<typeof Database>;
  private readonly insert: Database.Statement<[string, string]>;
  private readonly select: Database.Statement<[string]>;

  constructor(file: string) {
    this.database = new Database(file);
    this.database.pragma('journal_mode = OFF');
    this.database.pragma('synchronous = OFF');
    this.database.pragma('locking_mode = EXCLUSIVE');
    this.database.exec(
      'CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID; BEGIN',
    );
    this.insert = this.database.prepare<[string, string]>('INSERT OR IGNORE INTO entries VALUES (?, ?)');
    this.select = this.database.prepare<[string]>('SELECT value FROM entries WHERE key = ?').pluck();
  }

  /** False when the key is there already; its value stays. */
  put(key: string, value: string): boolean {
    return this.insert.run(key, value).changes === 1;
  }

  get(key: string): string | null {
    return (this.select.get(key) as string | undefined) ?? null;
  }

  /** How many entries whose key begins with `prefix` have a value that is no key. */
  countDangling(prefix: string): number {
    return this.database
      .prepare(
        `SELECT count(*) FROM entries c WHERE c.key >= ? AND c.key < ? AND NOT EXISTS (SELECT 1 FROM entries p WHERE p.key = c.value)`,
      )
      .pluck()
      .get(prefix, `${prefix}\u{10FFFF}`) as number;
  }

  close(): void {
    this.database.close();
  }
}
