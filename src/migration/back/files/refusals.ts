import { codeOf, messageOf, StockroomError } from '../../../core/errors.ts';
import type { RowKey } from '../../ledger.ts';
import { notWritable } from './replace-file.ts';

/** A row that no text of the file loads as. */
export function unlike(path: string, key: RowKey | null): StockroomError {
  return notWritable(
    path,
    `the old format cannot hold the row ${key === null ? 'that was made here' : JSON.stringify(String(key))} as it is: ` +
      'what it could be written as would load as something else',
  );
}

export function alreadyTaken(path: string): StockroomError {
  return new StockroomError(
    'TARGET_EXISTS',
    `${path} is there already and holds something else: move it away, and the row can be written`,
    { details: { file: path } },
  );
}

export function changedMeanwhile(path: string): StockroomError {
  return new StockroomError(
    'SOURCE_LOCKED',
    `${path} was changed by somebody whenever it was about to be written: stop the old application, and go on. It is as they left it`,
    { details: { file: path } },
  );
}

/** The refusal that an error is of all changes of a file; null for one that is no matter of the file. */
export function refusalOf(path: string, error: unknown): StockroomError | null {
  if (error instanceof StockroomError) return /^(?:SOURCE_|TARGET_)/.test(error.code) ? error : null;
  if (!/^E[A-Z]+$/.test(codeOf(error))) return null;
  return new StockroomError(
    'SOURCE_UNREADABLE',
    `${path} cannot be read: ${messageOf(error)}. It is as it was`,
    {
      cause: error,
      details: { file: path },
    },
  );
}
