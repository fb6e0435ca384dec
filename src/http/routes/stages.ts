import { z } from 'zod';
import { textInput } from '../../core/inputs.ts';
import type { StageActs } from '../../migration/stages/acts.ts';
import type { StoreStage } from '../../migration/stages/show.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const stage = z.enum(['legacy', 'dual-write', 'shadow', 'live', 'ramp-down', 'complete']);
const gate = z.object({ name: z.string(), passed: z.boolean(), detail: z.string() });

const storeStage = z.object({
  store: z.string(),
  stage,
  state: z
    .enum(['open', 'fenced', 'given'])
    .nullable()
    .describe('Of PostgreSQL; null before the store is under guard'),
  authority: z.enum(['old', 'new', 'both']).describe('Who takes the writes'),
  epoch: z.number(),
  ramp: z.number().describe('Of 100 record keys, how many are read from PostgreSQL'),
  directory: z.string().nullable(),
  since: z.string().nullable(),
  lag: z.object({
    old: z
      .number()
      .nullable()
      .describe('Changes of the old files that are not here yet; null when they cannot be asked'),
    new: z.number().describe('Rows that the old side is owed'),
    oldest_ms: z.number().nullable(),
    refused: z.number(),
  }),
  shadow: z.record(z.string(), z.number()).describe('Shadow reads in this stage, by what came of them'),
  mismatches: z.number(),
  moves: z.array(
    z.object({
      from: stage,
      to: stage,
      at: z.string(),
      outcome: z.enum(['moved', 'refused', 'given up', 'demoted']),
      forced: z.string().nullable(),
      evidence: z.unknown(),
    }),
  ),
  next: z.array(z.object({ stage, gates: z.array(gate) })),
});

const move = z.strictObject({
  stage,
  ramp: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('In live: of 100 record keys, how many are read from PostgreSQL'),
  force: z.string().trim().min(1).max(500).optional().describe('Why closed gates are passed by; it is kept'),
});

const store = z.strictObject({ store: textInput });

export function routeStages(app: App, acts: StageActs): void {
  app.get(
    '/v1/stages',
    {
      schema: {
        tags: ['Migration'],
        summary: 'Where each store is on its way from the old files to PostgreSQL',
        response: { 200: z.object({ items: z.array(storeStage) }), ...problems(401, 403, 503) },
      },
    },
    async () => ({ items: (await acts.show()).map(shown) }),
  );
  app.get(
    '/v1/stages/:store/route',
    {
      schema: {
        tags: ['Migration'],
        summary: 'From which side a record is to be read',
        params: store,
        querystring: z.strictObject({ key: textInput.describe("The record's key in PostgreSQL") }),
        response: {
          200: z.object({ side: z.enum(['old', 'new']), reason: z.string() }),
          ...problems(400, 401, 403, 404, 503),
        },
      },
    },
    (request) => acts.route(request.params.store, request.query.key),
  );
  app.put(
    '/v1/stages/:store',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['Migration'],
        summary: 'Take a store to its next stage, or back; a closed gate leaves it where it is',
        params: store,
        body: move,
        response: { 200: storeStage, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    (request) => moved(acts, { store: request.params.store, actor: request.caller }, request.body),
  );
}

async function moved(
  acts: StageActs,
  asked: { store: string; actor: string },
  { stage: to, ramp, force }: z.infer<typeof move>,
): Promise<z.infer<typeof storeStage>> {
  await acts.set({ ...asked, to, ramp, force });
  return shown((await acts.show(asked.store))[0]!);
}

function shown(one: StoreStage): z.infer<typeof storeStage> {
  return { ...one, shadow: { ...one.shadow } };
}
