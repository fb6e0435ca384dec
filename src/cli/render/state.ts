import type {
  CertificateCheck,
  Certificate,
  MigrationStatus,
  QuarantinedRow,
} from '../../migration/index.ts';
import type { Colors } from '../io.ts';
import { placeLines, type Place } from './report.ts';
import { collapsed, section } from './sections.ts';
import { table } from './table.ts';
import { count, counted, plain, shorten } from './text.ts';

const ORIGINAL_SHOWN = 200;

/** What the database knows of its migration, for people. */
export function renderStatus(status: MigrationStatus, place: Place): string[] {
  const { last_run: last, directories, sources, quarantined, originals, timezones } = status;
  if (last === null) return ['No migration has been run on this database.', ...placeLines(place)];
  const outcome =
    last.exit_code === null
      ? 'has not ended: it runs, or it was killed'
      : `ended with exit code ${last.exit_code}`;
  const rows = sources.map((source) => [
    source.id,
    count(source.loaded),
    count(source.quarantined),
    `${count(source.verified_chunks)} of ${count(source.chunks)}`,
  ]);
  return [
    `The last \`migrate ${last.command}\` of ${plain(last.directory)}, begun ${last.started_at}, ${outcome}.`,
    '',
    ...table(
      [
        { title: 'source' },
        { title: 'loaded', align: 'right' },
        { title: 'quarantined', align: 'right' },
        { title: 'chunks verified', align: 'right' },
      ],
      rows,
    ),
    '',
    `${counted(quarantined, 'row')} in quarantine, ${counted(originals, 'original value')} kept.`,
    ...section('Directories', directories.map(plain)),
    ...section(
      'Zones that were given',
      timezones.map(({ source, column, zone }) => `${source}.${column} is read in ${zone}`),
    ),
    '',
    ...placeLines(place),
  ];
}

/** Quarantined rows with their reasons, for people. `more` is the command that shows the next page. */
export function renderQuarantine(items: readonly QuarantinedRow[], more: string | null): string[] {
  if (items.length === 0) return ['No row is in quarantine.'];
  const rows = items.flatMap(
    ({ source, file, key, column, reason, detail, original, original_format: format }) => [
      `${source}  ${plain(file)}  row ${plain(key)}`,
      `  ${reason}${column === null ? '' : ` in ${column}`}: ${plain(detail)}`,
      `  ${format === 'base64' ? 'base64: ' : ''}${shorten(plain(original), ORIGINAL_SHOWN)}`,
      '',
    ],
  );
  return more === null ? rows.slice(0, -1) : [...rows, `There are more: \`${more}\``];
}

/** Whether what is loaded is what a certificate states, for people. */
export function renderCheck(check: CertificateCheck, certificate: Certificate, colors: Colors): string[] {
  const { issued_at: issued, directory } = certificate;
  const about = `the certificate of ${issued} for ${plain(directory)}`;
  if (check.ok) {
    const rows = `${counted(check.rows, 'row')} in ${counted(check.chunks, 'chunk')}`;
    return [`${colors.green('Proven:')} ${rows} are as ${about} states.`];
  }
  const total = check.differences.length;
  const lines = check.differences.map(
    ({ source, unit, key, kind }) =>
      `${source}: ${kind}: row ${plain(key)} of ${plain(unit) || 'its own file'}`,
  );
  return [
    `${colors.red(counted(total, 'difference'))} between what is loaded and ${about}.`,
    ...section('Differences', collapsed(lines, total)),
  ];
}
