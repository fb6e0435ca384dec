import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { opensslBinary } from './binaries.ts';
import { type Server, startRedis } from './servers.ts';

/** A Redis that speaks TLS only; its `url` is `rediss://…`. */
export interface TlsServer extends Server {
  /** The certificate that its clients must trust, as PEM. */
  ca: string;
  /** The same as a file; gone after `stop`. */
  caFile: string;
}

const CERTIFICATE = 'certificate.pem';
const KEY = 'key.pem';
const DAYS = 2;

/** Whole, so that nothing of the system's own openssl.cnf matters. */
const REQUEST = `
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = localhost
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, digitalSignature
subjectAltName = DNS:localhost, IP:127.0.0.1
`;

/**
 * Starts a Redis or Valkey with a certificate for localhost and 127.0.0.1 that it signed itself. Clients need none.
 * @param args server arguments after our own
 * @throws when the server was built without TLS
 */
export async function startRedisTls(args: readonly string[] = []): Promise<TlsServer> {
  const files = { 'request.cnf': REQUEST };
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', KEY];
  const request = ['req', '-x509', '-config', 'request.cnf', '-days', String(DAYS), '-sha256'];
  const prepare = [{ file: opensslBinary(), args: [...request, ...key, '-out', CERTIFICATE] }];
  const trust = ['--tls-cert-file', CERTIFICATE, '--tls-key-file', KEY, '--tls-ca-cert-file', CERTIFICATE];
  const settings = [...trust, '--tls-auth-clients', 'no'];
  const server = await startRedis([...settings, ...args], { files, prepare, tls: true });
  const caFile = join(server.directory, CERTIFICATE);
  return { ...server, ca: readFileSync(caFile, 'utf8'), caFile };
}
