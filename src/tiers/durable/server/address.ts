import { StockroomError } from '../../../core/errors.ts';
import { sessionSettings } from '../connection.ts';

/** Where a server is, without what is secret. */
export interface Address {
  /** The setting that the URL came from, for people. */
  readonly setting: 'DATABASE_URL' | 'DATABASE_REPLICA_URL';
  /** For the driver: the URL with the settings of our sessions added to its `options`. */
  readonly connectionString: string;
  /** For people: `host:port/database`. */
  readonly location: string;
}

/**
 * A replica is asked to read only: it refuses writes anyway, but the setting may name another server.
 *
 * @throws StockroomError CONFIG_INVALID when it is no PostgreSQL URL; the message does not repeat it
 */
export function addressOf(
  url: string,
  schema: string,
  setting: Address['setting'] = 'DATABASE_URL',
): Address {
  const parsed = parse(url);
  if (parsed === undefined) {
    throw new StockroomError(
      'CONFIG_INVALID',
      `${setting}: expected postgres://user:password@host:port/database, found something else`,
    );
  }
  const readOnly = setting === 'DATABASE_REPLICA_URL' ? { default_transaction_read_only: 'on' } : {};
  const settings = Object.entries({ ...sessionSettings(schema), ...readOnly }).map(
    ([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, String.raw`\$&`)}`,
  );
  const given = parsed.searchParams.get('options');
  parsed.searchParams.set('options', [...(given === null ? [] : [given]), ...settings].join(' '));
  return { setting, connectionString: parsed.href, location: locationOf(parsed) };
}

function parse(url: string): URL | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return parsed.protocol === 'postgres:' || parsed.protocol === 'postgresql:' ? parsed : undefined;
}

function locationOf(url: URL): string {
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  const port = url.searchParams.get('port') ?? url.port;
  const database = decodeURIComponent(url.pathname.slice(1));
  return `${host === '' ? 'localhost' : host}:${port === '' ? '5432' : port}${database === '' ? '' : `/${database}`}`;
}
