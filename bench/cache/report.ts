import type { CorrectnessResult } from './correctness-row.ts';
import { type Line, median, ratio } from './measure.ts';
import type { Aim, SpeedResult } from './speed-row.ts';
import type { ZipfResult } from './zipf.ts';

export interface Results {
  readonly machine: string;
  readonly notes: readonly string[];
  readonly speed: readonly SpeedResult[];
  readonly correctness: readonly CorrectnessResult[];
  readonly zipf: readonly ZipfResult[];
}

/** A measured hit rate may be so far below the theory, which is an approximation of its own. */
const HIT_RATE_TOLERANCE = 0.01;

export function markdown(results: Results): string {
  const parts = [results.machine];
  if (results.speed.length > 0) parts.push(speedTable(results.speed));
  for (const result of results.correctness) parts.push(correctnessTable(result));
  if (results.zipf.length > 0) parts.push(zipfTable(results.zipf));
  parts.push('How the contenders are set up:', list(results.notes));
  const lost = losses(results);
  parts.push(
    lost.length === 0 ? 'Nothing is lost and no aim is missed.' : 'Lost to a peer, or an aim missed:',
  );
  if (lost.length > 0) parts.push(list(lost));
  return parts.join('\n\n');
}

/** Every row where ours is behind any of the others, or misses its aim. */
export function losses({ speed, correctness, zipf }: Omit<Results, 'machine' | 'notes'>): string[] {
  return [...speed.flatMap(speedLosses), ...correctness.flatMap(countLosses), ...zipf.flatMap(hitRateLosses)];
}

function speedLosses({ row, lines }: SpeedResult): string[] {
  const ours = lines.find(({ role }) => role === 'ours');
  if (ours === undefined) return [];
  if (ours.failure !== undefined) return [`row ${row.id}: stockroom failed: ${ours.failure}`];
  const missed = row.aims.flatMap((aim) => missedAim(row.id, ours, lines, aim));
  const behind = lines
    .filter(({ role }) => role === 'peer' || role === 'variant')
    .flatMap((line) => {
      const times = ratio(ours, line);
      return times === undefined || reaches(times, 1)
        ? []
        : [`row ${row.id}: ${show(times)} × ${line.name}${remarkOf(line)}`];
    });
  return [...missed, ...behind];
}

function missedAim(id: string, ours: Line, lines: readonly Line[], { than, times }: Aim): string[] {
  const other = than === 'limit' ? lines.find(({ role }) => role === 'limit') : best(lines, ['peer']);
  const found = other === undefined ? undefined : ratio(ours, other);
  if (other === undefined || found === undefined) return [`row ${id}: nothing to compare the aim with`];
  if (reaches(found, times)) return [];
  return [`row ${id}: aim ${times} × the ${than}, is ${show(found)} × ${other.name}`];
}

/** To the two digits that are shown. */
const reaches = (found: number, wanted: number): boolean => Math.round(found * 100) / 100 >= wanted;

function countLosses({ row, lines }: CorrectnessResult): string[] {
  return lines
    .filter(({ role, good }) => role === 'ours' && !good)
    .map(({ cells, failure }) => `row ${row.id}: ${failure ?? cells.join(', ')}`);
}

function hitRateLosses({ exponent, l1Entries, l1Full, settled, lru }: ZipfResult): string[] {
  if (!settled || l1Full >= lru - HIT_RATE_TOLERANCE) return [];
  return [`Zipf ${exponent}, ${l1Entries} entries: ${percent(l1Full)}, LRU would hit ${percent(lru)}`];
}

function best(lines: readonly Line[], roles: readonly Line['role'][]): Line | undefined {
  const running = lines.filter(({ role, rates }) => roles.includes(role) && rates.length > 0);
  return running.sort((a, b) => median(b.rates) - median(a.rates))[0];
}

function speedTable(results: readonly SpeedResult[]): string {
  const head = [
    '| row | | calls/s, median | lowest to highest round | stockroom is | CPU µs a call | Redis commands a call |',
    '|---|---|---|---|---|---|---|',
  ];
  const table = [...head, ...results.flatMap(speedRows)].join('\n');
  return `${table}\n\n${legend}`;
}

const legend =
  '"Stockroom is": its rate by that of the line in the same round, in the middle of all rounds. CPU: of this process, clients included.';

function speedRows({ row, lines }: SpeedResult): string[] {
  const ours = lines.find(({ role }) => role === 'ours');
  const top = best(lines, ['peer']);
  const aims = row.aims.map(({ than, times }) => `${times} × ${than}`).join(', ');
  const title = `| **${row.id}** | **${row.title}** | | | aim: ${aims} | | |`;
  return [title, ...lines.map((line) => speedLine(line, ours, line === top))];
}

function speedLine(line: Line, ours: Line | undefined, top: boolean): string {
  const name = `${line.name}${remarkOf(line)}${top ? ' (best peer)' : ''}${line.role === 'limit' ? ' (limit)' : ''}`;
  if (line.failure !== undefined) return `| | ${name} | failed: ${line.failure} | | | | |`;
  const spread = `${whole(Math.min(...line.rates))} to ${whole(Math.max(...line.rates))}`;
  const times = ours === undefined || line === ours ? undefined : ratio(ours, line);
  const compared = times === undefined ? '' : `${show(times)} ×`;
  const { cpuMicros, commands } = line;
  const cpu = cpuMicros?.toFixed(cpuMicros < 10 ? 2 : 1) ?? '';
  const sent = commands === undefined || Number.isNaN(commands) ? '' : commands.toFixed(2);
  return `| | ${name} | ${whole(median(line.rates))} | ${spread} | ${compared} | ${cpu} | ${sent} |`;
}

function remarkOf({ unacknowledged }: Line): string {
  return unacknowledged ? ' [writes do not wait for Redis]' : '';
}

function correctnessTable({ row, lines }: CorrectnessResult): string {
  const title = `**${row.id}** ${row.title}`;
  const head = `| | ${row.columns.join(' | ')} |\n|---|${'---|'.repeat(row.columns.length)}`;
  const body = lines.map(({ name, cells, failure }) =>
    failure === undefined ? `| ${name} | ${cells.join(' | ')} |` : `| ${name} | failed: ${failure} |`,
  );
  return `${title}\n\n${[head, ...body].join('\n')}`;
}

function zipfTable(results: readonly ZipfResult[]): string {
  const head = [
    '| exponent | entries in the process | hit in the process | in Redis | made | process, second half | LRU (Che) | ideal | requests/s |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  const body = results.map((result) => {
    const { exponent, l1Entries, l1, l2, made, l1Full, lru, ideal, requestsPerSecond } = result;
    const rates = [l1, l2, made, l1Full, lru, ideal].map(percent).join(' | ');
    return `| ${exponent} | ${whole(l1Entries)} | ${rates} | ${whole(requestsPerSecond)} |`;
  });
  return `**zipf** hit rates of a replay from an empty cache on\n\n${[...head, ...body].join('\n')}`;
}

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const show = (times: number): string => times.toFixed(times < 10 ? 2 : 1);
const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
