import type { DurableTier } from '../../tiers/durable/index.ts';
import { fail, type Found, ok, skip, warn } from './finding.ts';
import type { Patient } from './patient.ts';

/** Round trips of which the median counts: the first one opens a connection. */
const ROUND_TRIPS = 7;

export async function clocks(durable: DurableTier | undefined, patient: Patient): Promise<Found> {
  const { nodes, now, thresholds } = patient;
  const apart: { of: string; apart_ms: number; uncertain_ms: number }[] = nodes.map(
    ({ location, clockMs, uncertainMs }) => ({
      of: `Redis at ${location}`,
      ...rounded(clockMs, uncertainMs),
    }),
  );
  if (durable !== undefined && durable.kind === 'server') {
    // The first one may open a connection.
    await durable.ping();
    const before = now();
    const { rows } = await durable.query<{ ms: number }>(
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
    );
    const after = now();
    const ours = (before + after) / 2;
    apart.push({ of: 'PostgreSQL', ...rounded(rows[0]!.ms - ours, (after - before) / 2) });
  }
  const most = Math.max(0, ...apart.map((one) => Math.abs(one.apart_ms) - one.uncertain_ms));
  const remedy =
    'Let every machine follow the same time (chrony, systemd-timesyncd), and see which one is off.';
  const finding = 'The clock of this machine and that of a server are apart: lives end early or late.';
  if (most >= thresholds.clockFailMs) return fail(finding, { clocks: apart }, remedy);
  if (most >= thresholds.clockWarnMs) return warn(finding, { clocks: apart }, remedy);
  const left = unasked(durable, patient, nodes.length > 0);
  if (apart.length > 0) return ok(`The clocks agree.${aside(left)}`, { clocks: apart });
  return left.length > 0 ? skip(unaskedText(left)) : ok('There is no server with a clock of its own.');
}

export async function latency(durable: DurableTier | undefined, patient: Patient): Promise<Found> {
  const { hot, nodes, thresholds } = patient;
  const postgres = durable === undefined ? undefined : await median(() => durable.ping());
  // One that does not answer is told by another check.
  const up = hot.kind === 'redis' && nodes.length > 0 && hot.state().state === 'up';
  const redis = up ? await median(() => hot.ping()) : undefined;
  const evidence = { postgres_ms: postgres ?? null, redis_ms: redis ?? null, round_trips: ROUND_TRIPS };
  const above = (value: number | undefined, bound: number): boolean => value !== undefined && value > bound;
  const remedy =
    'Run Stockroom near its servers, and look for what loads them: pg_stat_activity, SLOWLOG GET, the network between.';
  const slow = (bound: 'Warn' | 'Fail'): string[] => [
    ...(above(postgres, thresholds[`postgres${bound}Ms`]) ? ['PostgreSQL'] : []),
    ...(above(redis, thresholds[`redis${bound}Ms`]) ? ['Redis'] : []),
  ];
  const [failing, warning] = [slow('Fail'), slow('Warn')];
  if (failing.length > 0)
    return fail(`${failing.join(' and ')} answers so slowly that calls will time out.`, evidence, remedy);
  if (warning.length > 0) return warn(`${warning.join(' and ')} answers slowly.`, evidence, remedy);
  const asked = [
    ...(postgres === undefined ? [] : ['PostgreSQL']),
    ...(redis === undefined ? [] : ['Redis']),
  ];
  const left = unasked(durable, patient, up);
  if (asked.length === 0 && left.length > 0) return skip(unaskedText(left));
  const quick =
    asked.length === 2 ? 'Both tiers answer quickly.' : asked.map((one) => `${one} answers quickly.`);
  return ok(`${quick.toString()}${aside(left)}`, evidence);
}

/** The servers of which nothing is known here: their reach is a check of its own. */
function unasked(durable: DurableTier | undefined, { hot }: Patient, redisAsked: boolean): string[] {
  return [
    ...(durable === undefined ? ['PostgreSQL'] : []),
    ...(hot.kind === 'redis' && !redisAsked ? ['Redis'] : []),
  ];
}

function aside(left: readonly string[]): string {
  return left.length === 0 ? '' : ` Not looked at: ${unaskedText(left)}`;
}

function unaskedText(left: readonly string[]): string {
  return `${left.join(' and ')} cannot be asked.`;
}

async function median(ask: () => Promise<{ latencyMs: number }>): Promise<number> {
  const all: number[] = [];
  for (let turn = 0; turn < ROUND_TRIPS; turn += 1) all.push((await ask()).latencyMs);
  return Math.round(all.sort((a, b) => a - b)[ROUND_TRIPS >> 1]! * 100) / 100;
}

function rounded(apartMs: number, uncertainMs: number): { apart_ms: number; uncertain_ms: number } {
  return { apart_ms: Math.round(apartMs), uncertain_ms: Math.ceil(uncertainMs) };
}
