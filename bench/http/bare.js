// The least that Fastify does: answers that are there already, as JSON. Its one argument is a file of paths and their texts.
import { readFileSync } from 'node:fs';
import fastify from 'fastify';

/** @type {Record<string, string>} */
const answers = JSON.parse(readFileSync(/** @type {string} */ (process.argv[2]), 'utf8'));
const app = fastify();
for (const [path, text] of Object.entries(answers)) {
  app.get(path, (_request, reply) => reply.type('application/json; charset=utf-8').send(text));
}
process.stdout.write(`Bare Fastify serves at ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
