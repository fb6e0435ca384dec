import type { Contender } from './contender.ts';

/** What is counted instead of timed. */
export interface CorrectnessRow {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly contenders: readonly Contender[];
  readonly run: (contender: Contender, ground: CountGround) => Promise<Count>;
}

export interface CountGround {
  readonly url: string;
  readonly port: number;
}

export interface Count {
  readonly cells: readonly (string | number)[];
  /** As it has to be. */
  readonly good: boolean;
}

export interface CorrectnessLine {
  readonly name: string;
  readonly role: Contender['role'];
  readonly cells: readonly (string | number)[];
  readonly good: boolean;
  readonly failure: string | undefined;
}

export interface CorrectnessResult {
  readonly row: Pick<CorrectnessRow, 'id' | 'title' | 'columns'>;
  readonly lines: readonly CorrectnessLine[];
}
