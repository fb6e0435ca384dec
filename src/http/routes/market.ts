import { z } from 'zod';
import { type Clock, systemClock } from '../../core/clock.ts';
import { timeInput } from '../../core/inputs.ts';
import { type Calendar, exchanges } from '../../market/index.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const params = z.strictObject({ exchange: z.enum(exchanges, `one of ${exchanges.join(', ')}`) });

const query = z
  .strictObject({
    at: timeInput.optional().describe('The instant; now by default'),
    as_of: timeInput.optional().describe('The same as at'),
  })
  .refine(({ at, as_of: asOf }) => at === undefined || asOf === undefined, {
    path: ['at'],
    message: 'at or as_of, not both',
  });

const session = z.object({
  date: z.string().describe('The day at the exchange'),
  opens_at: z.string(),
  closes_at: z.string(),
  note: z.string().nullable(),
});

const answer = z.object({
  exchange: z.enum(exchanges),
  at: z.string(),
  date: z.string().describe('The day at the exchange'),
  open: z.boolean(),
  session: session.nullable().describe('That of the day; null: no trading on it'),
  next: session.describe('The first that opens after the instant'),
  previous: session.describe('The last that closed at or before it'),
  covered_from: z.string(),
  covered_until: z
    .string()
    .describe('Outside of these days holidays that move are not known, and are taken for days of trading'),
});

type Session = ReturnType<Calendar['next']>;

function sessionAnswer({ date, opensAt, closesAt, note }: Session): z.output<typeof session> {
  return { date, opens_at: opensAt, closes_at: closesAt, note: note ?? null };
}

export function routeMarket(
  app: App,
  calendar: Calendar,
  { clock = systemClock }: { clock?: Clock } = {},
): void {
  app.get(
    '/v1/market/:exchange/session',
    {
      schema: {
        tags: ['Market'],
        summary: 'Whether an exchange trades, and when it does next',
        params,
        querystring: query,
        response: { 200: answer, ...problems(400, 401, 403) },
      },
    },
    (request) => {
      const { exchange } = request.params;
      const said = request.query.at ?? request.query.as_of;
      const at = said === undefined ? clock() : new Date(said);
      const date = calendar.dayOf(exchange, at);
      const today = calendar.session(exchange, date);
      return Promise.resolve({
        exchange,
        at: at.toISOString(),
        date,
        open: calendar.isOpen(exchange, at),
        session: today === undefined ? null : sessionAnswer(today),
        next: sessionAnswer(calendar.next(exchange, at)),
        previous: sessionAnswer(calendar.previous(exchange, at)),
        covered_from: calendar.coveredFrom(exchange),
        covered_until: calendar.coveredUntil(exchange),
      });
    },
  );
}
