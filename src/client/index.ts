/** `stockroom/client`: the HTTP API with types, for Node.js and browsers. It needs `fetch`, and no other part of Stockroom. */
export { type ClientOptions, clientDefaults, createClient } from './client.ts';
export type { paths } from './paths.ts';
export { type ClientCode, type InputFault, StockroomProblem } from './problem.ts';
export type { CallOptions, Client, ItemOf, LinesPath, ListPath, PageOf } from './types.ts';
