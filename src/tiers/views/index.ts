export { batched } from './batched.ts';
export { distrustEveryKey } from './every-key.ts';
export {
  compareKey,
  rebuildView,
  standing,
  verifyView,
  type ViewDifference,
  type ViewReport,
} from './audit.ts';
export { type ViewSettings, viewDefaults } from './settings.ts';
export { transact } from './transact.ts';
export type { Built, Source, View } from './view.ts';
export { type BoundView, type Changes, createViews, type Views, type ViewsOptions } from './views.ts';
