import type { Session } from '../../tiers/durable/index.ts';
import { discover } from '../discover.ts';
import { filesOfOnly } from '../owners.ts';
import type { Place } from './place.ts';
import { isCompanion } from './polled.ts';
import type { ChangedFile, Watch } from './watch.ts';

/** The source whose files a companion says something of. */
const COMPANION_OF = 'price_history';

/** The files that nobody follows any more: all their stores are complete. That one is gone, or empty, is no news. */
export class OverFiles {
  private readonly place: Place;
  private paths = new Set<string>();
  private hasCompanions = false;

  constructor(place: Place) {
    this.place = place;
  }

  async load(session: Pick<Session, 'query'>): Promise<void> {
    const { completed, prefix } = this.place;
    const names = await filesOfOnly(session, completed, prefix);
    this.paths = new Set([...names].map((name) => name.slice(prefix.length)));
    this.hasCompanions = completed.some(({ id }) => id === COMPANION_OF);
  }

  has(path: string): boolean {
    return this.paths.has(path) || (this.hasCompanions && isCompanion(path));
  }

  get names(): string[] {
    return [...this.paths].sort();
  }

  /**
   * Those of the changed files that are followed. A file that is over and changed is looked into first: the books know no
   * table without rows, and another store may have one in it.
   */
  async without(changed: readonly ChangedFile[], watch: Watch): Promise<ChangedFile[]> {
    const asked = new Set(changed.map(({ path }) => path).filter((path) => this.has(path)));
    if (asked.size === 0) return [...changed];
    const { directory, sources, prefix } = this.place;
    const discovery = await discover(directory, sources, prefix, ({ path }) => asked.has(path));
    await discovery.close();
    for (const path of discovery.units.flatMap(({ files }) => files)) this.paths.delete(path);
    const left = changed.filter(({ path }) => this.has(path));
    for (const { path, fingerprint } of left) watch.done(path, fingerprint);
    return changed.filter(({ path }) => !this.has(path));
  }
}
