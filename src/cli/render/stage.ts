import type { MoveReport, StoreStage } from '../../migration/index.ts';
import { table } from './table.ts';

const authorities = { old: 'the old files', new: 'PostgreSQL', both: 'not decided' } as const;

const isUnknown = ({ authority, lag }: StoreStage): boolean => authority === 'old' && lag.old === null;

/** The stages of stores: a line each, and of one store alone what comes next and what was moved. */
export function stageLines(stages: readonly StoreStage[], inFull: boolean): string[] {
  const lines = table(
    [
      { title: 'store' },
      { title: 'stage' },
      { title: 'writes go to' },
      { title: 'ramp', align: 'right' },
      { title: 'waiting', align: 'right' },
      { title: 'reads', align: 'right' },
      { title: 'differ', align: 'right' },
    ],
    stages.map((one) => [
      one.store,
      one.state === 'fenced' ? `${one.stage} (moving)` : one.stage,
      authorities[one.authority],
      one.stage === 'live' ? `${one.ramp} %` : '-',
      isUnknown(one) ? 'unknown' : String(one.authority === 'old' ? one.lag.old : one.lag.new),
      String(one.shadow.match + one.shadow.in_flight),
      String(one.shadow.mismatch + one.shadow.missing + one.shadow.extra),
    ]),
  );
  if (stages.some(isUnknown))
    lines.push(
      '',
      'waiting: unknown where the old files cannot be asked from here; `stockroom follow` beside them can',
    );
  if (inFull) for (const one of stages) lines.push('', ...storeLines(one));
  return lines;
}

function storeLines(one: StoreStage): string[] {
  const lines = [`directory: ${one.directory ?? 'none yet: the first move asks for it'}`];
  for (const { stage, gates } of one.next) {
    lines.push(`next: ${stage}`);
    for (const { name, passed, detail } of gates)
      lines.push(`  ${passed ? 'open  ' : 'closed'}  ${name}: ${detail}`);
  }
  for (const { at, from, to, outcome, forced } of one.moves)
    lines.push(`${at}  ${from} to ${to}: ${outcome}${forced === null ? '' : ` (forced: ${forced})`}`);
  return lines;
}

export function moveLines(report: MoveReport): string[] {
  const lines: string[] = [];
  for (const { stage, gates } of report.evidence) {
    lines.push(`${stage}:`);
    for (const { name, passed, detail } of gates)
      lines.push(`  ${passed ? 'open  ' : 'closed'}  ${name}: ${detail}`);
  }
  const ramp = report.stage === 'live' ? `, ${report.ramp} % of the reads` : '';
  const moved = report.from === report.stage ? 'is in' : `went from ${report.from} to`;
  return [...lines, `${report.store} ${moved} ${report.stage}${ramp} (epoch ${report.epoch})`];
}
