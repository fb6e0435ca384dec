import type { Latency, Line } from './measure.ts';

/** Two tables for each history: what it takes, and how long its reads are. */
export function markdown(lines: readonly Line[]): string {
  const byId = grouped(lines);
  return [...byId.values()].map(section).join('\n\n');
}

function grouped(lines: readonly Line[]): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  for (const line of lines) groups.set(line.id, [...(groups.get(line.id) ?? []), line]);
  return groups;
}

function section(given: readonly Line[]): string {
  const lines = given.toSorted((a, b) => a.size - b.size);
  const { title, id, unit } = lines[0]!;
  const heading = `### ${title[0]!.toUpperCase()}${title.slice(1)}: \`${id}\``;
  return [heading, costs(lines, unit), reads(lines, unit)].join('\n\n');
}

function costs(lines: readonly Line[], unit: string): string {
  const head = [
    unit,
    'table',
    'indexes',
    `bytes each`,
    'appends/s',
    'scan of all',
    'keys built anew',
    'archived/s',
  ];
  const rows = lines.map((line) => {
    const { size, tableBytes, indexBytes, appendRate, scanMs, rebuild, archive } = line;
    return [
      count(size),
      bytes(tableBytes),
      bytes(indexBytes),
      count(Math.round((tableBytes + indexBytes) / size)),
      appendRate === undefined ? '–' : count(rounded(appendRate)),
      ms(scanMs),
      rebuild === undefined ? '–' : `${count(rebuild.keys)} in ${ms(rebuild.ms)}`,
      archive === undefined ? '–' : count(rounded((archive.rows * 1_000) / archive.ms)),
    ];
  });
  return table(head, rows);
}

function reads(lines: readonly Line[], unit: string): string {
  const names = [...new Set(lines.flatMap((line) => Object.keys(line.reads)))];
  const rows = lines.map(({ size, reads: found }) => [
    count(size),
    ...names.map((name) => latency(found[name])),
  ]);
  return table([unit, ...names.map((name) => `${name}: p50 / p99`)], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '--:'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function latency(found: Latency | undefined): string {
  return found === undefined ? '–' : `${ms(found.p50Ms)} / ${ms(found.p99Ms)}`;
}

function ms(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1_000)} s`;
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)} s`;
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

function bytes(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} GB`;
  return value >= 1e6 ? `${Math.round(value / 1e6)} MB` : `${(value / 1e6).toFixed(1)} MB`;
}

const count = (value: number): string => value.toLocaleString('en-US');
/** To two figures: more would say more than a measurement on a shared machine can. */
const rounded = (value: number): number => Number(value.toPrecision(2));
