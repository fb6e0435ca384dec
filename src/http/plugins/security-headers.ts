import helmet from '@fastify/helmet';
import fastify from 'fastify';
import type { App } from '../app.ts';

/**
 * Pages run scripts and styles of this service alone. HTTPS belongs to what stands before it, so that neither
 * Strict-Transport-Security nor upgrade-insecure-requests is ours to send.
 */
const options = {
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
};

/** The same headers on every answer. Helmet would write the policy anew for each request, so it is asked once. */
export async function installSecurityHeaders(app: App): Promise<void> {
  const headers = await headersOfHelmet();
  app.addHook('onRequest', (_request, reply, done) => {
    // On the raw answer: streams that are written past Fastify have them as well.
    for (const [name, value] of headers) reply.raw.setHeader(name, value);
    done();
  });
}

async function headersOfHelmet(): Promise<[name: string, value: string][]> {
  const asked = fastify();
  try {
    await asked.register(helmet, options);
    // Before an answer is sent, what Helmet has set is all that is there.
    asked.get('/', (_request, reply) => reply.raw.getHeaders());
    const answer = await asked.inject('/');
    return Object.entries(answer.json<Record<string, string>>());
  } finally {
    await asked.close();
  }
}
