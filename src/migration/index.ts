export {
  installCaptureIn,
  removeCaptureIn,
  type CapturedFile,
  type CaptureInstallation,
  type CaptureOptions,
  type CaptureRemoval,
} from './capture.ts';
export {
  checkCertificate,
  parseCertificate,
  type Certificate,
  type CertificateCheck,
} from './certificate.ts';
export {
  cleanupDirectory,
  type CleanupOptions,
  type CleanupReport,
  restoreArchive,
  type RestoreOptions,
  type RestoreReport,
} from './cleanup/index.ts';
export {
  followDirectory,
  type FollowedFile,
  type FollowOptions,
  type FollowReport,
  type FollowStatus,
} from './follow/index.ts';
export { inspectDirectory, type Inspection, type InspectOptions, type SourceInspection } from './inspect.ts';
export { rehearse } from './rehearse/index.ts';
export { exitCodeOf, type Report, type SourceReport, type Warning } from './report.ts';
export { runMigration, verifyMigration, type MigrationOptions } from './run.ts';
export { parseTimezones, type Timezones } from './settings.ts';
export { defineSource, type SourceDefinition } from './source.ts';
export { builtInSources } from './sources/index.ts';
export {
  createMigrationHistory,
  type MigrationHistory,
  type MigrationRun,
  type QuarantinedRow,
} from './history.ts';
export { lastCertificate, listQuarantine, migrationStatus, type MigrationStatus } from './state.ts';
export {
  type Gate,
  type MoveOptions,
  type MoveReport,
  parseStage,
  type ReadRoute,
  routeRead,
  setStage,
  showStages,
  type Stage,
  type StageMove,
  STAGES,
  type StoreStage,
} from './stages/index.ts';
export type { Unreadable } from './unit.ts';
export type { Difference } from './verify.ts';
