import { expect } from 'vitest';
import type { Finding } from '../../src/operations/doctor/finding.ts';

/** A finding is as it should be, and says what to do where it is not well. */
export function tells(finding: Finding | undefined, status: Finding['status'], text: RegExp): void {
  expect(finding).toMatchObject({ status });
  expect(`${finding!.finding} ${finding!.remedy}`).toMatch(text);
  if (status !== 'ok' && status !== 'skip') expect(finding!.remedy).toMatch(/\w{3}/);
}
