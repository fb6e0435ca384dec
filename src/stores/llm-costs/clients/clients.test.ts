import { describe, expect, it } from 'vitest';
import type { LlmRequestInput } from '../request-schema.ts';
import { llmCostsMiddleware } from './ai-sdk.ts';
import { trackOpenAi } from './openai.ts';
import { type UnloggedRequest, unloggedRequest } from './unlogged.ts';

/** What was logged, or a store that refuses. */
function books(failure?: Error) {
  const logged: LlmRequestInput[] = [];
  const llmCosts = {
    async log(request: LlmRequestInput) {
      if (failure !== undefined) throw failure;
      logged.push(request);
    },
  };
  return { logged, llmCosts };
}

async function* chunks<T>(...values: T[]): AsyncGenerator<T> {
  yield* values;
}

/** Shaped as the client of OpenAI is: methods that need their own `this`, classes with private members. */
class Completions {
  readonly #answer: unknown;
  readonly bodies: unknown[] = [];

  constructor(answer: unknown) {
    this.#answer = answer;
  }

  async create(body: Record<string, unknown>): Promise<unknown> {
    this.bodies.push(body);
    return body['stream'] === true ? (this.#answer as () => unknown)() : this.#answer;
  }

  list(): unknown {
    return this.#answer;
  }
}

const chatAnswer = {
  id: 'chatcmpl-1',
  model: 'gpt-4o-2024-08-06',
  choices: [],
  usage: {
    prompt_tokens: 100,
    completion_tokens: 20,
    prompt_tokens_details: { cached_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 5 },
  },
};

describe('an OpenAI client', () => {
  const client = (answer: unknown) => {
    const completions = new Completions(answer);
    return {
      completions,
      client: { chat: { completions }, responses: new Completions(answer), apiKey: 'k' },
    };
  };

  it('logs a chat completion and gives its answer', async () => {
    const { logged, llmCosts } = books();
    const tracked = trackOpenAi(client(chatAnswer).client, { llmCosts, tags: ['scan'], user_id: 'u' });
    expect(await tracked.chat.completions.create({ model: 'gpt-4o' })).toBe(chatAnswer);
    expect(tracked.chat.completions.list()).toBe(chatAnswer);
    expect(tracked.apiKey).toBe('k');
    expect(logged).toEqual([
      {
        model: 'gpt-4o-2024-08-06',
        tokens_input: 100,
        tokens_output: 20,
        cached_read_tokens: 60,
        reasoning_tokens: 5,
        provider: null,
        response_id: 'chatcmpl-1',
        tags: ['scan'],
        user_id: 'u',
      },
    ]);
  });

  it('asks a stream for its usage, and logs it when it ends', async () => {
    const { logged, llmCosts } = books();
    const stream = () => chunks<unknown>({ id: 'c', model: 'gpt-4o', choices: [1], usage: null }, chatAnswer);
    const { client: plain, completions } = client(stream);
    const tracked = trackOpenAi(plain, { llmCosts });
    const answer = (await tracked.chat.completions.create({
      model: 'gpt-4o',
      stream: true,
    })) as AsyncIterable<unknown>;
    const seen: unknown[] = [];
    for await (const chunk of answer) {
      expect(logged).toEqual([]);
      seen.push(chunk);
    }
    expect(seen).toHaveLength(2);
    expect(completions.bodies).toEqual([
      { model: 'gpt-4o', stream: true, stream_options: { include_usage: true } },
    ]);
    expect(logged).toMatchObject([{ tokens_input: 100, response_id: 'chatcmpl-1' }]);
  });

  it('logs the Responses API, streams too', async () => {
    const usage = { input_tokens: 7, output_tokens: 3, input_tokens_details: { cached_tokens: 2 } };
    const response = { id: 'resp_1', model: 'gpt-5', usage };
    const plain = books();
    await trackOpenAi(client(response).client, plain).responses.create({ model: 'gpt-5' });
    const streamed = books();
    const events = () =>
      chunks(
        { type: 'response.created', response: { id: 'resp_1' } },
        { type: 'response.completed', response },
      );
    const answer = (await trackOpenAi(client(events).client, streamed).responses.create({
      model: 'gpt-5',
      stream: true,
    })) as AsyncIterable<unknown>;
    for await (const event of answer) expect(event).toHaveProperty('type');
    expect(streamed.logged).toEqual(plain.logged);
    expect(plain.logged).toMatchObject([
      { model: 'gpt-5', tokens_input: 7, cached_read_tokens: 2, response_id: 'resp_1' },
    ]);
  });

  it('gives the answer when it cannot be logged, and tells', async () => {
    const told: UnloggedRequest[] = [];
    const failing = books(new Error('away'));
    const options = {
      llmCosts: failing.llmCosts,
      onUnlogged: (unlogged: UnloggedRequest) => told.push(unlogged),
    };
    const tracked = trackOpenAi(client(chatAnswer).client, options);
    expect(await tracked.chat.completions.create({ model: 'gpt-4o' })).toBe(chatAnswer);
    expect(told).toMatchObject([{ request: { tokens_input: 100 }, error: { message: 'away' } }]);

    const heard: UnloggedRequest[] = [];
    const stop = unloggedRequest.subscribe((unlogged) => heard.push(unlogged));
    const noUsage = { id: 'x', model: 'gpt-4o', usage: { prompt_tokens: 'many' } };
    await trackOpenAi(client(noUsage).client, books()).chat.completions.create({ model: 'gpt-4o' });
    stop();
    expect(heard).toMatchObject([{ request: undefined, model: 'gpt-4o' }]);
  });

  it('passes on what the provider throws, and logs nothing', async () => {
    const { logged, llmCosts } = books();
    const failing = { chat: { completions: { create: async () => Promise.reject(new Error('429')) } } };
    const tracked = trackOpenAi(failing, { llmCosts });
    await expect(tracked.chat.completions.create()).rejects.toThrow('429');
    expect(logged).toEqual([]);
  });
});

describe('the middleware of the AI SDK', () => {
  const model = { modelId: 'claude-sonnet-4-5', provider: 'anthropic.messages' };
  const nested = {
    inputTokens: { total: 100, noCache: 30, cacheRead: 60, cacheWrite: 10 },
    outputTokens: { total: 20, text: 15, reasoning: 5 },
  };
  const expected = {
    model: 'claude-sonnet-4-5',
    tokens_input: 100,
    tokens_output: 20,
    cached_read_tokens: 60,
    cached_write_tokens: 10,
    reasoning_tokens: 5,
    provider: 'anthropic',
    response_id: 'msg_1',
  };

  it('logs what was generated', async () => {
    const { logged, llmCosts } = books();
    const result = { usage: nested, response: { id: 'msg_1' } };
    const { wrapGenerate } = llmCostsMiddleware({ llmCosts });
    expect(await wrapGenerate({ doGenerate: async () => result, model })).toBe(result);
    expect(logged).toMatchObject([expected]);
  });

  it('logs the flat usage of version 2', async () => {
    const { logged, llmCosts } = books();
    const usage = {
      inputTokens: 9,
      outputTokens: 4,
      totalTokens: 13,
      cachedInputTokens: 3,
      reasoningTokens: undefined,
    };
    const { wrapGenerate } = llmCostsMiddleware({ llmCosts, specificationVersion: 'v2' });
    await wrapGenerate({ doGenerate: async () => ({ usage }), model });
    expect(logged).toMatchObject([{ tokens_input: 9, tokens_output: 4, cached_read_tokens: 3 }]);
  });

  it('logs a stream when it ends, and passes every part on', async () => {
    const { logged, llmCosts } = books();
    const parts = [
      { type: 'response-metadata', id: 'msg_1' },
      { type: 'text-delta', id: 'not the id of the response', delta: 'x' },
      { type: 'finish', usage: nested },
    ];
    const { wrapStream } = llmCostsMiddleware({ llmCosts });
    const { stream, request } = await wrapStream({
      doStream: async () => ({ stream: ReadableStream.from(parts) as ReadableStream<unknown>, request: 1 }),
      model,
    });
    const seen: unknown[] = [];
    for await (const part of stream) seen.push(part);
    expect(seen).toEqual(parts);
    expect(request).toBe(1);
    expect(logged).toMatchObject([expected]);
  });
});
