export { createHotState, type HotStateOptions } from './hot-state.ts';
export type { JsonValue } from './json.ts';
export type { HotState, ListedState, ListOptions, PutOptions } from './port.ts';
export { hotStateDefaults, type HotStateSettings } from './settings.ts';
