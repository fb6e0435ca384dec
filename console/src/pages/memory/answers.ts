export interface Session {
  session: string;
  ttl_seconds: number;
  sliding: boolean;
  started_at: string;
  expires_at: string;
}

export interface SessionPage extends Session {
  items: { key: string; value: unknown }[];
  next_cursor: string | null;
}

export interface Working {
  type: string;
  value: unknown;
}

interface Reads {
  hits: number;
  misses: number;
  hit_rate: number | null;
}

export interface MemoryStats {
  as_of: string;
  sessions: { live: number | string; keys: number | string };
  working: { entries: number | string };
  cache: { entries: number | string };
  analyses: number | string;
  preferences: number | string;
  reads: Record<'session' | 'working' | 'cache', Reads> | null;
  state: { queued: number; oldest_ms: number };
}

export interface Learning {
  id: number | string;
  agent_type: string;
  pattern: string;
  accuracy: number;
  sample_size: number;
  last_updated: string;
}
