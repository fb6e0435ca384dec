import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { migrationProgress, migrationWarning } from '../../core/diagnostics.ts';
import { StockroomError } from '../../core/errors.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { App } from '../app.ts';
import { MigrationWatch } from '../migration-watch.ts';
import type { Draining } from '../plugins/draining.ts';
import { problems } from '../problem.ts';
import type { Durable } from '../tier-health.ts';

const STREAMS_MAX = 100;
const BEAT_MS = 15_000;
/** What happens within this time is told together. */
const GATHER_MS = 100;
const KEYS_MAX = 500;
const BUFFER_MAX_BYTES = 262_144;
const KINDS = ['migration', 'invalidations'] as const;

const query = z.strictObject({
  kinds: z
    .string(`of ${KINDS.join(', ')}, with commas between them`)
    .transform((text, context) => {
      const kinds = text.split(',').map((kind) => z.enum(KINDS).safeParse(kind).data);
      if (!kinds.includes(undefined)) return new Set(kinds);
      context.addIssue({ code: 'custom', message: `of ${KINDS.join(', ')}, with commas between them` });
      return z.NEVER;
    })
    .optional()
    .describe(`Of ${KINDS.join(', ')}, with commas between them; all by default`),
});

export interface EventSources {
  readonly durable: Durable;
  readonly hot: HotTier;
  readonly draining: Draining;
}

/** Server-sent events. Nothing is kept for who was away: each stream begins with where things stand. */
export function routeEvents(app: App, { durable, hot, draining }: EventSources): void {
  const watch = new MigrationWatch(durable, (error) =>
    app.log.warn({ err: error }, 'the migration cannot be watched'),
  );
  let streams = 0;
  app.addHook('onClose', () => watch.close());
  app.get(
    '/v1/events',
    {
      schema: {
        tags: ['Service'],
        summary: 'What happens, as it happens, as server-sent events',
        description:
          '`migration`: the newest run and how far each source is, of whichever process; `progress` and `warning`: of a migration in this ' +
          'process; `invalidated`: keys of the two-tier cache that were written, dropped or evicted; `gap`: some were missed, so nothing ' +
          'copied before may be used; `end`: the service ends, and the stream with it.',
        querystring: query,
        response: {
          200: {
            description: 'The stream',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...problems(400, 401, 403, 503),
        },
      },
    },
    (request, reply) => {
      if (streams >= STREAMS_MAX) {
        throw new StockroomError(
          'UNAVAILABLE',
          `${STREAMS_MAX} streams of events are open; end one, or ask another process`,
        );
      }
      const kinds = request.query.kinds ?? new Set(KINDS);
      const stream = new EventStream();
      const stops = [
        ...(kinds.has('migration') ? watchMigration(stream, watch) : []),
        ...(kinds.has('invalidations') ? [watchInvalidations(stream, hot)] : []),
        draining.onEnd(() => stream.end()),
      ];
      streams += 1;
      stream.output.once('close', () => {
        streams -= 1;
        for (const stop of stops) stop();
      });
      return reply
        .header('x-accel-buffering', 'no')
        .type('text/event-stream')
        .send(stream.output as never) as unknown as string;
    },
  );
}

function watchMigration(stream: EventStream, watch: MigrationWatch): (() => void)[] {
  return [
    watch.listen((state) => stream.tell('migration', state)),
    migrationProgress.subscribe((progress) =>
      stream.tell('progress', progress, progress.source + progress.phase),
    ),
    migrationWarning.subscribe((warning) => stream.tell('warning', warning)),
  ];
}

function watchInvalidations(stream: EventStream, hot: HotTier): () => void {
  const feed = hot.coherence.subscribe({
    invalidated: (key) => stream.invalidated(key.slice(hot.prefix.length)),
    gap: () => stream.lose(),
  });
  return () => feed.close();
}

/** Events of one caller. One that reads slower than they come is told that some are missing. */
class EventStream {
  readonly output = new PassThrough();
  readonly #keys = new Set<string>();
  /** Of events with a key the newest alone is told. */
  readonly #waiting = new Map<string, string>();
  readonly #beat: NodeJS.Timeout;
  #gather: NodeJS.Timeout | undefined;
  #number = 0;
  #lost = false;

  constructor() {
    this.output.write(': stockroom\n\n');
    this.#beat = setInterval(() => (this.#lost ? this.#flush() : this.#write(': beat\n\n')), BEAT_MS);
    this.output.once('close', () => {
      clearInterval(this.#beat);
      clearTimeout(this.#gather);
    });
  }

  tell(event: string, data: object, key?: string): void {
    this.#number += 1;
    const id = key ?? String(this.#number);
    if (this.#waiting.size >= KEYS_MAX && !this.#waiting.has(id)) this.#lost = true;
    else this.#waiting.set(id, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    this.#later();
  }

  invalidated(key: string): void {
    if (this.#keys.size < KEYS_MAX) this.#keys.add(key);
    else this.#lost = true;
    this.#later();
  }

  lose(): void {
    this.#lost = true;
    this.#later();
  }

  end(): void {
    this.#flush();
    this.output.end('event: end\ndata: {}\n\n');
  }

  #later(): void {
    this.#gather ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    clearTimeout(this.#gather);
    this.#gather = undefined;
    const told = [...this.#waiting.values()];
    if (this.#lost) told.push('event: gap\ndata: {}\n\n');
    else if (this.#keys.size > 0)
      told.push(`event: invalidated\ndata: ${JSON.stringify({ keys: [...this.#keys] })}\n\n`);
    this.#waiting.clear();
    this.#keys.clear();
    this.#lost = told.length > 0 && !this.#write(told.join(''));
  }

  /** @returns false when it was not written, as the caller does not keep up */
  #write(text: string): boolean {
    if (this.output.writableEnded || this.output.writableLength > BUFFER_MAX_BYTES) return false;
    this.output.write(text);
    return true;
  }
}
