export { archiveStore, type ArchivedTable, type ArchiveOptions } from './archive.ts';
export {
  type ExportedFile,
  type ExportFormat,
  exportFormats,
  type ExportOptions,
  exportStore,
} from './export.ts';
export { storesWithHistory } from './tables.ts';
