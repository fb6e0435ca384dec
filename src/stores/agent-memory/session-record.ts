import { z } from 'zod';

/** What is known of a session while it lives: the state at its name. */
const record = z.object({
  /** Its values are kept below it, so that a session of the same name that comes later cannot see them. */
  generation: z.string(),
  life_ms: z.number(),
  /** Whether each use gives it its whole life again. */
  sliding: z.boolean(),
  started_ms: z.number(),
  /** When it was given another life or kind; until then the same. */
  changed_ms: z.number(),
  /** Of a fixed one. */
  ends_ms: z.number().nullable(),
});

export type SessionRecord = z.output<typeof record>;

/** @returns undefined when it is something else */
export function recordOf(value: unknown): SessionRecord | undefined {
  return record.safeParse(value).data;
}

/** When it ends unless somebody uses it. */
export function endOf({ ends_ms, life_ms }: SessionRecord, nowMs: number): number {
  return ends_ms ?? nowMs + life_ms;
}
