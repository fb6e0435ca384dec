import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../core/config.ts';
import { requireFreePort } from './service.ts';

const server = createServer();
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

describe('requireFreePort', () => {
  it('refuses a port that is taken, with the way out, and accepts it once it is free', async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const port = String((server.address() as AddressInfo).port);
    const config = loadConfig({ PORT: port });
    await expect(requireFreePort(config)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 2,
      message: expect.stringMatching(
        new RegExp(`^PORT: 127\\.0\\.0\\.1:${port} is in use by another process\\..*--port`),
      ) as unknown,
    });
    await expect(requireFreePort(loadConfig({ PORT: '0' }))).resolves.toBeUndefined();
    server.close();
    await once(server, 'close');
    await expect(requireFreePort(config)).resolves.toBeUndefined();
    // Free again: the probe has let go of it.
    await once(server.listen(Number(port), '127.0.0.1'), 'listening');
  });
});
