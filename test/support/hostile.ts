/**
 * Old directories in which something is wrong, for end-to-end tests. Each function builds one in a directory of the
 * caller's (existing or not, otherwise empty) and returns what a migration of it must report.
 */
export {
  hotJournal,
  lockedDatabase,
  sameTableTwice,
  utf16Database,
  walOnlyRows,
} from './hostile/databases.ts';
export {
  emptyFile,
  lfsPointer,
  notADatabase,
  symlinkLoop,
  unclaimedFiles,
  unreadableFile,
} from './hostile/files.ts';
export type { Expectation, ExpectedSource } from './hostile/kit.ts';
export { extraColumns, fewerColumns, foreignTables, olderShapes } from './hostile/shapes.ts';
export { oneBadRow, type WeirdRow, weirdValues } from './hostile/values.ts';
