import { channel } from '../../../core/diagnostics.ts';
import type { LlmRequestInput } from '../request-schema.ts';

/** A call that was made and paid for, and could not be logged. */
export interface UnloggedRequest {
  /** What there is to log; absent: the provider's answer did not say what it used. */
  readonly request: LlmRequestInput | undefined;
  readonly model: string;
  readonly error: unknown;
}

export const unloggedRequest = channel<UnloggedRequest>('stockroom:llm:unlogged');

/** Who logs, and with what beside the usage. */
export interface TrackOptions {
  readonly llmCosts: { log(request: LlmRequestInput): Promise<unknown> };
  readonly tags?: readonly string[];
  readonly user_id?: string;
  /**
   * A call that could not be logged: its answer is given all the same, since it was paid for. Absent: whoever listens to the channel
   * `stockroom:llm:unlogged` is told.
   */
  readonly onUnlogged?: (unlogged: UnloggedRequest) => void;
}

export type Usage = Pick<
  LlmRequestInput,
  'tokens_input' | 'tokens_output' | 'cached_read_tokens' | 'cached_write_tokens' | 'reasoning_tokens'
>;

export interface Answer {
  readonly model: string;
  readonly provider?: string | undefined;
  readonly responseId?: string | undefined;
  readonly usage: Usage | undefined;
}

/** Logs what an answer used; resolves in any case, once it is known whether it was logged. */
export async function logAnswer(options: TrackOptions, answer: Answer): Promise<void> {
  const { llmCosts, tags, user_id, onUnlogged } = options;
  const { model, provider, responseId, usage } = answer;
  const tell = (request: LlmRequestInput | undefined, error: unknown): void => {
    const unlogged = { request, model, error };
    if (onUnlogged === undefined) unloggedRequest.publish(() => unlogged);
    else onUnlogged(unlogged);
  };
  if (usage === undefined) {
    tell(undefined, new TypeError('the answer of the provider does not say how many tokens it used'));
    return;
  }
  const request: LlmRequestInput = {
    model,
    ...usage,
    provider: provider ?? null,
    response_id: responseId ?? null,
    tags: tags === undefined ? null : [...tags],
    user_id: user_id ?? null,
  };
  try {
    await llmCosts.log(request);
  } catch (error) {
    tell(request, error);
  }
}
