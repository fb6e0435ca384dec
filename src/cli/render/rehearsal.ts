import type { Phase, Rehearsal, ReturnExample, TableReturn } from '../../migration/rehearse/index.ts';
import type { Colors } from '../io.ts';
import {
  absentLines,
  collapsed,
  quarantineLines,
  section,
  unclaimedLines,
  unreadableLines,
  warningLines,
} from './sections.ts';
import { type Column, table } from './table.ts';
import { bytes, count, counted, duration, plain } from './text.ts';

const phaseColumns: Column[] = [
  { title: 'phase' },
  { title: 'took', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'rows/s', align: 'right' },
  { title: 'size', align: 'right' },
];

const tableColumns: Column[] = [
  { title: 'table or files' },
  { title: 'rows', align: 'right' },
  { title: 'exact', align: 'right' },
  { title: 'same meaning', align: 'right' },
  { title: 'different', align: 'right' },
  { title: 'missing', align: 'right' },
  { title: 'expired', align: 'right' },
];

const does: Record<Phase['name'], string> = {
  snapshot: 'snapshot taken',
  inspect: 'inspected',
  run: 'copied and verified',
  verify: 'verified again',
  back: 'written back',
  compare: 'compared',
};

/** What a rehearsal found, for people; `--json` prints the rehearsal itself. */
export function renderRehearsal(rehearsal: Rehearsal, colors: Colors): string[] {
  const found = rehearsal.sources.filter(({ files }) => files.length > 0);
  const filled = rehearsal.tables.filter(({ rows, unexpected }) => rows + unexpected > 0);
  return [
    verdict(rehearsal, colors),
    '',
    ...table(phaseColumns, rehearsal.phases.map(phaseCells)),
    ...(filled.length === 0 ? [] : ['', 'The way back, by storage class and bytes:']),
    ...(filled.length === 0
      ? []
      : table(tableColumns, [...filled.map(tableCells), ...totals(rehearsal, filled)])),
    ...backLines(rehearsal),
    ...absentLines(rehearsal),
    ...quarantineLines(found, 'Would go into quarantine, with every byte'),
    ...unreadableLines(rehearsal.unreadable),
    ...warningLines(rehearsal.warnings),
    ...leftOutLines(rehearsal),
    ...unclaimedLines(rehearsal.unclaimed),
    '',
    ...predictionLines(rehearsal),
    ...endLines(rehearsal),
  ];
}

function verdict(rehearsal: Rehearsal, colors: Colors): string {
  const { exit, back, sources, unreadable, verified, elapsed_ms: elapsed } = rehearsal;
  const time = ` (${duration(elapsed)})`;
  const read = sources.reduce((sum, source) => sum + source.read, 0);
  const rows = `${counted(read, 'row')} moved there, ${count(back.rows - back.missing - back.left)} of them back`;
  switch (exit) {
    case 0:
      return `${colors.green('Rehearsed: everything is proven, and every row comes back.')} ${rows}${time}`;
    case 3: {
      const quarantined = sources.reduce((sum, source) => sum + source.quarantined, 0);
      const besides = [
        ...(quarantined > 0 ? [`${counted(quarantined, 'row')} would be in quarantine`] : []),
        ...(unreadable.length > 0 ? [`${counted(unreadable.length, 'file')} could not be read`] : []),
      ];
      const but = `Rehearsed and proven, every row comes back, but ${besides.join(' and ')}.`;
      return `${colors.yellow(but)} ${rows}${time}`;
    }
    case 4: {
      const faults = [
        ...(verified.differences > 0 ? [`${counted(verified.differences, 'row')} differ in PostgreSQL`] : []),
        ...(back.different > 0 ? [`${counted(back.different, 'row')} would come back different`] : []),
        ...(back.missing > 0 ? [`${counted(back.missing, 'row')} would not come back`] : []),
        ...(back.unexpected > 0
          ? [`${counted(back.unexpected, 'row')} would come back that never were there`]
          : []),
      ];
      return `${colors.red(`The rehearsal found differences: ${faults.join(', ')}.`)}${time}`;
    }
    default:
      return `${colors.red('Failed: not every row that was read has a place.')}${time}`;
  }
}

function phaseCells({ name, elapsed_ms: elapsed, rows, bytes: size }: Phase): string[] {
  const rate = rows === null || elapsed === 0 ? '' : count(Math.round((rows * 1000) / elapsed));
  return [
    does[name],
    duration(elapsed),
    rows === null ? '' : count(rows),
    rate,
    size === null ? '' : bytes(size),
  ];
}

const tallied = ['rows', 'exact', 'same_meaning', 'different', 'missing', 'left'] as const;

function tableCells(one: TableReturn): string[] {
  const name = one.table === '' ? `${one.source}: ${one.file}` : `${one.file}:${one.table}`;
  return [plain(name), ...tallied.map((field) => count(one[field]))];
}

function totals({ back }: Rehearsal, filled: readonly TableReturn[]): string[][] {
  return filled.length < 2 ? [] : [['all', ...tallied.map((field) => count(back[field]))]];
}

function exampleLine({ source, file, key, column, was, came }: ReturnExample): string {
  const where = column === '' ? '' : `, ${plain(column)}`;
  return `${source}: row ${plain(key)} of ${plain(file)}${where}: was ${plain(was)}, came ${plain(came)}`;
}

function backLines({ tables, differences, back }: Rehearsal): string[] {
  const forms = tables.flatMap(({ source, forms: seen }) =>
    seen.map(({ column, values, example: { key, was, came } }) => {
      const example = `row ${plain(key)} was ${plain(was)}, came ${plain(came)}`;
      return `${source}.${plain(column)}: ${counted(values, 'value')}; ${example}`;
    }),
  );
  const others = [
    ...(back.from_quarantine > 0
      ? [`${counted(back.from_quarantine, 'row')} out of the quarantine, byte for byte`]
      : []),
    ...(back.from_duplicates > 0
      ? [`${counted(back.from_duplicates, 'row')} that another file holds as well, from there`]
      : []),
    ...(back.left > 0
      ? [`${counted(back.left, 'row')} whose time is over: not loaded, they stay in the old file alone`]
      : []),
  ];
  const total = back.different + back.missing + back.unexpected;
  return [
    ...section(`Come back different (${counted(total, 'row')})`, collapsed(differences.map(exampleLine))),
    ...section('Come back with the same meaning in another spelling', collapsed(forms)),
    ...section('Of these rows', others),
  ];
}

function leftOutLines({ left_out: leftOut }: Rehearsal): string[] {
  const names = leftOut.map(
    ({ source, files, rows }) => `${source} ${count(rows)} in ${counted(files, 'file')}`,
  );
  return section(
    'Loaded and verified, but not written back: these have no way back',
    names.length === 0 ? [] : [names.join(', ')],
  );
}

function predictionLines({ prediction, directory }: Rehearsal): string[] {
  const { run_ms: run, verify_ms: verify, database_bytes: size } = prediction;
  return [
    `The real move: about ${duration(run)} for \`stockroom migrate run ${directory}\`, ${duration(verify)} for another ` +
      `\`migrate verify\`, ${bytes(size)} in PostgreSQL (tables and indexes).`,
  ];
}

function endLines({ exit, directory, scratch }: Rehearsal): string[] {
  const kept =
    scratch === null
      ? [`Nothing was changed in ${directory}, and the scratch is removed.`]
      : [
          `Nothing was changed in ${directory}. Kept: ${scratch.directory} (snapshot/ and back/), schema ${scratch.schema}.`,
        ];
  return [...kept, `Next: ${nextStep(exit, directory)}`];
}

function nextStep(exit: number, directory: string): string {
  switch (exit) {
    case 0:
      return `\`stockroom migrate run ${directory}\`.`;
    case 3:
      return `repair at the source what is named above, or run \`stockroom migrate run ${directory}\`, which sets it aside.`;
    default:
      return `do not move yet; \`stockroom migrate rehearse ${directory} --keep\` leaves both versions for a look.`;
  }
}
