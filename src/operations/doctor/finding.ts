import { messageOf, StockroomError } from '../../core/errors.ts';

export type Status = 'ok' | 'warn' | 'fail' | 'skip';

/** What one check found. */
export interface Finding {
  readonly check: string;
  /**
   * `warn`: it works, and will cost something. `fail`: it does not work, or answers cannot be relied on. `skip`: it was not looked at,
   * because of something that another check tells.
   */
  readonly status: Status;
  /** In a sentence. */
  readonly finding: string;
  /** What was looked at: names and values, never a secret. */
  readonly evidence: Readonly<Record<string, unknown>>;
  /** What to do; null where nothing has to be. */
  readonly remedy: string | null;
}

/** What a check says of its findings; its name stands beside it. */
export type Found = Omit<Finding, 'check'>;

export const ok = (finding: string, evidence: Found['evidence'] = {}): Found => ({
  status: 'ok',
  finding,
  evidence,
  remedy: null,
});
export const warn = (finding: string, evidence: Found['evidence'], remedy: string): Found => ({
  status: 'warn',
  finding,
  evidence,
  remedy,
});
export const fail = (finding: string, evidence: Found['evidence'], remedy: string): Found => ({
  status: 'fail',
  finding,
  evidence,
  remedy,
});

/** What could not be looked at. Nobody should take it for well. */
export const skip = (why: string): Found => ({ ...ok(`Not looked at: ${why}`), status: 'skip' });

/** A check that could not be made is one that failed: nobody should take silence for health. */
export async function checked(check: string, work: () => Promise<Found> | Found): Promise<Finding> {
  try {
    return { check, ...(await work()) };
  } catch (error) {
    const code = error instanceof StockroomError ? error.code : 'INTERNAL';
    const found = fail(
      `It could not be checked: ${messageOf(error)}`,
      { code },
      'See docs/errors.md for the code, and call the command again.',
    );
    return { check, ...found };
  }
}
