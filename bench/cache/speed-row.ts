import type { Entry, Line } from './measure.ts';

/** Where a row finds its servers. */
export interface Ground {
  readonly url: string;
  /** Masters of a Cluster, started when a row asks for them. */
  readonly cluster: () => Promise<readonly { host: string; port: number }[]>;
}

/** At least so many times as quick as the best of the peers, or as the limit. */
export interface Aim {
  readonly than: 'best peer' | 'limit';
  readonly times: number;
}

export interface SpeedRow {
  readonly id: string;
  readonly title: string;
  /** Calls at the same time. */
  readonly inFlight: number;
  readonly aims: readonly Aim[];
  /** Its calls go to other servers than the one whose commands are counted. */
  readonly elsewhere?: boolean;
  readonly entries: (ground: Ground) => readonly Entry[];
}

export interface SpeedResult {
  readonly row: Pick<SpeedRow, 'id' | 'title' | 'aims'>;
  readonly lines: readonly Line[];
}
