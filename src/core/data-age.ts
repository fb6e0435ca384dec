import { z } from 'zod';

/** Part of every answer that may come from a read replica. */
export const dataAge = z
  .number()
  .nullable()
  .describe(
    'Seconds that the read replica was behind when it was read; 0: this was read from the primary; null: the replica does not say',
  );
