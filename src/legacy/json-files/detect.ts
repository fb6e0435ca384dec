import { basename } from 'node:path';
import { members } from './document.ts';

export type JsonKind =
  | 'price_history'
  | 'price_metadata'
  | 'global_scores'
  | 'general_cache'
  | 'pick_archive'
  | 'memory_preferences';

/** What a document of JSON is, by its shape; null when it is nobody's. */
export function detectDocument(path: string, text: string): JsonKind | null {
  const list = members(text);
  if (list === null) return null;
  const found = new Map(list);
  const has = (...names: string[]): boolean => names.every((name) => found.has(name));
  const isArray = (name: string): boolean => found.get(name)?.startsWith('[') ?? false;
  const isObject = (slice: string | undefined): boolean => slice?.startsWith('{') ?? false;
  if (isArray('data') && has('row_count') && isArray('columns')) return 'price_history';
  if (has('timestamp') && isObject(found.get('scores'))) return 'global_scores';
  const isNamedPicks = namedLike(path) === 'pick_archive';
  const isTimed = (has('as_of') || has('generated_at')) && has('universe', 'mode');
  if ((isArray('items') || isArray('picks')) && (isTimed || isNamedPicks)) return 'pick_archive';
  const isCache = found.size === 2 || namedLike(path) === 'general_cache';
  if (isCache && has('timestamp', 'data')) return 'general_cache';
  if (list.length === 0) return namedLike(path) === 'memory_preferences' ? 'memory_preferences' : null;
  if (list.every(([, slice]) => isPriceEntry(slice))) return 'price_metadata';
  const preferences = list.filter(([, slice]) => isPreference(slice)).length;
  // One odd entry among preferences is quarantined, not a reason to leave the others.
  const isNamed = namedLike(path) === 'memory_preferences';
  if (preferences === list.length || (isNamed && preferences > 0)) return 'memory_preferences';
  return null;
}

function isPriceEntry(slice: string): boolean {
  const names = namesOf(slice);
  return ['symbol', 'interval', 'cached_at'].every((name) => names.has(name));
}

function isPreference(slice: string): boolean {
  const names = namesOf(slice);
  return names.has('value') && names.has('updated_at');
}

function namesOf(slice: string): Set<string> {
  return new Set((slice.startsWith('{') ? (members(slice) ?? []) : []).map(([name]) => name));
}

/** What a file is by its name alone: for one that is no JSON, because its writer was killed or its disk was full. */
export function namedLike(path: string): JsonKind | 'memory_analyses' | null {
  const name = basename(path);
  if (/^analyses_.*\.jsonl$/.test(name)) return 'memory_analyses';
  if (/_[^_]+_[0-9a-f]{12}\.json$/.test(name)) return 'price_history';
  if (/^picks_.*\.json$/.test(name)) return 'pick_archive';
  if (/^user_.*\.json$/.test(name)) return 'memory_preferences';
  if (name === 'score_cache.json') return 'global_scores';
  if (/(^|\/)cache\/[^/]+\.json$/.test(path)) return 'general_cache';
  return null;
}

/** Whether a line of JSON is an analysis that an agent remembered. */
export function isAnalysisLine(text: string): boolean {
  const names = namesOf(text.trim());
  return ['symbol', 'agent_type', 'timestamp'].every((name) => names.has(name));
}
