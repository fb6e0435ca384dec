import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function int(value: number, size: 2 | 4): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeIntBE(value, 0, size);
  return bytes;
}

const ready = message('Z', Buffer.from('I'));

/** A result with one row of texts. */
function answer(row: Readonly<Record<string, string>>): Buffer {
  const columns = Object.keys(row).map((name) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int(0, 4),
      int(0, 2),
      int(25, 4),
      int(-1, 2),
      int(-1, 4),
      int(0, 2),
    ]),
  );
  const values = Object.values(row).map((value) => Buffer.concat([int(value.length, 4), Buffer.from(value)]));
  return Buffer.concat([
    message('T', Buffer.concat([int(columns.length, 2), ...columns])),
    message('D', Buffer.concat([int(values.length, 2), ...values])),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ]);
}

/**
 * Says what a server would say that is not at hand: it answers every statement with the same row, or says nothing at
 * all when there is none.
 */
export async function fakeServer(
  row: Readonly<Record<string, string>> | undefined,
): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (row === undefined) return;
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', int(0, 4)), ready]));
      socket.on('data', (data) => {
        if (data[0] === 'Q'.charCodeAt(0)) socket.write(answer(row));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://someone:secret-word@127.0.0.1:${port}/somewhere`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
