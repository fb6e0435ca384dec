import fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { StockroomError } from '../core/errors.ts';
import type { App } from './app.ts';
import { installErrors } from './plugins/errors.ts';
import { installEtags } from './plugins/etag.ts';
import { installSharedReads } from './plugins/shared-reads.ts';

/** A read under way: it was begun, and ends when it is told to. */
interface Read {
  end(): void;
  fail(): void;
}

describe('reads that many ask for at once', () => {
  let app: App;
  /** What is stored now. */
  let stored: number;
  let reads: Read[];
  let arrived: number;

  beforeEach(async () => {
    stored = 1;
    reads = [];
    arrived = 0;
    app = fastify().withTypeProvider<ZodTypeProvider>();
    app.setSerializerCompiler(serializerCompiler);
    app.setValidatorCompiler(validatorCompiler);
    installErrors(app);
    installEtags(app);
    installSharedReads(app);
    const read = (): Promise<{ n: number }> => {
      const seen = stored;
      return new Promise((resolve, reject) => {
        reads.push({
          end: () => resolve({ n: seen }),
          fail: () => reject(new StockroomError('DATABASE_UNREACHABLE', 'away')),
        });
      });
    };
    // The handler follows in the same step.
    app.addHook('preHandler', (_request, _reply, done) => {
      done();
      arrived += 1;
    });
    const schema = { response: { 200: z.object({ n: z.number() }) } };
    app.get('/shared', { config: { etag: true }, schema }, read);
    app.get('/single', { schema }, read);
    await app.ready();
  });
  afterEach(() => app.close());

  /** `count` requests that have all arrived, and may still wait. */
  async function ask(count: number, url = '/shared', headers = {}) {
    const before = arrived;
    const answers = Promise.all(Array.from({ length: count }, () => app.inject({ url, headers })));
    await vi.waitFor(() => expect(arrived).toBe(before + count), { interval: 1 });
    return { answers };
  }
  const numbersOf = async ({ answers }: Awaited<ReturnType<typeof ask>>): Promise<number[]> =>
    (await answers).map((answer) => answer.json<{ n: number }>().n);
  /** Ends the read of this number as soon as it is begun. */
  async function end(nth: number, how: keyof Read = 'end'): Promise<void> {
    await vi.waitFor(() => expect(reads.length).toBe(nth));
    reads[nth - 1]![how]();
  }

  it('are one read, and one more for those who came while it was under way', async () => {
    const first = await ask(1);
    const later = await ask(9);
    expect(reads.length).toBe(1);
    // Whoever asks after this must be given it.
    stored = 2;
    const after = await ask(1);
    await end(1);
    await end(2);
    expect(await numbersOf(first)).toEqual([1]);
    expect(await numbersOf(later)).toEqual(Array.from({ length: 9 }, () => 2));
    expect(await numbersOf(after)).toEqual([2]);
    expect(reads.length).toBe(2);
  });

  it('fail together, and the next one is tried', async () => {
    const first = await ask(1);
    const later = await ask(2);
    await end(1, 'fail');
    const [failed] = await first.answers;
    expect(failed!.json()).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await end(2);
    expect(await numbersOf(later)).toEqual([1, 1]);
  });

  it('are answered to each as it asked: with 304, and with all of it', async () => {
    const opening = await ask(1);
    await end(1);
    const [given] = await opening.answers;
    await ask(1);
    const knowing = await ask(1, '/shared', { 'if-none-match': given!.headers.etag });
    const other = await ask(1);
    await end(2);
    await end(3);
    const [known] = await knowing.answers;
    expect([known!.statusCode, known!.body]).toEqual([304, '']);
    const [whole] = await other.answers;
    expect([whole!.statusCode, whole!.json(), whole!.headers['content-type']]).toEqual([
      200,
      { n: 1 },
      'application/json; charset=utf-8',
    ]);
  });

  it('are apart by their URL, and where their answer is for one caller', async () => {
    await ask(1, '/shared?a=1');
    await ask(1, '/shared?a=2');
    await ask(2, '/single');
    expect(reads.length).toBe(4);
    for (const read of reads) read.end();
  });
});
