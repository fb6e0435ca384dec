import { StockroomError } from '../../core/errors.ts';
import type { App } from '../app.ts';

/** What nests deeper is no document of ours, and JavaScript and PostgreSQL run out of stack on far deeper ones. */
export const DEPTH_MAX = 200;

/** Bodies are JSON, of at most `DEPTH_MAX` levels. */
export function installBody(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (isDeeper(text, DEPTH_MAX)) {
      done(
        new StockroomError('INVALID_INPUT', `body: expected JSON of at most ${DEPTH_MAX} levels, found more`),
      );
      return;
    }
    void parse(request, text, done);
  });
}

/** Whether JSON nests deeper than that. Of a text that is no JSON, any answer. */
export function isDeeper(text: string, max: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > max) return true;
  }
  return false;
}

/** Where the string that begins there ends; what looks like a bracket in it is none. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** By an odd number of backslashes before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}
