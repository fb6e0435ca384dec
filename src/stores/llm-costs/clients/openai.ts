import { z } from 'zod';
import { type Answer, logAnswer, type TrackOptions, type Usage } from './unlogged.ts';

/** What of an OpenAI client, or of one that speaks like it, is looked at: any version has it. */
export interface OpenAiClient {
  readonly chat?: { readonly completions: object };
  readonly responses?: object;
  readonly embeddings?: object;
}

const tokens = z.number().int().nonnegative();
const details = z.object({ cached_tokens: tokens.nullish(), reasoning_tokens: tokens.nullish() }).nullish();

/** Chat completions and embeddings count prompt and completion; the Responses API input and output. */
const usageForms = z.union([
  z
    .object({
      prompt_tokens: tokens,
      completion_tokens: tokens.nullish(),
      prompt_tokens_details: details,
      completion_tokens_details: details,
    })
    .transform((usage) => ({
      tokens_input: usage.prompt_tokens,
      tokens_output: usage.completion_tokens ?? 0,
      cached_read_tokens: usage.prompt_tokens_details?.cached_tokens ?? null,
      reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens ?? null,
    })),
  z
    .object({
      input_tokens: tokens,
      output_tokens: tokens,
      input_tokens_details: details,
      output_tokens_details: details,
    })
    .transform((usage) => ({
      tokens_input: usage.input_tokens,
      tokens_output: usage.output_tokens,
      cached_read_tokens: usage.input_tokens_details?.cached_tokens ?? null,
      reasoning_tokens: usage.output_tokens_details?.reasoning_tokens ?? null,
    })),
]);

const answerForm = z.object({
  id: z.string().nullish().catch(null),
  model: z.string().nullish().catch(null),
  usage: usageForms.optional().catch(undefined),
});

type Create = (body?: Record<string, unknown>, ...rest: unknown[]) => unknown;

/**
 * The same client, whose calls of chat completions, responses and embeddings are logged as they end, streams too. A stream of chat
 * completions is asked for its usage (`stream_options.include_usage`): its last chunk then has no choices. The answer is given once the
 * call is logged; what cannot be logged never costs the answer.
 */
export function trackOpenAi<C extends OpenAiClient>(client: C, options: TrackOptions): C {
  const wrapped = new Map<unknown, object>();
  if (client.chat !== undefined) {
    const completions = withCreate(client.chat.completions, options, 'chat');
    wrapped.set(client.chat, replacing(client.chat, 'completions', completions));
  }
  for (const api of [client.responses, client.embeddings]) {
    if (api !== undefined) wrapped.set(api, withCreate(api, options, 'other'));
  }
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return wrapped.get(value) ?? bound(value, target);
    },
  });
}

function withCreate(api: object, options: TrackOptions, kind: 'chat' | 'other'): object {
  const original: unknown = Reflect.get(api, 'create', api);
  if (typeof original !== 'function') return api;
  const create: Create = (body = {}, ...rest) => {
    const streams = body['stream'] === true;
    const asked = streams && kind === 'chat' ? withUsage(body) : body;
    const answer: unknown = Reflect.apply(original, api, [asked, ...rest]);
    const model = typeof body['model'] === 'string' ? body['model'] : 'unknown';
    return Promise.resolve(answer).then((value) =>
      streams ? loggedStream(value, model, options) : loggedAnswer(value, model, options),
    );
  };
  return replacing(api, 'create', create);
}

async function loggedAnswer(value: unknown, model: string, options: TrackOptions): Promise<unknown> {
  await logAnswer(options, answerOf(value, model));
  return value;
}

/** The same stream; what it used is logged when it ends, and also when its reader leaves it before. */
function loggedStream(stream: unknown, model: string, options: TrackOptions): unknown {
  if (typeof stream !== 'object' || stream === null || !(Symbol.asyncIterator in stream)) return stream;
  const iterable = stream as AsyncIterable<unknown>;
  async function* logged(): AsyncGenerator<unknown> {
    let last: Answer = { model, usage: undefined };
    try {
      for await (const chunk of iterable) {
        last = newer(last, answerOf(chunk, last.model));
        yield chunk;
      }
    } finally {
      await logAnswer(options, last);
    }
  }
  return replacing(stream, Symbol.asyncIterator, () => logged());
}

/** A chunk may be an answer itself, or an event about one: `{ type: 'response.completed', response }`. */
function answerOf(value: unknown, model: string): Answer {
  const inner =
    typeof value === 'object' && value !== null && 'response' in value && typeof value.response === 'object'
      ? value.response
      : value;
  const { data } = answerForm.safeParse(inner);
  return {
    model: data?.model ?? model,
    responseId: data?.id ?? undefined,
    usage: data?.usage satisfies Usage | undefined,
  };
}

function newer(before: Answer, now: Answer): Answer {
  return {
    model: now.model,
    responseId: now.responseId ?? before.responseId,
    usage: now.usage ?? before.usage,
  };
}

function withUsage(body: Record<string, unknown>): Record<string, unknown> {
  const given = body['stream_options'];
  const options = typeof given === 'object' && given !== null ? given : {};
  return { ...body, stream_options: { ...options, include_usage: true } };
}

/** The object with one member replaced; methods keep their own `this`, which private members need. */
function replacing<T extends object>(target: T, name: string | symbol, replacement: unknown): T {
  return new Proxy(target, {
    get(object, asked) {
      return asked === name ? replacement : bound(Reflect.get(object, asked, object), object);
    },
  });
}

function bound(value: unknown, owner: object): unknown {
  return typeof value === 'function'
    ? (...args: unknown[]): unknown => Reflect.apply(value, owner, args)
    : value;
}
