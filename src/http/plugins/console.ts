import fastifyStatic from '@fastify/static';
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StockroomError } from '../../core/errors.ts';
import type { App } from '../app.ts';
import { openAccess } from './open-access.ts';

/** The same folder from the sources and from the build: both stand two folders below the package. */
const BUILT = fileURLToPath(new URL('../../../dist/console', import.meta.url));

/** Serves the console at `/`. It reads the API like any other caller. */
export async function installConsole(app: App, directory: string = BUILT): Promise<void> {
  await app.register(async (scope) => {
    openAccess(scope);
    // Headers of the answer win over those that setHeaders gives below.
    scope.addHook('onRequest', (_request, reply, done) => {
      reply.removeHeader('cache-control');
      done();
    });
    if (!existsSync(join(directory, 'index.html'))) {
      scope.get('/', { schema: { hide: true } }, () => {
        throw new StockroomError(
          'NOT_FOUND',
          'The console is not built: run `npm run build` and start again. The API is at /docs.',
        );
      });
      return;
    }
    await scope.register(fastifyStatic, {
      root: directory,
      // A route for each file that is there: whatever is not is answered as any other unknown path.
      wildcard: false,
      cacheControl: false,
      setHeaders: (response, path) => {
        // The name of an asset changes with its content; the page that names them must be asked for each time.
        const hashed = path.includes(`${sep}assets${sep}`);
        response.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  });
}
