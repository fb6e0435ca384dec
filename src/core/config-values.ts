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
