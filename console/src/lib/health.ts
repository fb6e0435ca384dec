/** What /health answers, as far as it is shown. */
export interface Health {
  status: 'ok' | 'degraded' | 'down';
  version: string;
  uptime_seconds: number;
  tiers: {
    durable: {
      state: 'up' | 'down';
      kind: 'server' | 'embedded';
      location: string;
      schema: string;
      latency_ms: number | null;
      server_version: string | null;
      survives_power_cut: boolean;
      detail: string | null;
    };
    hot: {
      state: 'up' | 'down';
      kind: 'redis' | 'in-process';
      topology: string;
      location: string;
      latency_ms: number | null;
      server_version: string | null;
      breaker: 'closed' | 'open' | 'half-open';
      invalidation: string;
      detail: string | null;
    };
  };
}
