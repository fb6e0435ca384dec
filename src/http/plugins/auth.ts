import type { FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { ApiKey } from '../../core/config-values.ts';
import { StockroomError } from '../../core/errors.ts';
import { type App, accessOf } from '../app.ts';

const LOOPBACK = 'loopback';
const ANYONE = 'anyone';

/**
 * Who may call. With API keys: the holder of a key with the scope that the route asks for; no scope implies another.
 * Without: loopback alone, as the socket has it, since a header says what its sender likes.
 */
export function installAuth(app: App, apiKeys: readonly ApiKey[]): void {
  if (apiKeys.length === 0) {
    app.log.warn(
      'without STOCKROOM_API_KEYS only callers on this machine are served, and each may do everything',
    );
  }
  const keys = apiKeys.map((key) => ({ ...key, hash: Buffer.from(key.sha256, 'hex') }));
  app.decorateRequest('caller', '');
  // A synchronous hook with a callback: it stands before every request, and waits for nothing.
  app.addHook('onRequest', (request, _reply, done) => {
    try {
      request.caller = keys.length === 0 ? localCaller(request) : keyCaller(request, keys);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function localCaller(request: FastifyRequest): string {
  const address = request.socket.remoteAddress;
  if (address === undefined || !isLoopback(address)) {
    throw new StockroomError(
      'FORBIDDEN',
      `Without API keys only loopback may call, and this call comes from ${address ?? 'an unknown address'}; set STOCKROOM_API_KEYS`,
    );
  }
  // A page of the web can make a browser call a name of its own that leads to 127.0.0.1, and then read the answer.
  if (!isLocalName(request.hostname)) {
    throw new StockroomError(
      'FORBIDDEN',
      `Without API keys the host must be localhost or an IP address, and it is ${JSON.stringify(request.hostname)}; set STOCKROOM_API_KEYS`,
    );
  }
  refuseOtherPages(request);
  return LOOPBACK;
}

/**
 * A page of the web can also make a browser send requests whose answer it cannot read, and a request may change something. A
 * browser says whose page it was; who is no browser says nothing.
 */
function refuseOtherPages({ headers }: FastifyRequest): void {
  const { origin, host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  const foreign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
  // A link that leads here from another page is opened, and reads alone.
  const opened = mode === 'navigate' && origin === undefined;
  if (!foreign && (site === undefined || site === 'same-origin' || site === 'none' || opened)) return;
  throw new StockroomError(
    'FORBIDDEN',
    'Without API keys pages of other sites may not call; set STOCKROOM_API_KEYS and send a key',
  );
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}

function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0;
}

function keyCaller(request: FastifyRequest, keys: readonly (ApiKey & { hash: Buffer })[]): string {
  const access = accessOf(request);
  if (access === 'open') return ANYONE;
  const given = givenKey(request);
  if (given === undefined) {
    throw new StockroomError('UNAUTHORIZED', 'Give an API key: Authorization: Bearer KEY, or x-api-key: KEY');
  }
  const hash = createHash('sha256').update(given).digest();
  // Every key is compared, each in constant time: how long it takes says nothing about which one came close.
  let key: ApiKey | undefined;
  for (const candidate of keys) {
    if (timingSafeEqual(candidate.hash, hash)) key = candidate;
  }
  if (key === undefined)
    throw new StockroomError('UNAUTHORIZED', 'The API key is not one of STOCKROOM_API_KEYS');
  if (!key.scopes.includes(access)) {
    throw new StockroomError(
      'FORBIDDEN',
      `This needs the scope ${access}, and the key ${key.name} has ${key.scopes.join('+')}`,
    );
  }
  return key.name;
}

function givenKey(request: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined);
}
