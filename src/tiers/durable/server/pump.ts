import type { Writable } from 'node:stream';

/**
 * Writes every chunk and waits until the server has taken them all. An error of the source is thrown as it is, one of
 * the stream through `wrap`. `stream.pipeline` would do, but on failure it destroys the stream, which writes to a
 * connection that the caller is about to close.
 */
export async function pump(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  stream: Writable,
  wrap: (error: unknown) => Error,
): Promise<void> {
  const state: { failure?: { error: unknown }; finished?: true } = {};
  let wake = (): void => undefined;
  stream.on('error', (error) => {
    state.failure ??= { error };
    wake();
  });
  stream.on('finish', () => {
    state.finished = true;
    wake();
  });
  stream.on('drain', () => wake());
  const woken = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });

  for await (const chunk of chunks) {
    const room = state.failure !== undefined || stream.write(chunk);
    if (!room) await woken();
    if (state.failure !== undefined) throw wrap(state.failure.error);
  }
  stream.end();
  while (state.finished === undefined) {
    if (state.failure !== undefined) throw wrap(state.failure.error);
    await woken();
  }
}
