export {
  applyToFile,
  type FileBack,
  type FileBackContext,
  type FileBackOptions,
  fileBackOf,
  type FileChange,
  type FileOutcome,
  type FilePlace,
  type PlacedChange,
  writeFileBack,
} from './files/index.ts';
export { DUMPS, type JsonForm, writeJson } from './json-form.ts';
export {
  InvalidText,
  loadedAs,
  type LoadedValue,
  type OldValue,
  sameDocument,
  sameLoaded,
} from './loaded.ts';
export { type Original, originalValue } from './original.ts';
export { type QuarantinedBytes, quarantinedPages, quarantinedRow } from './quarantined.ts';
export { loadedPages, newPages, newStates, originalsOf, tuplesByRow, tuplesOf } from './read-loaded.ts';
export { newPrices } from './new-prices.ts';
export { learnStyle, type TableStyle, usualTimeForm } from './style.ts';
export { type LoadedTuple, type OldRow, TableBack, TableLayout } from './table-back.ts';
export { pythonForm, type TimeForm, writeTime } from './time-form.ts';
