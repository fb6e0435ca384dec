export { type BackupOptions, type BackupReport, backUp } from './backup/backup.ts';
export type { Manifest } from './backup/manifest.ts';
export { restore, type RestoreOptions, type RestoreReport } from './backup/restore.ts';
export { examine, type Examination, type ExamineOptions, type Finding } from './doctor/doctor.ts';
