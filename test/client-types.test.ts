import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CLIENT_TYPES, clientTypes } from '../scripts/client-types.ts';
import { freshTier } from './support/durable.ts';
import { testServer } from './support/http.ts';

it('src/client/paths.ts is what the description of the API gives; if not: npm run client:types', async () => {
  const tier = await freshTier('embedded');
  const { app } = await testServer({ durable: tier.durable });
  try {
    const { body } = await app.inject({ url: '/openapi.json' });
    const wanted = await clientTypes(JSON.parse(body) as Parameters<typeof clientTypes>[0]);
    // Not `toBe` of the texts: the difference of two so long ones takes long, and version control shows it better.
    const isPresent = readFileSync(CLIENT_TYPES, 'utf8') === wanted;
    expect(isPresent, 'src/client/paths.ts is out of date: npm run client:types').toBe(true);
  } finally {
    await app.close();
    await tier.remove();
  }
});
