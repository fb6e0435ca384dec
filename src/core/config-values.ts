import { z } from 'zod';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const scopes = ['read', 'write', 'admin'] as const;
export type LogLevel = (typeof logLevels)[number];
export type Scope = (typeof scopes)[number];

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A caller of the HTTP service. The key itself is known to the caller alone. */
export interface ApiKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the key, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** As the PostgreSQL client has it, the host may be left out after a user: it is a socket then. */
export function isUrl(value: string): boolean {
  return URL.canParse(value) || URL.canParse(value.replace('@/', '@localhost/'));
}

/** A URL of one of the schemes. */
export function url(...schemes: string[]) {
  const expected = `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return z
    .string()
    .refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}://`)) && isUrl(value), expected);
}

export function wholeNumber(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}

/** @returns a boolean */
export const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no'], 'true or false'))
  .transform((value) => ['true', '1', 'yes'].includes(value));

export const portNumber = wholeNumber(1, 65_535);
const hostPattern = /^(?:[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)$/;
export const hostName = z.string().regex(hostPattern, 'a host name or an IP address, without a port');

/** `host:port` or `[v6]:port` entries, separated by commas; the port may be left out. */
export function endpoints(defaultPort: number) {
  const expected = 'host:port entries separated by commas';
  return z.string().transform((value, context): Endpoint[] =>
    value.split(',').flatMap((entry) => {
      const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(entry.trim());
      const host = hostName.safeParse(match?.[1] ?? match?.[2]);
      const port = portNumber.safeParse(match?.[3] ?? String(defaultPort));
      if (host.success && port.success) return [{ host: host.data, port: port.data }];
      context.addIssue({ code: 'custom', message: expected });
      return [];
    }),
  );
}

const apiKeyForm = `name:scopes:sha256hex entries separated by commas (scopes: ${scopes.join(', ')} joined by +)`;

/** What is wrong with one entry, in words that hold no part of it beyond its place: it may be a key pasted as it is. */
function apiKeyFault(parts: readonly string[]): string | undefined {
  const [name = '', granted = '', sha256 = ''] = parts;
  if (parts.length !== 3) return `has ${parts.length} part(s) instead of 3`;
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name))
    return 'has a name that is not 1 to 64 letters, digits, ".", "_" or "-"';
  if (!granted.split('+').every((scope) => z.enum(scopes).safeParse(scope).success))
    return 'has an unknown scope';
  if (!/^[0-9a-f]{64}$/i.test(sha256)) return 'has a hash that is not 64 hexadecimal digits';
  return undefined;
}

export const apiKeyList = z.string().transform((value, context): ApiKey[] => {
  const entries = value.split(',').map((entry) => entry.trim().split(':'));
  const seen = new Set<string>();
  return entries.flatMap((parts, index) => {
    const [name = '', granted = '', sha256 = ''] = parts;
    const key = { name, scopes: [...new Set(granted.split('+'))] as Scope[], sha256: sha256.toLowerCase() };
    const repeated = seen.has(key.name) || seen.has(key.sha256);
    const fault = apiKeyFault(parts) ?? (repeated ? 'repeats a name or a hash' : undefined);
    seen.add(key.name).add(key.sha256);
    if (fault === undefined) return [key];
    context.addIssue({
      code: 'custom',
      message: apiKeyForm,
      params: { found: `entry ${index + 1} ${fault}` },
    });
    return [];
  });
});

/** What runs by itself: see src/jobs. */
export const jobNames = ['outcomes', 'retention', 'alerts', 'refresh'] as const;
export type JobName = (typeof jobNames)[number];

/** When a job runs: five fields of cron, read in a time zone. */
export interface CronTime {
  readonly cron: string;
  readonly zone: string;
}

/** `off`: this process runs none. A job that is not named runs at its own time. */
export type Schedules = 'off' | { readonly [Name in JobName]?: CronTime | 'off' };

const schedulesForm =
  `on, off, or entries separated by ";": a job (${jobNames.join(', ')}), "=", and off or five fields of cron with a ` +
  'time zone behind them (UTC without one)';

/** The least and the most of each field of cron; 0 and 7 are Sunday. */
const cronRanges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** Numbers, ranges, lists and steps in all fields. */
function isCron(cron: string): boolean {
  const fields = cron.split(' ');
  return cronRanges.every(([least, most], index) =>
    fields[index]!.split(',').every((part) => {
      const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
      if (match === null) return false;
      const [, from = least, to = match[1] ?? most, step = 1] = match;
      return Number(from) >= least && Number(from) <= Number(to) && Number(to) <= most && Number(step) >= 1;
    }),
  );
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // That is how Intl says that there is no such zone.
  }
}

/** `retention=off; outcomes=50 15 * * 1-5 Asia/Kolkata`. */
export const scheduleList = z.string().transform((value, context): Schedules => {
  if (/^(?:on|off)$/i.test(value)) return value.toLowerCase() === 'off' ? 'off' : {};
  const schedules: { [Name in JobName]?: CronTime | 'off' } = {};
  for (const [index, entry] of value.split(';').entries()) {
    const [, name = '', time = ''] = /^\s*([a-z]+)\s*=\s*(.+?)\s*$/.exec(entry) ?? [];
    const job = jobNames.find((one) => one === name);
    const [, fields = '', zone = 'UTC'] = /^(\S+(?:\s+\S+){4})(?:\s+(\S+))?$/.exec(time) ?? [];
    const cron = fields.replaceAll(/\s+/g, ' ');
    const isTime = cron !== '' && isCron(cron) && isTimeZone(zone);
    if (job !== undefined && schedules[job] === undefined && (isTime || time === 'off')) {
      schedules[job] = isTime ? { cron, zone } : 'off';
    } else {
      const found = `entry ${index + 1} of another form or out of range, or a job for the second time`;
      context.addIssue({ code: 'custom', message: schedulesForm, params: { found } });
    }
  }
  return schedules;
});

const retentionForm = 'store=days entries separated by commas, each store once, 1 to 36500 days';

/** `llm-costs=365,context=90`. Which stores have history is for who archives. */
export const retentionDays = z.string().transform((value, context): Readonly<Record<string, number>> => {
  const days: Record<string, number> = {};
  for (const entry of value.split(',')) {
    const [, store, given] = /^\s*([a-z-]+)\s*=\s*(\d{1,5})\s*$/.exec(entry) ?? [];
    if (store === undefined || Object.hasOwn(days, store) || Number(given) < 1 || Number(given) > 36_500) {
      context.addIssue({ code: 'custom', message: retentionForm });
    } else days[store] = Number(given);
  }
  return days;
});
