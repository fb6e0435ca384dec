import compress from '@fastify/compress';
import type { App } from '../app.ts';

/** Below it the headers weigh more than what is saved. */
const THRESHOLD_BYTES = 1_024;

/**
 * Answers are compressed for those who say that they can read it, and bodies may come so. The bound on a body counts what comes out,
 * so a small body that grows without end is refused like any other. Streams of events and lines go out as they are: a
 * compressor would hold them back.
 */
export async function installCompression(app: App): Promise<void> {
  await app.register(compress, {
    threshold: THRESHOLD_BYTES,
    encodings: ['br', 'gzip', 'deflate', 'identity'],
    requestEncodings: ['gzip', 'br', 'deflate', 'identity'],
  });
}
