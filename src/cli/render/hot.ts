import type { Colors } from '../io.ts';
import type { HotStatistics } from '../hot-statistics.ts';
import { section } from './sections.ts';
import { table } from './table.ts';
import { bytes, count, counted, plain } from './text.ts';

const learnt: Readonly<Record<string, string>> = {
  tracking: 'Redis tells of every write, whoever does it',
  messages: 'only writers that use Stockroom tell of their writes',
};

/** What there is to know of a Redis, for people. */
export function renderHot(found: HotStatistics, colors: Colors): string[] {
  const { memory } = found;
  const limit = memory.limit_bytes === null ? 'no limit' : `of ${bytes(memory.limit_bytes)}`;
  const nodes = found.nodes.map(({ location, connected, breaker }) => [
    plain(location),
    connected ? 'yes' : 'no',
    breaker,
  ]);
  return [
    `Redis ${plain(found.server_version)} at ${plain(found.location)} (${found.topology}), ${found.latency_ms.toFixed(1)} ms`,
    '',
    `Memory         ${bytes(memory.used_bytes)}, ${limit}, ${memory.eviction_policy}`,
    `Keys           ${count(found.keys)}, and ${count(found.evicted_keys)} evicted since it started`,
    `Hit rate       ${rateLine(found)}`,
    `Clients        ${count(found.clients)}`,
    `Invalidation   ${found.invalidation}: ${learnt[found.invalidation] ?? ''}`,
    '',
    ...table([{ title: 'server' }, { title: 'connected' }, { title: 'breaker' }], nodes),
    ...familyLines(found),
    ...section(
      colors.yellow('To be done'),
      found.warnings.map(({ code, detail }) => `${plain(detail)} [${code}]`),
    ),
  ];
}

function rateLine({ hit_rate: rate, hits, misses }: HotStatistics): string {
  if (rate === null) return 'nothing was read yet';
  return `${(rate * 100).toFixed(1)}% (${counted(hits, 'hit')}, ${counted(misses, 'miss', 'misses')}), of all programs that use it`;
}

function familyLines(found: HotStatistics): string[] {
  const { families, prefix, scanned_keys: keys, scan_complete: complete } = found;
  if (families.length === 0) return ['', `No key begins with ${plain(prefix)}`];
  const rows = families.map(({ family, keys: ofFamily }) => [plain(family), count(ofFamily)]);
  return [
    '',
    `${counted(keys, 'key')} under ${plain(prefix)}${complete ? '' : ' were counted, and there are more: see --scan-max'}`,
    '',
    ...table([{ title: 'family' }, { title: 'keys', align: 'right' }], rows),
  ];
}
