export { isHotError } from './errors.ts';
export { companionKey, keyPart, partOf } from './keys.ts';
export { ENTRY_FAMILY, openHot, type OpenHotOptions } from './open.ts';
export * from './port.ts';
export { Remembered } from './remembered.ts';
export { hotDefaults, type HotSettings } from './settings.ts';
