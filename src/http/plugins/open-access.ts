import type { FastifyInstance } from 'fastify';

/**
 * Routes of this scope need no API key: pages, scripts and the description of the API hold no data, and a browser sends no
 * key when it opens a page. Without API keys they are for loopback alone, as everything is.
 */
export function openAccess(scope: FastifyInstance): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, access: 'open' };
  });
}
