import { z } from 'zod';
import { type Answer, logAnswer, type TrackOptions } from './unlogged.ts';

const tokens = z.number().int().nonnegative().nullish();

/** Versions 3 and later of the SDK's specification break the counts down; version 2 has them flat. */
const usageForms = z.union([
  z
    .object({
      inputTokens: z.object({ total: z.number().int().nonnegative(), cacheRead: tokens, cacheWrite: tokens }),
      outputTokens: z.object({ total: tokens, reasoning: tokens }),
    })
    .transform(({ inputTokens, outputTokens }) => ({
      tokens_input: inputTokens.total,
      tokens_output: outputTokens.total ?? 0,
      cached_read_tokens: inputTokens.cacheRead ?? null,
      cached_write_tokens: inputTokens.cacheWrite ?? null,
      reasoning_tokens: outputTokens.reasoning ?? null,
    })),
  z
    .object({
      inputTokens: z.number().int().nonnegative(),
      outputTokens: tokens,
      cachedInputTokens: tokens,
      reasoningTokens: tokens,
    })
    .transform((usage) => ({
      tokens_input: usage.inputTokens,
      tokens_output: usage.outputTokens ?? 0,
      cached_read_tokens: usage.cachedInputTokens ?? null,
      reasoning_tokens: usage.reasoningTokens ?? null,
    })),
]);

const usageOf = (usage: unknown): Answer['usage'] => usageForms.safeParse(usage).data;

interface Model {
  readonly modelId: string;
  readonly provider?: string;
}

interface Generated {
  readonly usage?: unknown;
  readonly response?: { readonly id?: string | undefined; readonly modelId?: string | undefined } | undefined;
}

interface Streamed<Part> {
  readonly stream: ReadableStream<Part>;
}

/**
 * A middleware for `wrapLanguageModel` of the AI SDK (versions 2 and later of its specification): every call of the model is logged,
 * streams when they end. What cannot be logged never costs the answer.
 */
export function llmCostsMiddleware<V extends string = 'v3'>(
  options: TrackOptions & { readonly specificationVersion?: V },
) {
  const { specificationVersion = 'v3' as V } = options;
  return {
    specificationVersion,

    wrapGenerate: async <R extends Generated>({
      doGenerate,
      model,
    }: {
      doGenerate: () => PromiseLike<R>;
      model: Model;
    }): Promise<R> => {
      const result = await doGenerate();
      await logAnswer(options, {
        model: result.response?.modelId ?? model.modelId,
        provider: providerOf(model),
        responseId: result.response?.id,
        usage: usageOf(result.usage),
      });
      return result;
    },

    wrapStream: async <P, R extends Streamed<P>>({
      doStream,
      model,
    }: {
      doStream: () => PromiseLike<R>;
      model: Model;
    }): Promise<R> => {
      const result = await doStream();
      let answer: Answer = { model: model.modelId, provider: providerOf(model), usage: undefined };
      const watch = new TransformStream<P, P>({
        transform(part, controller) {
          answer = after(answer, part);
          controller.enqueue(part);
        },
        flush: () => logAnswer(options, answer),
      });
      return { ...result, stream: result.stream.pipeThrough(watch) };
    },
  };
}

const partForm = z.object({
  type: z.string(),
  id: z.string().nullish().catch(null),
  modelId: z.string().nullish().catch(null),
  usage: z.unknown().optional(),
});

function after(before: Answer, part: unknown): Answer {
  const { data } = partForm.safeParse(part);
  if (data?.type === 'response-metadata') {
    return { ...before, model: data.modelId ?? before.model, responseId: data.id ?? before.responseId };
  }
  return data?.type === 'finish' ? { ...before, usage: usageOf(data.usage) } : before;
}

/** `openai.chat` is a way to ask OpenAI. */
function providerOf({ provider }: Model): string | undefined {
  return provider?.split('.', 1)[0];
}
