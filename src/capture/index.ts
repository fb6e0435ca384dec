export { installCapture, type CapturedTable, type InstalledCapture } from './install.ts';
export { readTableKeys, type KeyColumn, type TableKeys } from './keys.ts';
export { removeCapture } from './remove.ts';
export {
  hasCapture,
  installedTriggers,
  readCaptureState,
  uncapturedTables,
  type CaptureState,
  type InstalledTrigger,
} from './state.ts';
export { CAPTURE_VERSION, CHANGES_TABLE, CONTROL_TABLE, isCaptureTable } from './tables.ts';
export { triggersOf, type Trigger } from './triggers.ts';
export {
  type FenceRow,
  fencedStores,
  holdFence,
  installFence,
  isFenced,
  readFence,
  setFence,
  type SideState,
} from './fence.ts';
