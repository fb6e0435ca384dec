import type { Finding } from '../../operations/index.ts';
import type { Colors } from '../io.ts';
import { count, counted, plain, shorten } from './text.ts';

const NAME_WIDTH = 21;
const INDENT = ' '.repeat(6);
/** Evidence is printed in full with --json. */
const EVIDENCE_MAX = 300;

/** A line a check; below what is not well stand the evidence and the remedy. */
export function examinationLines(findings: readonly Finding[], colors: Colors): string[] {
  const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red, skip: colors.yellow };
  const lines = findings.flatMap(({ check, status, finding, evidence, remedy }) => [
    `${paint[status](status.padEnd(4))}  ${check.padEnd(NAME_WIDTH)} ${plain(finding)}`,
    ...(status === 'ok' || status === 'skip' || Object.keys(evidence).length === 0
      ? []
      : [`${INDENT}seen: ${shorten(plain(JSON.stringify(evidence)), EVIDENCE_MAX)}`]),
    ...(remedy === null ? [] : [`${INDENT}do:   ${plain(remedy)}`]),
  ]);
  const of = (status: Finding['status']): number => findings.filter((one) => one.status === status).length;
  const skipped = of('skip') === 0 ? '' : `, ${count(of('skip'))} not looked at`;
  const verdict = `${counted(findings.length, 'check')}: ${count(of('ok'))} well, ${count(of('warn'))} to look at, ${count(of('fail'))} failed${skipped}.`;
  return [...lines, '', of('fail') > 0 ? colors.red(verdict) : verdict];
}
