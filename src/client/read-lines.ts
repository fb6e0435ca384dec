import type { Deadline } from './deadline.ts';
import { isProblemBody, NoAnswer, StockroomProblem } from './problem.ts';

const LINE_MAX_CHARACTERS = 1 << 26;

/**
 * The documents of a body of lines, as they come. The deadline runs only while more is waited for: how long the caller
 * takes with an item is the caller's business.
 * @throws StockroomProblem when the list ended before its end, which the service says in its last line; NoAnswer
 */
export async function* readLines(
  call: string,
  body: ReadableStream<Uint8Array>,
  deadline: Deadline,
): AsyncGenerator<unknown, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      deadline.start();
      const { done, value } = await reader
        .read()
        .catch((cause: unknown) => Promise.reject(new NoAnswer(cause)));
      deadline.stop();
      rest += decoder.decode(value, { stream: !done });
      const lines = rest.split('\n');
      rest = done ? '' : lines.pop()!;
      if (rest.length > LINE_MAX_CHARACTERS) {
        throw unexpected(call, `a line of more than ${LINE_MAX_CHARACTERS} characters`);
      }
      for (const line of lines) if (line !== '') yield itemOf(call, line);
      if (done) return;
    }
  } finally {
    deadline.stop();
    // Whoever stops early is not sent the rest. Where reading failed there is nothing left to cancel.
    await reader.cancel().catch(() => undefined);
  }
}

function itemOf(call: string, line: string): unknown {
  let item: unknown;
  try {
    item = JSON.parse(line);
  } catch (cause) {
    throw unexpected(call, 'a line that is no JSON', cause);
  }
  // No item of a list has these two members.
  if (isProblemBody(item))
    throw new StockroomProblem(call, item.code, item.detail, { status: 200, body: item });
  return item;
}

function unexpected(call: string, found: string, cause?: unknown): StockroomProblem {
  const detail = `expected a JSON document a line, found ${found}`;
  return new StockroomProblem(call, 'UNEXPECTED_ANSWER', detail, { status: 200, cause });
}
