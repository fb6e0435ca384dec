/** What the HTTP API answers, as far as this page shows it; /openapi.json describes all of it. */
export interface SourceReport {
  id: string;
  store: string;
  files: string[];
  read: number;
  loaded: number;
  quarantined: number;
  skipped: number;
  skipped_reason: string | null;
  altered: number;
  verified: boolean;
  checksum: string | null;
  rows_per_second: number;
}

export interface Warning {
  code: string;
  source: string;
  column?: string | null;
  rows: number;
  offset_minutes?: number;
  detail: string;
}

export interface Difference {
  source: string;
  unit?: string;
  key: string;
  kind: string;
}

export interface Report {
  ok: boolean;
  exit: number;
  directory: string;
  elapsed_ms: number;
  sources: SourceReport[];
  unreadable: { file: string; reason: string }[];
  unclaimed: string[];
  warnings: Warning[];
  differences?: Difference[];
  differences_total?: number;
  error?: { code: string; message: string };
}

export interface Run {
  id: number | string;
  command: string;
  directory: string;
  started_at: string;
  finished_at: string | null;
  exit_code: number | null;
  tool_version: string;
}

export interface Migration {
  last: (Run & { report: Report }) | null;
  runs: Run[];
}

export interface QuarantinedRow {
  id: number | string;
  source: string;
  file: string;
  key: string;
  column: string | null;
  reason: string;
  detail: string;
  quarantined_at: string;
  original: string;
  original_format: 'json' | 'text' | 'base64';
  original_bytes: number;
  original_truncated: boolean;
}
