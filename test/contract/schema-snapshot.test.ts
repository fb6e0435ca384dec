import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { migrate, schemaSnapshot } from '../../src/tiers/durable/index.ts';
import { subjects } from './durable/subject.ts';

const file = fileURLToPath(new URL('../../sql/schema.snapshot.sql', import.meta.url));
const heading = `-- The schema after all migrations, read back from the catalog of PostgreSQL.
-- Written by \`npm run schema:snapshot\`; never edited.

`;

it.each(subjects)('the schema is the one in sql/schema.snapshot.sql: $kind', async (subject) => {
  const opened = await subject.open();
  try {
    await migrate(opened.tier);
    const advice =
      'the migrations give another schema: look at the difference, and run `npm run schema:snapshot`';
    await expect(heading + (await schemaSnapshot(opened.tier)), advice).toMatchFileSnapshot(file);
  } finally {
    await opened.close();
  }
});
