import type { Result } from './compete.ts';
import { AIM, type InsertLine } from './llm-inserts.ts';

export interface Results {
  readonly machine: string;
  readonly results: readonly Result[];
  readonly inserts: readonly InsertLine[];
}

/** The plan's own claim is 10 to 100 times SQLite under concurrent use. */
const CLAIM = 10;

const notes = [
  'Ours: one process, so many calls in flight; every append is answered after its commit (fsync on). The old side: a process a caller, and for every call a new connection, the statements, commit and close (SQLite with its default journal, busy_timeout 5 s).',
  'Calls that end within the time are counted. `locked`: calls of the old side that gave up with "database is locked". `torn`: reads of a file that another process was writing. `failed`: calls of ours that failed; `lost`: rows that were acknowledged to us and are not there.',
  'Scores, candles, market cache and sessions: the old side reads the JSON file and parses it. It is written in JavaScript; the application itself was in Python, which is not measured here.',
  'INSERT with many in flight into the table of the log waits for one row: its triggers keep the sums of the day, and the log itself writes many requests in one transaction.',
  'Sessions lived in the memory of one old process, shared with nobody and lost with it, and its market cache had a copy there as well. Beside ours stands what that application kept for others to read: the file of a user (a put reads it and writes it anew, with no fsync), and the copy on disk.',
];

export function markdown({ machine, results, inserts }: Results): string {
  const parts = [machine];
  const append = results.filter(({ row }) => row.kind === 'append');
  const hot = results.filter(({ row }) => row.kind === 'hot');
  if (append.length > 0) parts.push('## Durable appends', table(append));
  if (hot.length > 0) parts.push('## Hot operations', table(hot));
  if (inserts.length > 0)
    parts.push('## The log of LLM requests beside one INSERT a commit', insertTable(inserts));
  parts.push(notes.map((note) => `- ${note}`).join('\n'));
  const missed = [...results.flatMap(missedClaim), ...missedAim(inserts)];
  parts.push(
    missed.length === 0 ? 'No aim is missed.' : `Missed:\n\n${missed.map((one) => `- ${one}`).join('\n')}`,
  );
  return parts.join('\n\n');
}

/** What is below its aim: the claim for callers at once, and for one alone not to be slower. */
function missedClaim({ row, callers, ours, old, lost = 0 }: Result): string[] {
  const wanted = callers > 1 ? CLAIM : 1;
  const losses = lost === 0 ? [] : [`${row.title}, ${callers} callers: ${lost} rows lost`];
  if (ours >= old * wanted) return losses;
  return [...losses, `${row.title}, ${callers} callers: ${ratio(ours, old)}, aim ${wanted} ×`];
}

function missedAim(inserts: readonly InsertLine[]): string[] {
  const ours = inserts.find(({ role }) => role === 'ours');
  if (ours === undefined) return [];
  const slow = inserts
    .filter(({ role, rate }) => role === 'base' && ours.rate < AIM * rate)
    .map(({ name, rate }) => `${ours.name}: ${ratio(ours.rate, rate)} ${name}, one at a time; aim ${AIM} ×`);
  return ours.lost === 0 ? slow : [...slow, `${ours.name}: ${ours.lost} rows lost`];
}

function table(results: readonly Result[]): string {
  const head =
    '| | callers | ours, /s | old pattern, /s | ratio | failed | lost | locked | torn |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|';
  const lines = results.map(({ row, callers, ours, old, failed, locked, torn, lost }) => {
    const figures = [callers, figure(ours), figure(old), ratio(ours, old), failed, lost ?? '', locked, torn];
    return `| ${row.title} | ${figures.join(' | ')} |`;
  });
  return [head, ...lines].join('\n');
}

function insertTable(inserts: readonly InsertLine[]): string {
  const bases = inserts.filter(({ role }) => role === 'base');
  const names = ['no triggers', 'the table of the log'];
  const head = [
    '',
    'in flight',
    'rows/s',
    ...names.map((name) => `× one at a time, ${name}`),
    'failed',
    'lost',
  ];
  const lines = inserts.map(({ name, inFlight, rate, failed, lost }) =>
    [name, inFlight, figure(rate), ...bases.map((base) => ratio(rate, base.rate)), failed, lost].join(' | '),
  );
  return [head.join(' | '), '---|--:|--:|--:|--:|--:|--:', ...lines].map((line) => `| ${line} |`).join('\n');
}

const figure = (rate: number): string => (rate < 10 ? rate.toFixed(1) : String(Math.round(rate)));

function ratio(ours: number, other: number): string {
  if (other === 0) return ours === 0 ? '–' : '∞';
  const times = ours / other;
  return `${times < 10 ? times.toFixed(2) : Math.round(times)} ×`;
}
