import { StockroomError } from '../../../core/errors.ts';
import type { ScanPage } from '../port.ts';
import type { RedisNode } from './node.ts';

/** How many keys the server looks at for one page: enough to be quick, few enough not to hold up others. */
const LOOK_AT = 1_000;

/** One page of the keys of all servers, one server after the other. A cursor is `server:cursor of it`. */
export async function scanPage(nodes: readonly RedisNode[], prefix: string, cursor = ''): Promise<ScanPage> {
  const [address, inner] = parse(cursor, nodes);
  // A server that is gone has given its keys to others; the scan goes on with the next.
  const order = [...nodes].sort((one, other) => (one.location < other.location ? -1 : 1));
  const node = order.find(({ location }) => location >= address);
  if (node === undefined) return { keys: [], cursor: undefined };
  const from = node.location === address ? inner : '0';
  const args = ['SCAN', from, 'MATCH', `${literal(prefix)}*`, 'COUNT', String(LOOK_AT)];
  const [next, keys] = await node.send<[string, string[]]>(args);
  if (next !== '0') return { keys, cursor: `${node.location}|${next}` };
  const following = order[order.indexOf(node) + 1];
  return { keys, cursor: following === undefined ? undefined : `${following.location}|0` };
}

function parse(cursor: string, nodes: readonly RedisNode[]): [string, string] {
  if (cursor === '') return ['', '0'];
  const match = /^(.+)\|(\d+)$/.exec(cursor);
  if (match === null || nodes.length === 0) {
    throw new StockroomError('INVALID_INPUT', 'cursor: expected the cursor of the page before');
  }
  return [match[1]!, match[2]!];
}

/** A prefix in which no character has a meaning. */
function literal(prefix: string): string {
  return prefix.replace(/[*?[\]\\^]/g, String.raw`\$&`);
}
