/** What /v1/stages answers. */
export type Authority = 'old' | 'new' | 'both';

export interface Gate {
  name: string;
  passed: boolean;
  detail: string;
}

export interface Move {
  from: string;
  to: string;
  at: string;
  outcome: string;
  /** Why closed gates were passed by. */
  forced: string | null;
  evidence: unknown;
}

export interface StoreStage {
  store: string;
  stage: string;
  state: 'open' | 'fenced' | 'given' | null;
  authority: Authority;
  epoch: number;
  /** Of 100 record keys, how many are read here. */
  ramp: number;
  directory: string | null;
  /** `old`: changes of the old files that are not here yet; null when they cannot be asked. `new`: rows that the old side is owed. */
  lag: { old: number | null; new: number; oldest_ms?: number | null; refused?: number };
  /** Shadow reads by what came of them. */
  shadow: Record<string, number>;
  mismatches: number;
  moves: Move[];
  next: { stage: string; gates: Gate[] }[];
}

export interface Stages {
  items: StoreStage[];
}

const holders: Record<Authority, string> = {
  old: 'the old files',
  new: 'Stockroom',
  both: 'both sides',
};

/** Where writes go. */
export const holder = (authority: Authority): string => holders[authority] ?? authority;

/** `live, 25 %`: a stage with the share of records that are read here, when there is one. */
export function stageText({ stage, ramp }: Pick<StoreStage, 'stage' | 'ramp'>): string {
  return ramp === 0 ? stage : `${stage}, ${ramp} %`;
}
