import { StockroomError } from '../../../core/errors.ts';
import { sessionSettings } from '../connection.ts';

/** Where a server is, without what is secret. */
export interface Address {
  /** For the driver: the URL with the settings of our sessions added to its `options`. */
  readonly connectionString: string;
  /** For people: `host:port/database`. */
  readonly location: string;
}

/**
 * @param name the setting that the URL came from, named in the error
 * @throws StockroomError CONFIG_INVALID when it is no PostgreSQL URL; the message does not repeat it
 */
export function addressOf(url: string, schema: string, name = 'DATABASE_URL'): Address {
  const parsed = parse(url);
  if (parsed === undefined) {
    throw new StockroomError(
      'CONFIG_INVALID',
      `${name}: expected postgres://user:password@host:port/database, found something else`,
    );
  }
  const settings = Object.entries(sessionSettings(schema)).map(
    ([setting, value]) => `-c ${setting}=${value.replace(/[\\ ]/g, String.raw`\$&`)}`,
  );
  const given = parsed.searchParams.get('options');
  parsed.searchParams.set('options', [...(given === null ? [] : [given]), ...settings].join(' '));
  return { connectionString: parsed.href, location: locationOf(parsed) };
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
