/** `BaseStore` of LangGraph.js over PostgreSQL. The one part of Stockroom that needs `@langchain/langgraph-checkpoint` installed. */
export type { VersionedItem } from './reads.ts';
export { createLangGraphStore, LangGraphStore, type LangGraphStoreOptions } from './store.ts';
export type { VersionedPut } from './writes.ts';
