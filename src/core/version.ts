import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The same file from the sources and from the build: both stand two folders below the package. */
const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The version of this Stockroom, as its package says. */
export const version: string = z.object({ version: z.string() }).parse(manifest).version;
