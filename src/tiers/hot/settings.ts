/** What a hot tier is told beside where it is. */
export interface HotSettings {
  /** The bound on every call. */
  readonly timeoutMs: number;
  /** A call that takes longer counts against the server as a failed one does. */
  readonly slowMs: number;
  /** The bound on connecting, logging in and arming the stream of invalidations. */
  readonly connectTimeoutMs: number;
  /** A copy in the process is trusted for so long after the last sign of life of its server; PINGs go out four times as often. */
  readonly heartbeatMs: number;
  /** The pause before the second try to connect; each further one doubles, with jitter, up to `reconnectMaxMs`. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** Failed or slow calls in a row that open the breaker of a server. */
  readonly breakerFailures: number;
  /** How long it stays open at first; doubles up to `breakerMaxMs` while probes fail. */
  readonly breakerMinMs: number;
  readonly breakerMaxMs: number;
  /** Calls that wait for one server; more are refused. */
  readonly queueMax: number;
  /** How often the topology (the slots of a Cluster, the master that the Sentinels name) is looked at without a reason. */
  readonly topologyMs: number;
  /** `messages`: even where Redis could tell of writes by itself. */
  readonly invalidation: 'auto' | 'messages';
}

export const hotDefaults: HotSettings = Object.freeze({
  timeoutMs: 500,
  slowMs: 250,
  connectTimeoutMs: 2_000,
  heartbeatMs: 1_000,
  reconnectMinMs: 20,
  reconnectMaxMs: 1_000,
  breakerFailures: 5,
  breakerMinMs: 500,
  breakerMaxMs: 10_000,
  queueMax: 50_000,
  topologyMs: 1_000,
  invalidation: 'auto',
});
