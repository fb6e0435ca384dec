import type { Endpoint } from '../../../core/config-values.ts';
import { RedisNode } from './node.ts';
import type { SessionOptions } from './session.ts';
import type { Topology, TopologyListener } from './topology.ts';

/** One server. */
export function openStandalone(
  endpoint: Endpoint,
  options: SessionOptions,
  listener: TopologyListener,
): Topology {
  const resolve = (): Promise<Endpoint> => Promise.resolve(endpoint);
  return overOneNode('standalone', `${endpoint.host}:${endpoint.port}`, { ...options, resolve }, listener);
}

/** Everything is on one server, wherever `resolve` finds it. */
export function overOneNode(
  kind: 'standalone' | 'sentinel',
  location: string,
  options: SessionOptions & { resolve: () => Promise<Endpoint> },
  listener: TopologyListener,
): Topology & { readonly node: RedisNode } {
  const node = new RedisNode({
    ...options,
    location,
    listener: { invalidated: (key) => listener.invalidated(key), changed: () => listener.changed(false) },
  });
  return {
    kind,
    location,
    node,
    nodes: [node],
    streams: [node],
    nodeOf: () => node,
    async settled(ms) {
      await node.connectedWithin(ms);
    },
    close: () => node.close(),
  };
}
