import { historyCases } from './http-operations-history.ts';
import { jobCases } from './http-operations-jobs.ts';
import { stateCases } from './http-operations-state.ts';

/** A request to one operation of the API, with what is wrong with a request like it. */
export interface OperationCase {
  /** Path and query, the parts filled in. `{name}` of an earlier answer is put in: see `keep`. */
  readonly url: string;
  readonly body?: unknown;
  /** Of the good answer; 200 by default. */
  readonly status?: number;
  /** A field of the good answer that later paths need, by the name they have for it. */
  readonly keep?: Readonly<Record<string, string>>;
  /** A bad value, and the field that the answer names. Null: there is nothing to get wrong. */
  readonly bad: { readonly url?: string; readonly body?: unknown; readonly field: string } | null;
}

/** In an order in which each finds what it needs. A new operation is a case in one of them. */
export const operationCases: Readonly<Record<string, OperationCase>> = {
  ...historyCases,
  ...stateCases,
  ...jobCases,
};
