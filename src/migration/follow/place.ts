import { type Clock, systemClock } from '../../core/clock.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { Timezones } from '../settings.ts';
import type { FileContext, SourceDefinition } from '../source.ts';

/** Thrown between two batches when following shall end. */
export class Stopped extends Error {}

/** What is followed, and into what. */
export class Place {
  readonly tier: DurableTier;
  /** The old directory, without symbolic links. */
  readonly directory: string;
  /** What goes before the names of its files in what is loaded. */
  readonly prefix: string;
  readonly sources: readonly SourceDefinition[];
  /** Sources of stores that are complete: nobody follows their files any more. */
  readonly completed: readonly SourceDefinition[];
  readonly timezones: Timezones;
  /** Stores whose authority is the old side. */
  private readonly owned: ReadonlySet<string>;
  companions: FileContext['companions'] = new Map();
  /** Called for a file that cannot be read while others of its unit can. */
  onUnreadable: FileContext['onUnreadable'] = () => undefined;
  private readonly clock: Clock;
  private readonly signal: AbortSignal | undefined;

  constructor(options: {
    tier: DurableTier;
    directory: string;
    prefix: string;
    sources: readonly SourceDefinition[];
    completed?: readonly SourceDefinition[] | undefined;
    timezones: Timezones;
    clock?: Clock | undefined;
    signal?: AbortSignal | undefined;
    owned?: ReadonlySet<string> | undefined;
  }) {
    this.tier = options.tier;
    this.directory = options.directory;
    this.prefix = options.prefix;
    this.sources = options.sources;
    this.completed = options.completed ?? [];
    this.timezones = options.timezones;
    this.clock = options.clock ?? systemClock;
    this.signal = options.signal;
    this.owned = options.owned ?? new Set();
  }

  /** The old side is the authority of its store: what was changed here gives way. */
  sourceWins({ store }: SourceDefinition): boolean {
    return this.owned.has(store);
  }

  get nowMicros(): number {
    return this.clock().getTime() * 1000;
  }

  contextOf(source: SourceDefinition): FileContext {
    return {
      nowMicros: this.nowMicros,
      timezones: this.timezones.get(source.id) ?? new Map(),
      companions: this.companions,
      onUnreadable: this.onUnreadable,
    };
  }

  /** @throws Stopped */
  stopIfAsked(): void {
    if (this.signal?.aborted === true) throw new Stopped();
  }
}
