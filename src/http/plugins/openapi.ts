import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { version } from '../../core/version.ts';
import type { App } from '../app.ts';
import { openAccess } from './open-access.ts';
import { describeRoute, describeWhole, tags } from './openapi-routes.ts';

/** The description of the API, collected from the schemas of the routes that are registered after this. */
export async function installOpenApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Stockroom',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
        description:
          'The data layer of AI stock-picking backends. Times are ISO 8601 in UTC, money is a decimal string, lists are {items, next_cursor}, errors are application/problem+json with a stable code.',
      },
      servers: [{ url: '/', description: 'Where this document comes from' }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          header: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        },
      },
      security: [{ bearer: [] }, { header: [] }, {}],
      tags: [...tags],
    },
    transform: describeRoute,
    transformObject: (given) => describeWhole(jsonSchemaTransformObject(given)),
  });

  await app.register(async (scope) => {
    openAccess(scope);
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { docExpansion: 'list', layout: 'BaseLayout' },
      theme: { title: 'Stockroom API' },
    });
    scope.get('/openapi.json', { schema: { hide: true } }, (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
    );
  });
}
