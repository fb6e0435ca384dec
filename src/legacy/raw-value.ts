/** A value as an old file holds it. SQLite: its storage class. JSON files: text, numbers, and documents as their text. */
export type RawValue = null | bigint | number | string | Uint8Array;
