import type { Inspection, SourceInspection } from '../../migration/index.ts';
import type { Colors } from '../io.ts';
import { absentLines, quarantineLines, unclaimedLines, unreadableLines, warningLines } from './sections.ts';
import { type Column, table } from './table.ts';
import { bytes, count, counted, duration } from './text.ts';

const columns: Column[] = [
  { title: 'source' },
  { title: 'files', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'would load', align: 'right' },
  { title: 'quarantine', align: 'right' },
  { title: 'skip', align: 'right' },
  { title: 'alter', align: 'right' },
];

function cells(source: SourceInspection): string[] {
  return [
    source.id,
    count(source.files.length),
    bytes(source.bytes),
    count(source.read),
    count(source.loadable),
    count(source.quarantined),
    source.skipped_reason === null
      ? count(source.skipped)
      : `${count(source.skipped)} ${source.skipped_reason}`,
    count(source.altered),
  ];
}

/** What is in an old directory and what a run would make of it, for people. */
export function renderInspection(inspection: Inspection, colors: Colors): string[] {
  const { directory, sources, elapsed_ms: elapsed } = inspection;
  const found = sources.filter(({ files }) => files.length > 0);
  const rows = found.reduce((sum, source) => sum + source.read, 0);
  const loadable = found.reduce((sum, source) => sum + source.loadable, 0);
  const paint = inspection.exit === 0 ? colors.green : colors.yellow;
  const verdict = `${counted(rows, 'row')} in ${counted(found.length, 'source')}; a run would load ${count(loadable)}.`;
  return [
    `${paint(verdict)} (${duration(elapsed)})`,
    '',
    ...table(columns, found.map(cells)),
    ...absentLines(inspection),
    ...quarantineLines(found, 'Would go into quarantine, with every byte'),
    ...unreadableLines(inspection.unreadable),
    ...warningLines(inspection.warnings),
    ...unclaimedLines(inspection.unclaimed),
    '',
    `Nothing was written. Next: \`stockroom migrate run ${directory}\`.`,
  ];
}
