import helmet from '@fastify/helmet';
import type { App } from '../app.ts';

/**
 * Pages run scripts and styles of this service alone. HTTPS belongs to what stands before it, so that neither
 * Strict-Transport-Security nor upgrade-insecure-requests is ours to send.
 */
export async function installSecurityHeaders(app: App): Promise<void> {
  await app.register(helmet, {
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
  });
}
