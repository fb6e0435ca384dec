/**
 * The part of the Standard Schema interface (version 1) that is used here: zod, valibot, arktype and others have it. Values are
 * checked when they are written and when they come back from Redis, so a schema has to accept what it gives.
 */
export interface Schema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Checked<T> | Promise<Checked<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

export type Checked<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Where a value is not of a schema. Not why: a message may quote the value. */
export function pathOf({ path = [] }: Issue): string {
  return ['$', ...path.map((step) => String(typeof step === 'object' ? step.key : step))].join('.');
}
