import { opendirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { namedLike } from '../legacy/json-files/detect.ts';
import type { Warning } from './report.ts';

/** The folders of the old application, beside one another. */
const FOLDERS = ['cache', 'data', '.cache'];
/** Entries that are looked at in one folder, and folders in all: what lies beside may be huge. */
const ENTRIES_MAX = 200;
const LOOKED_FOLDERS_MAX = 30;

/** What the databases of the old application hold, by their names. */
const databases: Readonly<Record<string, readonly string[]>> = {
  'llm_costs.db': ['llm_requests'],
  'ai_recommendations.db': [
    'ai_recommendations',
    'pick_events',
    'pick_agent_contributions',
    'pick_outcomes',
    'rl_policies',
  ],
  'top_picks_runs.db': ['top_picks_runs', 'support_resistance_levels'],
  'context.db': ['agent_analyses', 'context_memory', 'user_preferences', 'agent_learnings'],
};

/**
 * A warning when `directory` (an absolute path) seems to be one folder of an old application: the folders beside it have files which
 * by their names are of sources that it has none of. No file is opened, and few names are read: it may miss something.
 *
 * @param sources those that were asked for, with what was found of each
 */
export function parentWarnings(
  directory: string,
  sources: readonly { readonly id: string; readonly files: readonly string[] }[],
): Warning[] {
  // One that has such a folder itself is a whole application, whatever lies beside it.
  if (sources.some(({ files }) => files.some((file) => FOLDERS.includes(file.split('/')[0]!)))) return [];
  const parent = dirname(directory);
  const beside = sourcesBeside(parent, basename(directory));
  const missed = sources.flatMap(({ id, files }) => (files.length === 0 && beside.has(id) ? [id] : []));
  const [first] = missed;
  if (first === undefined) return [];
  const detail = `${parent} holds more sources (${missed.join(', ')}); did you mean \`stockroom migrate run ${parent}\`?`;
  return [{ code: 'PART_OF_APPLICATION', source: first, column: null, rows: 0, detail }];
}

function sourcesBeside(parent: string, own: string): Set<string> {
  const found = new Set<string>();
  const folders = FOLDERS.filter((name) => name !== own);
  for (let looked = 0; looked < folders.length && looked < LOOKED_FOLDERS_MAX; looked += 1) {
    const folder = folders[looked]!;
    for (const { name, isFolder } of firstEntries(join(parent, folder))) {
      const path = `${folder}/${name}`;
      if (isFolder) folders.push(path);
      else for (const id of databases[name] ?? [namedLike(path)]) if (id !== null) found.add(id);
    }
  }
  return found;
}

function firstEntries(folder: string): { name: string; isFolder: boolean }[] {
  const entries: { name: string; isFolder: boolean }[] = [];
  try {
    const open = opendirSync(folder);
    try {
      for (let entry = open.readSync(); entry && entries.length < ENTRIES_MAX; entry = open.readSync()) {
        if (entry.isFile() || entry.isDirectory())
          entries.push({ name: entry.name, isFolder: entry.isDirectory() });
      }
    } finally {
      open.closeSync();
    }
  } catch {
    // Not there, or not for this user: then nothing is known of it, and nobody asked for it.
  }
  return entries;
}
