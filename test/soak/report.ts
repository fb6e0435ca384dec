import type { Bounds } from './memory.ts';
import { flatnessOf } from './memory.ts';
import type { Life, Soaked } from './soak.ts';
import { quantile } from './statistics.ts';

const number = (value: number): string => Math.round(value).toLocaleString('en-US');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)];
}

/** What a soak did and found, in Markdown. */
export function reportOf(soaked: Soaked, bounds: Bounds): string {
  return [
    ...intervalsOf(soaked),
    '',
    ...checksOf(soaked),
    '',
    ...memoryOf(soaked.lives, bounds),
    '',
    ...totalsOf(soaked),
  ].join('\n');
}

function intervalsOf({ statistics }: Soaked): string[] {
  const head = [
    '',
    'fault',
    'whole after s',
    'requests',
    'acknowledged',
    'refused',
    'longest ms',
    'stalest ms',
    'p50 ms',
    'p99 ms',
    'A MB',
    'B MB',
  ];
  const rows = statistics.intervals.map((each, index) => [
    String(index + 1),
    each.fault,
    (each.faultMs / 1_000).toFixed(1),
    number(each.requests),
    number(each.acknowledged),
    number(each.refused),
    number(each.longestMs),
    number(each.stalestMs),
    quantile(each.latencies, 0.5).toFixed(1),
    quantile(each.latencies, 0.99).toFixed(0),
    ...[0, 1].map((service) => number(each.rssMb[service] ?? 0)),
  ]);
  return table(head, rows);
}

function checksOf({ findings }: Soaked): string[] {
  const rows = [...findings.kinds].map(([kind, { checks, wrong, stalestMs }]) => [
    kind,
    number(checks),
    number(wrong),
    number(stalestMs),
  ]);
  return table(['checked', 'answers', 'wrong', 'stalest ms'], rows);
}

function memoryOf(lives: readonly Life[], bounds: Bounds): string[] {
  const rows = lives.map(({ name, samples }) => {
    const flat = flatnessOf(samples, bounds);
    if (flat === undefined) return [name, 'too short to tell', '', '', '', ''];
    const { seconds, floorMb, rssMaxMb, handles, isFlat } = flat;
    return [
      name,
      number(seconds),
      floorMb === undefined ? 'too short to tell' : floorMb.map((mb) => number(mb)).join(' → '),
      number(rssMaxMb),
      handles.join(' → '),
      isFlat ? 'flat' : 'NOT FLAT',
    ];
  });
  return table(['service', 'seconds', 'floor of the heap, MB', 'most resident MB', 'handles', ''], rows);
}

function totalsOf({ statistics, findings, acknowledged, verified, logs }: Soaked): string[] {
  const sum = (of: (interval: Soaked['statistics']['intervals'][number]) => number): number =>
    statistics.intervals.reduce((total, interval) => total + of(interval), 0);
  const codes = [...statistics.codes].map(([code, count]) => `${code} ${number(count)}`).join(', ');
  return [
    `requests ${number(sum(({ requests }) => requests))}, refused ${number(sum(({ refused }) => refused))} (${codes})`,
    `writes acknowledged ${number(acknowledged)}`,
    `wrong answers and lost writes ${number(findings.wrongCount)}`,
    `hot verify: ${number(verified.keys)} keys compared, exit ${verified.exit}`,
    ...findings.wrong,
    ...(findings.wrongCount > 0 ? logs : []),
    ...(verified.out === '' ? [] : [verified.out]),
  ];
}
