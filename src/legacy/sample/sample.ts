import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dumps, type PyValue } from './python-json.ts';
import { createRandom, type Random } from './random.ts';
import type { Micros } from './times.ts';

/** Every source that a legacy directory can hold, in the order in which they are reported. */
export const SOURCE_IDS = [
  'llm_requests',
  'ai_recommendations',
  'top_picks_runs',
  'pick_archive',
  'agent_analyses',
  'context_memory',
  'user_preferences',
  'agent_learnings',
  'pick_events',
  'pick_agent_contributions',
  'pick_outcomes',
  'rl_policies',
  'support_resistance_levels',
  'price_history',
  'global_scores',
  'general_cache',
  'memory_analyses',
  'memory_preferences',
] as const;

export type SourceId = (typeof SOURCE_IDS)[number];

/** What was written for one source: rows as a migration counts them (a row, a file, a symbol, a line). */
export interface SampleSource {
  id: SourceId;
  /** Relative to the directory, with `/`, sorted. */
  files: string[];
  rows: number;
}

export interface SampleSettings {
  directory: string;
  scale: number;
  seed: number;
  now: Micros;
  traps: boolean;
  symbols: readonly string[];
  onProgress: (progress: { file: string; rows: number }) => void;
}

/** One sample in the making: its settings, and the count of what has been written. */
export class Sample {
  readonly settings: SampleSettings;
  readonly #rows = new Map<SourceId, Map<string, number>>();

  constructor(settings: SampleSettings) {
    this.settings = settings;
  }

  random(stream: string): Random {
    return createRandom(this.settings.seed, stream);
  }

  /** True for one row in `period`, from row `first` on; never when the traps are off. */
  trap(index: number, period: number, first: number): boolean {
    return this.settings.traps && index >= first && (index - first) % period === 0;
  }

  path(file: string): string {
    return join(this.settings.directory, ...file.split('/'));
  }

  count(source: SourceId, file: string, rows: number): void {
    const files = this.#rows.get(source) ?? new Map<string, number>();
    files.set(file, (files.get(file) ?? 0) + rows);
    this.#rows.set(source, files);
  }

  progress(file: string): void {
    let rows = 0;
    for (const files of this.#rows.values()) rows += files.get(file) ?? 0;
    this.settings.onProgress({ file, rows });
  }

  writeText(file: string, text: string): void {
    const path = this.path(file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** As `json.dump(value, file, indent=2)`, the old application's form of whole-file JSON. */
  writeJson(file: string, value: PyValue, indent = 2): number {
    const text = dumps(value, indent);
    this.writeText(file, text);
    return text.length;
  }

  sources(): SampleSource[] {
    return SOURCE_IDS.map((id) => {
      const files = [...(this.#rows.get(id) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      return { id, files: files.map(([file]) => file), rows: files.reduce((sum, [, rows]) => sum + rows, 0) };
    });
  }
}
