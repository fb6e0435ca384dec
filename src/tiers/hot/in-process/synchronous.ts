/** The operations of a facet as they are here: each one step, with its result at once. */
export type Synchronous<Facet> = {
  readonly [Name in keyof Facet]: Facet[Name] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Result
    : never;
};

/** Runs one step of the tier, now, and gives its result as a promise. */
export type Step = <Result>(work: () => Result) => Promise<Result>;

/** The facet as the port has it: every operation is one step. */
export function promised<Facet extends object>(operations: Synchronous<Facet>, step: Step): Facet {
  const wrapped = Object.entries<(...args: unknown[]) => unknown>(operations).map(
    ([name, operation]) => [name, (...args: unknown[]) => step(() => operation(...args))] as const,
  );
  return Object.fromEntries(wrapped) as Facet;
}
