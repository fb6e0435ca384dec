export { openStores, type OpenStoresOptions, type Stores, type StoreSystem } from './stores.ts';
