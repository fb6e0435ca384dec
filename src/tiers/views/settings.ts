/** The bounds of the views. */
export const viewDefaults = Object.freeze({
  /** How long a build may take before its epoch is forgotten. */
  buildMs: 30_000,
  /** How often a build is begun again after another write came in between; then the key is dropped. */
  tries: 4,
  /** How long an acknowledgement waits, at the most, for the keys to be corrected. */
  settleMs: 50,
  /** After this time whoever noted a write is taken for dead. */
  intentMs: 5_000,
  sweepMs: 1_000,
  /** Writes in one sweep. */
  sweepMax: 500,
  /** Settled writes gather for so long before their notes are removed. */
  removeMs: 50,
});

export type ViewSettings = { [Name in keyof typeof viewDefaults]: number };
