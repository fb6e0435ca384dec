import { systemClock, type Clock } from '../../../core/clock.ts';
import { StockroomError } from '../../../core/errors.ts';
import { version } from '../../../core/version.ts';
import { Feeds } from '../feeds.ts';
import type { Coherence, HotInfo, HotState, HotTier, ScanPage } from '../port.ts';
import { createBuilds } from './builds.ts';
import { createEntries } from './entries.ts';
import { createLeases } from './leases.ts';
import { lookAt } from './look.ts';
import { createProjections } from './projections.ts';
import { createQuotas } from './quotas.ts';
import { createRankings } from './rankings.ts';
import { createSessions } from './sessions.ts';
import { Space } from './space.ts';
import { createStates } from './states.ts';
import { createStatistics } from './statistics.ts';
import { promised, type Step } from './synchronous.ts';

export interface InProcessOptions {
  /** Before every key. */
  readonly prefix: string;
  readonly maxEntries?: number;
  /** Of an estimate: two bytes a character, and what each key, field and member costs beside. */
  readonly maxBytes?: number;
  /** Said to callers; nothing here takes time. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Shared with other tiers, which are to each other like processes over one Redis. Its bounds and its clock are in force. */
  readonly space?: Space;
}

const defaults = Object.freeze({ maxEntries: 100_000, maxBytes: 64 * 2 ** 20, timeoutMs: 1_000 });
const LOCATION = 'in the process';
const HEARTBEAT_MS = 1_000;

/**
 * The hot tier without a server: for trials, tests and single processes. What it holds is gone with the process. Two tiers
 * share nothing, unless they are given one space.
 */
export function createInProcessTier(options: InProcessOptions): HotTier {
  const { prefix, clock = systemClock } = options;
  const { maxEntries, maxBytes, timeoutMs } = { ...defaults, ...options };
  const space = options.space ?? new Space({ maxEntries, maxBytes, clock });
  const connection = connect(space);
  const { step } = connection;
  const builds = createBuilds(space, prefix);
  return {
    kind: 'in-process',
    topology: 'in-process',
    location: LOCATION,
    prefix,
    timeoutMs,
    entries: promised(createEntries(space), step),
    projections: promised(createProjections(space, builds), step),
    rankings: promised(createRankings(space, builds), step),
    sessions: promised(createSessions(space), step),
    states: promised(createStates(space), step),
    leases: promised(createLeases(space), step),
    quotas: promised(createQuotas(space), step),
    statistics: promised(createStatistics(space), step),
    coherence: connection.coherence,
    scan: (keys, cursor) => step(() => scan(space, keys, cursor)),
    look: (key, bounds) => step(() => lookAt(space, key, bounds)),
    ping: () => step(() => ({ latencyMs: 0, version })),
    info: () => step(() => infoOf(space)),
    servers: async () => [],
    state: () => stateOf(connection.isOpen()),
    close: async () => connection.close(),
  };
}

interface Connection {
  readonly step: Step;
  readonly coherence: Coherence;
  isOpen(): boolean;
  close(): void;
}

/** What a tier has of its own in a space: whether it is open, and who listens through it. */
function connect(space: Space): Connection {
  const feeds = new Feeds();
  let open = true;
  space.clients += 1;
  space.notices.join(feeds);
  const requireOpen = (): void => {
    if (!open) throw new StockroomError('HOT_UNAVAILABLE', `The hot tier ${LOCATION} was closed.`);
  };
  return {
    isOpen: () => open,
    step: async (work) => {
      requireOpen();
      try {
        return work();
      } finally {
        space.notices.flush();
      }
    },
    coherence: {
      mode: 'in-process',
      heartbeatMs: HEARTBEAT_MS,
      // Listeners are told in the step that changes an entry, so a copy is never older than what it is a copy of.
      get trustedUntil() {
        return open ? Number.POSITIVE_INFINITY : 0;
      },
      subscribe: (listener) => {
        requireOpen();
        return feeds.subscribe(listener);
      },
    },
    close: () => {
      if (!open) return;
      open = false;
      space.clients -= 1;
      space.notices.leave(feeds);
    },
  };
}

/** The cursor is the place to go on from. */
function scan(space: Space, prefix: string, cursor = '0'): ScanPage {
  if (!/^\d{1,15}$/.test(cursor)) {
    throw new StockroomError('INVALID_INPUT', `"${cursor}" is no cursor of a scan.`, { details: { cursor } });
  }
  const { keys, next } = space.page(prefix, Number(cursor));
  return { keys, cursor: next === undefined ? undefined : String(next) };
}

function infoOf(space: Space): HotInfo {
  return {
    version,
    keys: space.size,
    memoryBytes: space.bytes,
    memoryLimitBytes: space.maxBytes,
    evictionPolicy: 'allkeys-lru',
    evictedKeys: space.evicted,
    hits: space.hits,
    misses: space.misses,
    clients: space.clients,
  };
}

function stateOf(open: boolean): HotState {
  return {
    state: open ? 'up' : 'down',
    breaker: 'closed',
    nodes: [{ location: LOCATION, connected: open, breaker: 'closed' }],
  };
}
