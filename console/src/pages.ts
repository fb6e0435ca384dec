import type { ComponentType } from 'preact';
import { lazy } from './lib/lazy.tsx';

export interface PageEntry {
  id: string;
  name: string;
  Page: ComponentType;
}

const nothing = {};
type Props = typeof nothing;

/** The pages in the order of the navigation; the first one is where the console opens. */
export const pages: readonly PageEntry[] = [
  {
    id: 'overview',
    name: 'Overview',
    Page: lazy<Props>(() => import('./pages/overview/page.tsx'), 'The overview'),
  },
  {
    id: 'migration',
    name: 'Migration',
    Page: lazy<Props>(() => import('./pages/migration/page.tsx'), 'The migration'),
  },
  { id: 'spend', name: 'Spend', Page: lazy<Props>(() => import('./pages/spend/page.tsx'), 'The spend') },
  { id: 'picks', name: 'Picks', Page: lazy<Props>(() => import('./pages/picks/page.tsx'), 'The picks') },
  {
    id: 'performance',
    name: 'Performance',
    Page: lazy<Props>(() => import('./pages/performance/page.tsx'), 'The performance'),
  },
  { id: 'prices', name: 'Prices', Page: lazy<Props>(() => import('./pages/prices/page.tsx'), 'The prices') },
  { id: 'scores', name: 'Scores', Page: lazy<Props>(() => import('./pages/scores/page.tsx'), 'The scores') },
  { id: 'memory', name: 'Memory', Page: lazy<Props>(() => import('./pages/memory/page.tsx'), 'The memory') },
  { id: 'cache', name: 'Cache', Page: lazy<Props>(() => import('./pages/cache/page.tsx'), 'The cache') },
];
