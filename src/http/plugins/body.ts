import { StockroomError } from '../../core/errors.ts';
import type { App } from '../app.ts';

/** What nests deeper is no document of ours, and JavaScript and PostgreSQL run out of stack on far deeper ones. */
const DEPTH_MAX = 200;

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
function isDeeper(text: string, max: number): boolean {
  let depth = 0;
  // A string is passed over as a whole: what looks like a bracket in it is none.
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/gs)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > max) return true;
  }
  return false;
}
