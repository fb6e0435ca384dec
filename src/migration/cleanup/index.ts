export { cleanupDirectory, type CleanupOptions } from './cleanup.ts';
export type { CleanupProgress, CleanupReport, Removal, RestoreReport } from './report.ts';
export { restoreArchive, type RestoreOptions } from './restore.ts';
export type { StayingFile } from './verdict.ts';
