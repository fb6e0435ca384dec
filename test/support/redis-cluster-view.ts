import { ifAnswers } from './redis-commands.ts';

/** What one node knows about a node of the cluster: a line of its `CLUSTER NODES`. */
export interface Member {
  port: number;
  /** `master`, `slave`, `fail`, `fail?`, `handshake`, … */
  flags: readonly string[];
  /** Of two that claim a slot, the one with the higher epoch has it. */
  epoch: number;
  connected: boolean;
  /** First and last slot of each range that it owns. */
  slots: readonly (readonly [first: number, last: number])[];
}

/** The cluster as one of its nodes sees it. */
export interface ClusterView {
  port: number;
  master: boolean;
  /** Whether `cluster_state` is ok. */
  ok: boolean;
  /** Whether it is a master or connected to its own, with all of its data. */
  inSync: boolean;
  members: readonly Member[];
}

const SLOTS = 16_384;

/** `ID IP:PORT@BUS FLAGS MASTER PING PONG EPOCH LINK SLOTS…`; a slot that moves is in brackets beside its range. */
function memberOf(line: string): Member {
  const [, address = '', flags = '', , , , epoch, link, ...slots] = line.split(' ');
  const ranges = slots.filter((range) => !range.startsWith('['));
  return {
    port: Number(/:(\d+)@/.exec(address)?.[1]),
    flags: flags.split(','),
    epoch: Number(epoch),
    connected: link === 'connected',
    slots: ranges.map((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return [first ?? NaN, last ?? NaN];
    }),
  };
}

/** Asks the node at the port; undefined where none answers. */
export function viewOf(port: number): Promise<ClusterView | undefined> {
  return ifAnswers(port, async (send) => {
    const [info, nodes, replication] = await Promise.all([
      send<string>('CLUSTER', 'INFO'),
      send<string>('CLUSTER', 'NODES'),
      send<string>('INFO', 'replication'),
    ]);
    const master = /^role:master\r?$/m.test(replication);
    return {
      port,
      master,
      ok: /^cluster_state:ok\r?$/m.test(info),
      inSync: master || /^master_link_status:up\r?$/m.test(replication),
      members: nodes.trim().split('\n').map(memberOf),
    };
  });
}

/** The owner of a slot as the views together have it. */
export function slotOwner(slot: number, views: readonly ClusterView[]): Member | undefined {
  const claims = views
    .flatMap(({ members }) => members)
    .filter(({ slots }) => slots.some(([first, last]) => first <= slot && slot <= last));
  return claims.reduce<Member | undefined>(
    (best, claim) => (best !== undefined && best.epoch >= claim.epoch ? best : claim),
    undefined,
  );
}

function slotsText({ members }: ClusterView): string {
  return JSON.stringify(members.map(({ port, slots }) => ({ port, slots })).sort((a, b) => a.port - b.port));
}

type Answers = ReadonlyMap<number, ClusterView>;

/** What is wrong with a node as another one knows it, or undefined. */
function memberFault({ port, flags, connected, slots }: Member, answers: Answers): string | undefined {
  const itself = answers.get(port);
  if (itself === undefined) {
    if (slots.length > 0) return `${port} owns slots and does not answer`;
    return flags.includes('fail') ? undefined : `${port} does not answer and is not known to fail`;
  }
  const bad = flags.filter((flag) => ['fail', 'fail?', 'handshake', 'noaddr'].includes(flag));
  if (bad.length > 0) return `${port} is ${bad.join(', ')}`;
  if (flags.includes('master') !== itself.master) return `${port} has another role`;
  return connected ? undefined : `${port} is not connected`;
}

function viewFault(view: ClusterView, ports: readonly number[], answers: Answers): string | undefined {
  if (!view.ok) return 'cluster_state is not ok';
  if (!view.inSync) return 'it is not connected to its master';
  const unknown = ports.filter((port) => !view.members.some((member) => member.port === port));
  if (unknown.length > 0) return `it does not know ${unknown.join(', ')}`;
  const fault = view.members.map((member) => memberFault(member, answers)).find((text) => text !== undefined);
  if (fault !== undefined) return fault;
  const ranges = view.members.flatMap(({ slots }) => slots);
  const covered = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return covered === SLOTS ? undefined : `${covered} slots are covered`;
}

/**
 * What keeps a cluster from being whole, or undefined.
 * @param ports of all its nodes
 * @param views of the nodes that answer
 */
export function faultOf(ports: readonly number[], views: readonly ClusterView[]): string | undefined {
  if (views.length === 0) return 'no node answers';
  const answers = new Map(views.map((view) => [view.port, view]));
  for (const view of views) {
    const fault = viewFault(view, ports, answers);
    if (fault !== undefined) return `as ${view.port} sees it: ${fault}`;
  }
  const opinions = new Set(views.map((view) => slotsText(view)));
  return opinions.size === 1 ? undefined : 'the nodes disagree about the slots';
}
