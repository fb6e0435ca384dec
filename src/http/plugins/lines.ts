import { Readable } from 'node:stream';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { StockroomError } from '../../core/errors.ts';
import type { App } from '../app.ts';
import { NDJSON } from '../progress.ts';

/**
 * Bodies of lines of JSON reach routes with `config.lines` as a stream, which the route checks line by line; other routes take none.
 */
export function installLines(app: App): void {
  app.addContentTypeParser(NDJSON, (request, payload, done) => {
    if (request.routeOptions.config.lines === true) {
      done(null, payload);
      return;
    }
    done(
      new StockroomError('UNSUPPORTED_TYPE', `content-type: expected application/json here, found ${NDJSON}`),
    );
  });
  app.setValidatorCompiler((route) => {
    const validate = validatorCompiler(route as Parameters<typeof validatorCompiler>[0]);
    if (route.httpPart !== 'body') return validate;
    return (data: unknown) => (data instanceof Readable ? { value: data } : validate(data));
  });
}
