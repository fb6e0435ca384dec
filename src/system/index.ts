export { computeOutcomes, evaluateDue } from './compute.ts';
export { type SavedWhole, saveRun } from './save-run.ts';
export { openStores, type OpenStoresOptions, type Stores, type StoreSystem } from './stores.ts';
