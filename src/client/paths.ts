// Made of the service's /openapi.json by scripts/client-types.ts; not to be edited: npm run client:types.
/* oxlint-disable max-lines */

export interface paths {
  '/health': {
    /**
     * Each tier with its state and latency; 503 when PostgreSQL is down, `degraded` when Redis is
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': Health;
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': Health;
          };
        };
      };
    };
  };
  '/health/live': {
    /**
     * The process answers
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              status: 'live';
            };
          };
        };
        403: Refused;
      };
    };
  };
  '/health/ready': {
    /**
     * Requests can be answered; 503 when PostgreSQL is down
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              status: 'ready';
            };
          };
        };
        403: Refused;
        503: Refused;
      };
    };
  };
  '/metrics': {
    /**
     * Figures for Prometheus
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        /**
         * Text
         */
        200: {
          headers: { [name: string]: unknown };
          content: {
            /**
             * Text
             */
            'text/plain': string;
          };
        };
        429: Refused;
      };
    };
  };
  '/v1/migration': {
    /**
     * The report of the last migration, and the runs before it
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * The newest run that left a report; null when there is none
               */
              last: {
                id: number | string;
                command: string;
                directory: string;
                started_at: string;
                /**
                 * null while it runs, or when it was killed
                 */
                finished_at: string | null;
                exit_code: number | null;
                tool_version: string;
                schema_version: number;
                /**
                 * The document that `stockroom migrate run --json` prints
                 */
                report: unknown;
              } | null;
              /**
               * The newest 20, newest first
               */
              runs: {
                id: number | string;
                command: string;
                directory: string;
                started_at: string;
                /**
                 * null while it runs, or when it was killed
                 */
                finished_at: string | null;
                exit_code: number | null;
                tool_version: string;
                schema_version: number;
              }[];
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/migration/quarantine': {
    /**
     * Rows that could not be loaded as they are, with reason and original
     *
     * With Accept: application/x-ndjson all of them from the cursor on, one a line, and limit has no meaning.
     */
    get: {
      parameters: {
        query?: {
          /**
           * One source alone, by its id
           */
          source?: string;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                id: number | string;
                source: string;
                file: string;
                /**
                 * The key of the row in its source
                 */
                key: string;
                column: string | null;
                reason: string;
                detail: string;
                quarantined_at: string;
                /**
                 * The row as it was found; of a long one the beginning
                 */
                original: string;
                original_format: 'json' | 'text' | 'base64';
                /**
                 * Length of the whole original
                 */
                original_bytes: number;
                original_truncated: boolean;
              }[];
              next_cursor: string | null;
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/stages': {
    /**
     * Where each store is on its way from the old files to PostgreSQL
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                store: string;
                stage: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
                /**
                 * Of PostgreSQL; null before the store is under guard
                 */
                state: ('open' | 'fenced' | 'given') | null;
                /**
                 * Who takes the writes
                 */
                authority: 'old' | 'new' | 'both';
                epoch: number;
                /**
                 * Of 100 record keys, how many are read from PostgreSQL
                 */
                ramp: number;
                directory: string | null;
                since: string | null;
                lag: {
                  /**
                   * Changes of the old files that are not here yet; null when they cannot be asked
                   */
                  old: number | null;
                  /**
                   * Rows that the old side is owed
                   */
                  new: number;
                  oldest_ms: number | null;
                  refused: number;
                };
                /**
                 * Shadow reads in this stage, by what came of them
                 */
                shadow: {
                  [k: string]: number;
                };
                mismatches: number;
                moves: {
                  from: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
                  to: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
                  at: string;
                  outcome: 'moved' | 'refused' | 'given up' | 'demoted';
                  forced: string | null;
                  evidence: unknown;
                }[];
                next: {
                  stage: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
                  gates: {
                    name: string;
                    passed: boolean;
                    detail: string;
                  }[];
                }[];
              }[];
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/stages/{store}/route': {
    /**
     * From which side a record is to be read
     */
    get: {
      parameters: {
        query: {
          /**
           * The record's key in PostgreSQL
           */
          key: string;
        };
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          store: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              side: 'old' | 'new';
              reason: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/stages/{store}': {
    /**
     * Take a store to its next stage, or back; a closed gate leaves it where it is
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          store: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            stage: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
            /**
             * In live: of 100 record keys, how many are read from PostgreSQL
             */
            ramp?: number;
            /**
             * Why closed gates are passed by; it is kept
             */
            force?: string;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              store: string;
              stage: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
              /**
               * Of PostgreSQL; null before the store is under guard
               */
              state: ('open' | 'fenced' | 'given') | null;
              /**
               * Who takes the writes
               */
              authority: 'old' | 'new' | 'both';
              epoch: number;
              /**
               * Of 100 record keys, how many are read from PostgreSQL
               */
              ramp: number;
              directory: string | null;
              since: string | null;
              lag: {
                /**
                 * Changes of the old files that are not here yet; null when they cannot be asked
                 */
                old: number | null;
                /**
                 * Rows that the old side is owed
                 */
                new: number;
                oldest_ms: number | null;
                refused: number;
              };
              /**
               * Shadow reads in this stage, by what came of them
               */
              shadow: {
                [k: string]: number;
              };
              mismatches: number;
              moves: {
                from: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
                to: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
                at: string;
                outcome: 'moved' | 'refused' | 'given up' | 'demoted';
                forced: string | null;
                evidence: unknown;
              }[];
              next: {
                stage: 'legacy' | 'dual-write' | 'shadow' | 'live' | 'ramp-down' | 'complete';
                gates: {
                  name: string;
                  passed: boolean;
                  detail: string;
                }[];
              }[];
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/jobs': {
    /**
     * Scheduled work: when each job runs, and what its last run did
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                name: string;
                title: string;
                /**
                 * By the settings of the process that answers; null: only when asked for
                 */
                cron: string | null;
                time_zone: string | null;
                next_run_at: string | null;
                /**
                 * In the whole fleet
                 */
                state: 'idle' | 'waiting' | 'running';
                last_success_at: string | null;
                last_run: {
                  id: string;
                  started_at: string;
                  ended_at: string | null;
                  /**
                   * waits_again: it failed, or its process stopped, and it is tried again
                   */
                  outcome: 'running' | 'done' | 'failed' | 'waits_again';
                  duration_ms: number | null;
                  /**
                   * 1 for the first try
                   */
                  attempt: number;
                  /**
                   * Where it ran: host and process id
                   */
                  process: string | null;
                  /**
                   * In counts
                   */
                  did: {
                    [k: string]: unknown;
                  } | null;
                  error: {
                    code: string;
                    message: string;
                  } | null;
                } | null;
              }[];
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/jobs/{name}/run': {
    /**
     * Run a job now, in whichever process of the fleet is free
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          name: 'outcomes' | 'retention' | 'alerts' | 'refresh';
        };
      };
      requestBody?: never;
      responses: {
        202: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              id: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/hot/info': {
    /**
     * Figures of Redis, or of what takes its place in the process
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              kind: 'redis' | 'in-process';
              topology: 'standalone' | 'cluster' | 'sentinel' | 'in-process';
              location: string;
              /**
               * Before every key; routes take and give keys without it
               */
              prefix: string;
              version: string;
              /**
               * A whole number
               */
              keys: number;
              /**
               * A whole number
               */
              memory_bytes: number;
              /**
               * Null: no limit
               */
              memory_limit_bytes: number | null;
              eviction_policy: string;
              /**
               * A whole number
               */
              evicted_keys: number;
              /**
               * A whole number
               */
              hits: number;
              /**
               * A whole number
               */
              misses: number;
              /**
               * From 0 to 1; null before the first look
               */
              hit_rate: number | null;
              /**
               * A whole number
               */
              clients: number;
              breaker: 'closed' | 'open' | 'half-open';
              nodes: {
                location: string;
                connected: boolean;
                breaker: 'closed' | 'open' | 'half-open';
              }[];
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/hot/keys': {
    /**
     * Keys that begin so, with type, life and size, in no order; one that stays during the whole scan is given at least once
     */
    get: {
      parameters: {
        query?: {
          /**
           * Of the keys, behind the prefix of the service; no pattern
           */
          prefix?: string;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                key: string;
                /**
                 * As Redis calls it: string, hash, set, zset
                 */
                type: string;
                /**
                 * Null: it has no end of its own
                 */
                ttl_ms: number | null;
                /**
                 * Of memory, an estimate; null: the server does not say
                 */
                bytes: number | null;
                /**
                 * Of a string its length, else the number of fields or members
                 */
                length: number;
              }[];
              /**
               * A page may have no key, and others follow
               */
              next_cursor: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/hot/keys/{key}': {
    /**
     * Type, life, size and value of a key
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * Without the prefix of the service
           */
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              key: string;
              /**
               * As Redis calls it: string, hash, set, zset
               */
              type: string;
              /**
               * Null: it has no end of its own
               */
              ttl_ms: number | null;
              /**
               * Of memory, an estimate; null: the server does not say
               */
              bytes: number | null;
              /**
               * Of a string its length, else the number of fields or members
               */
              length: number;
              /**
               * Text, fields, members, or ranked members, the highest first; null: too large to be shown
               */
              value:
                | (
                    | string
                    | {
                        [k: string]: string;
                      }
                    | string[]
                    | {
                        id: string;
                        score: number;
                      }[]
                  )
                | null;
              /**
               * False: there is more than value has
               */
              complete: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Remove a key, as an eviction would; what follows from PostgreSQL is made again
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * Without the prefix of the service
           */
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              key: string;
              deleted: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/events': {
    /**
     * What happens, as it happens, as server-sent events
     *
     * `migration`: the newest run and how far each source is, of whichever process; `progress` and `warning`: of a migration in this process; `invalidated`: keys of the two-tier cache that were written, dropped or evicted; `gap`: some were missed, so nothing copied before may be used; `end`: the service ends, and the stream with it.
     */
    get: {
      parameters: {
        query?: {
          /**
           * Of migration, invalidations, with commas between them; all by default
           */
          kinds?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        /**
         * The stream
         */
        200: {
          headers: { [name: string]: unknown };
          content: {
            'text/event-stream': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/requests': {
    /**
     * Log one request or many
     *
     * The body is {"requests": [...]}, a bare array of requests, or one request by itself, which is answered by itself. All are logged, or none. As application/x-ndjson, one a line, there may be any number: they are logged in the order of the lines, and a line that is refused ends it; sent again with the same Idempotency-Key, nothing is logged twice.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /**
           * Of the whole: sent again with the same body, nothing is logged twice
           */
          'idempotency-key'?: string;
        };
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * @minItems 1
             * @maxItems 1000
             */
            requests: {
              /**
               * As the provider names it
               */
              model: string;
              /**
               * All of the input, cached tokens included
               */
              tokens_input: number;
              /**
               * All of the output, reasoning tokens included
               */
              tokens_output: number;
              /**
               * The part of the input that was read from a cache
               */
              cached_read_tokens?: number | null;
              /**
               * The part of the input that was written to a cache
               */
              cached_write_tokens?: number | null;
              /**
               * The part of the output that was reasoning
               */
              reasoning_tokens?: number | null;
              /**
               * What it was for
               */
              tags?: string[] | null;
              user_id?: string | null;
              /**
               * openai, anthropic, google, …: where several sell the same model
               */
              provider?: string | null;
              /**
               * The id of the provider's response: the idempotency key where no other is given
               */
              response_id?: string | null;
              /**
               * What it cost, where the caller knows; kept as given
               */
              cost_usd?: string | null;
              /**
               * When it was made; now by default
               */
              created_at?: string | null;
              idempotency_key?: string | null;
            }[];
          };
          /**
           * One JSON document a line
           */
          'application/x-ndjson': string;
        };
      };
      responses: {
        201: {
          headers: { [name: string]: unknown };
          content: {
            'application/json':
              | {
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  id: number | string;
                  created_at: string;
                  /**
                   * Null: the price is not known
                   */
                  cost_usd: string | null;
                  priced: boolean;
                  /**
                   * caller, override, or the price list with its version; null where there is no price
                   */
                  priced_by: string | null;
                  /**
                   * It was there already, by the same idempotency key
                   */
                  repeated: boolean;
                }
              | {
                  items: {
                    /**
                     * A whole number; a string of digits from 2^53 on
                     */
                    id: number | string;
                    created_at: string;
                    /**
                     * Null: the price is not known
                     */
                    cost_usd: string | null;
                    priced: boolean;
                    /**
                     * caller, override, or the price list with its version; null where there is no price
                     */
                    priced_by: string | null;
                    /**
                     * It was there already, by the same idempotency key
                     */
                    repeated: boolean;
                  }[];
                  next_cursor: null;
                }
              | {
                  lines: number;
                  logged: number;
                  repeated: number;
                };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        415: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * The requests that were logged, newest first
     *
     * With Accept: application/x-ndjson all of them from the cursor on, one a line, and limit has no meaning.
     */
    get: {
      parameters: {
        query?: {
          /**
           * true: with a price alone; false: without one alone
           */
          priced?: boolean;
          /**
           * Made at this time or later
           */
          from?: string;
          /**
           * Made before this time
           */
          to?: string;
          /**
           * Made up to this time
           */
          as_of?: string;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string;
                model: string;
                provider: string | null;
                tokens_input: (number | string) | null;
                tokens_output: (number | string) | null;
                cached_read_tokens: (number | string) | null;
                cached_write_tokens: (number | string) | null;
                reasoning_tokens: (number | string) | null;
                /**
                 * Null: the price is not known
                 */
                cost_usd: string | null;
                /**
                 * Null where there is no price, and of migrated rows
                 */
                priced_by: string | null;
                created_at: string;
                tags: string[] | null;
                user_id: string | null;
                response_id: string | null;
              }[];
              next_cursor: string | null;
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/spend': {
    /**
     * The spend of one day in UTC
     */
    get: {
      parameters: {
        query?: {
          /**
           * A day in UTC; today by default
           */
          date?: string;
          /**
           * Count what was recorded up to this time
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              date: string;
              /**
               * US dollars as an exact decimal
               */
              total_cost_usd: string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_requests: number | string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_input_tokens: number | string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_output_tokens: number | string;
              /**
               * Requests whose price was not known; the cost does not hold them
               */
              unpriced_requests: number | string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/usage': {
    /**
     * Totals, by model, by day and by tag, of the last days × 24 hours
     */
    get: {
      parameters: {
        query?: {
          /**
           * How many times 24 hours to look back
           */
          days?: number;
          /**
           * Look back from this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              period_days: number;
              as_of: string;
              /**
               * Seconds that the read replica was behind when it was read; 0: this was read from the primary; null: the replica does not say
               */
              data_age_seconds: number | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_requests: number | string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_input_tokens: number | string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_output_tokens: number | string;
              /**
               * US dollars as an exact decimal
               */
              total_cost_usd: string;
              /**
               * Of the requests with a price, to 12 decimals
               */
              avg_cost_per_request: string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              unpriced_requests: number | string;
              /**
               * Highest cost first
               */
              by_model: {
                model: string;
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                requests: number | string;
                /**
                 * US dollars as an exact decimal
                 */
                cost_usd: string;
              }[];
              /**
               * Days in UTC, newest first
               */
              daily_breakdown: {
                date: string;
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                requests: number | string;
                /**
                 * US dollars as an exact decimal
                 */
                cost_usd: string;
              }[];
              /**
               * Highest cost first; a request with several tags counts for each, one without for none
               */
              by_tag: {
                tag: string;
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                requests: number | string;
                /**
                 * US dollars as an exact decimal
                 */
                cost_usd: string;
              }[];
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/budget': {
    /**
     * How today's spend stands beside a daily budget
     */
    get: {
      parameters: {
        query?: {
          /**
           * The budget of a day; absent: the one that was set for all. 0 or less is no budget
           */
          daily_usd?: string;
          /**
           * Count what was recorded up to this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              date: string;
              as_of: string;
              /**
               * CAUTION from 50 %, WARNING from 80 %, EXCEEDED from 100 % on
               */
              status: 'OK' | 'CAUTION' | 'WARNING' | 'EXCEEDED';
              /**
               * US dollars as an exact decimal
               */
              spent_usd: string;
              /**
               * US dollars as an exact decimal
               */
              budget_usd: string;
              /**
               * Below zero once more was spent
               */
              remaining_usd: string;
              /**
               * To 12 decimals
               */
              percentage_used: number;
              /**
               * Requests whose price was not known; the spend does not hold them
               */
              unpriced_requests: number | string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/budgets': {
    /**
     * The budgets that are set, and how they stand
     */
    get: {
      parameters: {
        query?: {
          /**
           * Count what was recorded up to this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              as_of: string;
              items: {
                scope: string;
                daily_usd: string | null;
                monthly_usd: string | null;
                updated_at: string;
                periods: {
                  period: 'day' | 'month';
                  starts: string;
                  /**
                   * CAUTION from 50 %, WARNING from 80 %, EXCEEDED from 100 % on
                   */
                  status: 'OK' | 'CAUTION' | 'WARNING' | 'EXCEEDED';
                  /**
                   * US dollars as an exact decimal
                   */
                  spent_usd: string;
                  /**
                   * US dollars as an exact decimal
                   */
                  budget_usd: string;
                  /**
                   * Below zero once more was spent
                   */
                  remaining_usd: string;
                  /**
                   * To 12 decimals
                   */
                  percentage_used: number;
                  /**
                   * Requests whose price was not known; the spend does not hold them
                   */
                  unpriced_requests: number | string;
                  /**
                   * Reserved for calls that were not settled yet
                   */
                  held_usd: string;
                }[];
              }[];
              next_cursor: null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Set the budgets of a scope
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * all, or model:, tag: or user: with a name behind it (model:gpt-4)
             */
            scope: string;
            /**
             * For a day in UTC; null: none
             */
            daily_usd?: string | null;
            /**
             * For a month in UTC; null: none
             */
            monthly_usd?: string | null;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              scope: string;
              daily_usd: string | null;
              monthly_usd: string | null;
              updated_at: string;
              periods: {
                period: 'day' | 'month';
                starts: string;
                /**
                 * CAUTION from 50 %, WARNING from 80 %, EXCEEDED from 100 % on
                 */
                status: 'OK' | 'CAUTION' | 'WARNING' | 'EXCEEDED';
                /**
                 * US dollars as an exact decimal
                 */
                spent_usd: string;
                /**
                 * US dollars as an exact decimal
                 */
                budget_usd: string;
                /**
                 * Below zero once more was spent
                 */
                remaining_usd: string;
                /**
                 * To 12 decimals
                 */
                percentage_used: number;
                /**
                 * Requests whose price was not known; the spend does not hold them
                 */
                unpriced_requests: number | string;
                /**
                 * Reserved for calls that were not settled yet
                 */
                held_usd: string;
              }[];
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Remove the budgets of a scope
     */
    delete: {
      parameters: {
        query: {
          /**
           * all, or model:, tag: or user: with a name behind it (model:gpt-4)
           */
          scope: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              scope: string;
              deleted: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/reservations': {
    /**
     * Set money aside for a call
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          'idempotency-key'?: string;
        };
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            model?: string | null;
            user_id?: string | null;
            tags?: string[] | null;
            provider?: string | null;
            /**
             * What the call may cost
             */
            amount_usd?: string | null;
            /**
             * An estimate, instead of an amount; with model
             */
            tokens_input?: number | null;
            /**
             * An estimate, instead of an amount; with model
             */
            tokens_output?: number | null;
            /**
             * After this time it holds nothing any more
             */
            life_ms?: number;
            idempotency_key?: string | null;
          };
        };
      };
      responses: {
        201: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              /**
               * US dollars as an exact decimal
               */
              amount_usd: string;
              expires_at: string;
              repeated: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        402: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/reservations/{id}/settle': {
    /**
     * Log the call that money was set aside for, and free it
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * As the provider names it
             */
            model: string;
            /**
             * All of the input, cached tokens included
             */
            tokens_input: number;
            /**
             * All of the output, reasoning tokens included
             */
            tokens_output: number;
            /**
             * The part of the input that was read from a cache
             */
            cached_read_tokens?: number | null;
            /**
             * The part of the input that was written to a cache
             */
            cached_write_tokens?: number | null;
            /**
             * The part of the output that was reasoning
             */
            reasoning_tokens?: number | null;
            /**
             * What it was for
             */
            tags?: string[] | null;
            user_id?: string | null;
            /**
             * openai, anthropic, google, …: where several sell the same model
             */
            provider?: string | null;
            /**
             * The id of the provider's response: the idempotency key where no other is given
             */
            response_id?: string | null;
            /**
             * What it cost, where the caller knows; kept as given
             */
            cost_usd?: string | null;
            /**
             * When it was made; now by default
             */
            created_at?: string | null;
            idempotency_key?: string | null;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              created_at: string;
              /**
               * Null: the price is not known
               */
              cost_usd: string | null;
              priced: boolean;
              /**
               * caller, override, or the price list with its version; null where there is no price
               */
              priced_by: string | null;
              /**
               * It was there already, by the same idempotency key
               */
              repeated: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/reservations/{id}': {
    /**
     * Free what was set aside for a call that was not made
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              state: 'released' | 'settled';
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/prices/{model}': {
    /**
     * What a model costs per 1,000 tokens
     */
    get: {
      parameters: {
        query?: {
          /**
           * Where several sell the same model
           */
          provider?: string;
          /**
           * The price at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path: {
          model: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              model: string;
              as_of: string;
              provider: string | null;
              /**
               * override, or the price list with its version
               */
              priced_by: string;
              /**
               * Null: not known by itself
               */
              input: {
                /**
                 * US dollars as an exact decimal
                 */
                usd_per_1k: string;
                /**
                 * For the whole call, once its input is longer
                 */
                tiers: {
                  above_input_tokens: number;
                  /**
                   * US dollars as an exact decimal
                   */
                  usd_per_1k: string;
                }[];
              } | null;
              /**
               * Null: not known by itself
               */
              output: {
                /**
                 * US dollars as an exact decimal
                 */
                usd_per_1k: string;
                /**
                 * For the whole call, once its input is longer
                 */
                tiers: {
                  above_input_tokens: number;
                  /**
                   * US dollars as an exact decimal
                   */
                  usd_per_1k: string;
                }[];
              } | null;
              /**
               * Null: as other input
               */
              cached_read: {
                /**
                 * US dollars as an exact decimal
                 */
                usd_per_1k: string;
                /**
                 * For the whole call, once its input is longer
                 */
                tiers: {
                  above_input_tokens: number;
                  /**
                   * US dollars as an exact decimal
                   */
                  usd_per_1k: string;
                }[];
              } | null;
              /**
               * Null: as other input
               */
              cached_write: {
                /**
                 * US dollars as an exact decimal
                 */
                usd_per_1k: string;
                /**
                 * For the whole call, once its input is longer
                 */
                tiers: {
                  above_input_tokens: number;
                  /**
                   * US dollars as an exact decimal
                   */
                  usd_per_1k: string;
                }[];
              } | null;
              /**
               * Null: as other output
               */
              reasoning: {
                /**
                 * US dollars as an exact decimal
                 */
                usd_per_1k: string;
                /**
                 * For the whole call, once its input is longer
                 */
                tiers: {
                  above_input_tokens: number;
                  /**
                   * US dollars as an exact decimal
                   */
                  usd_per_1k: string;
                }[];
              } | null;
              /**
               * US dollars as an exact decimal
               */
              usd_per_request: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Set the price of a model from a time on
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          model: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * From when on; now by default
             */
            valid_from?: string | null;
            /**
             * US dollars as a decimal string, at most 18 digits before the point and 18 behind it ("0.0125")
             */
            input_usd_per_1k: string;
            /**
             * US dollars as a decimal string, at most 18 digits before the point and 18 behind it ("0.0125")
             */
            output_usd_per_1k: string;
            /**
             * As other input by default
             */
            cached_read_usd_per_1k?: string | null;
            /**
             * As other input by default
             */
            cached_write_usd_per_1k?: string | null;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              model: string;
              valid_from: string;
              /**
               * US dollars as an exact decimal
               */
              input_usd_per_1k: string;
              /**
               * US dollars as an exact decimal
               */
              output_usd_per_1k: string;
              cached_read_usd_per_1k: string | null;
              cached_write_usd_per_1k: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/prices': {
    /**
     * The prices that were set here, before the price list
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                model: string;
                valid_from: string;
                /**
                 * US dollars as an exact decimal
                 */
                input_usd_per_1k: string;
                /**
                 * US dollars as an exact decimal
                 */
                output_usd_per_1k: string;
                cached_read_usd_per_1k: string | null;
                cached_write_usd_per_1k: string | null;
              }[];
              next_cursor: null;
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/llm/reprice': {
    /**
     * Price what was logged in a range anew
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Requests made at or after this time
             */
            from: string;
            /**
             * … and before this one
             */
            to: string;
            /**
             * Leave those alone that have a price
             */
            only_unpriced?: boolean;
            /**
             * Also what was loaded from old files, which then differs from them
             */
            include_migrated?: boolean;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Where audit_log has the row of this run
               */
              audit_subject: string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              examined: number | string;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              changed: number | string;
              /**
               * Still without a price
               */
              unpriced: number | string;
              /**
               * Priced by their caller, and left alone
               */
              kept: number | string;
              /**
               * Of those examined
               */
              sum_before_usd: string;
              /**
               * US dollars as an exact decimal
               */
              sum_after_usd: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/recommendations/performance': {
    /**
     * How the evaluated recommendations did, each figure with its n
     */
    get: {
      parameters: {
        query?: {
          /**
           * Absent: no groups. agent: the calls that an agent sided with, by its own score. day, week (ISO) and month of the exit, in India
           */
          group_by?:
            | 'mode'
            | 'symbol'
            | 'universe'
            | 'source'
            | 'confidence'
            | 'policy_version'
            | 'agent'
            | 'day'
            | 'week'
            | 'month';
          /**
           * As stored, or in any case where it is stored in upper case
           */
          symbol?: string;
          /**
           * As stored, or in any case where it is stored in title case
           */
          mode?: string;
          /**
           * As stored, or in any case where it is stored in upper case
           */
          universe?: string;
          /**
           * text of 1 to 200 characters without NUL
           */
          source?: string;
          /**
           * Generated at this time or later
           */
          from?: string;
          /**
           * Generated before this time
           */
          to?: string;
          /**
           * What was known at this time: evaluations that came later do not count
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              as_of: string | null;
              /**
               * Seconds that the read replica was behind when it was read; 0: this was read from the primary; null: the replica does not say
               */
              data_age_seconds: number | null;
              group_by:
                | (
                    | 'mode'
                    | 'symbol'
                    | 'universe'
                    | 'source'
                    | 'confidence'
                    | 'policy_version'
                    | 'agent'
                    | 'day'
                    | 'week'
                    | 'month'
                  )
                | null;
              overall: {
                /**
                 * Evaluated recommendations with a return
                 */
                n: number;
                /**
                 * Returns above 0, from 0 to 1, with the 95 % Wilson score interval
                 */
                hit_rate: {
                  value: number | null;
                  n: number;
                  interval_95: {
                    low: number;
                    high: number;
                  } | null;
                };
                average_return_pct: {
                  value: number | null;
                  n: number;
                };
                median_return_pct: {
                  value: number | null;
                  n: number;
                };
                /**
                 * The sum of the gains over that of the losses; null without a loss
                 */
                profit_factor: {
                  value: number | null;
                  n: number;
                };
                /**
                 * The average gain over the average loss
                 */
                payoff: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Of the compounded daily series; n counts days
                 */
                max_drawdown_pct: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Of the daily series, for a year; n counts days
                 */
                sharpe: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Of the daily series, for a year; n counts days
                 */
                sortino: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Return less that of the benchmark, where it is known
                 */
                alpha_pct: {
                  value: number | null;
                  n: number;
                  median: number | null;
                };
                /**
                 * Maximum favourable excursion, where it is known
                 */
                mfe_pct: {
                  value: number | null;
                  n: number;
                  median: number | null;
                };
                /**
                 * Maximum adverse excursion (0 or negative), where it is known
                 */
                mae_pct: {
                  value: number | null;
                  n: number;
                  median: number | null;
                };
                calibration: {
                  /**
                   * 0 is perfect, 0.25 a coin; of the score as a chance
                   */
                  brier: {
                    value: number | null;
                    n: number;
                  };
                  reliability: {
                    confidence: string | null;
                    n: number;
                    /**
                     * The mean of the chances that the scores stood for
                     */
                    forecast: {
                      value: number | null;
                      n: number;
                    };
                    hit_rate: number;
                    interval_95: {
                      low: number;
                      high: number;
                    } | null;
                  }[];
                };
                /**
                 * The mean over days of the rank correlation of the score with the price's move; n counts days
                 */
                rank_ic: {
                  value: number | null;
                  n: number;
                  t: number | null;
                  names: number;
                };
              };
              /**
               * Oldest first; the start is 1
               */
              equity_curve: {
                day: string;
                return_pct: number;
                equity: number;
                n: number;
              }[];
              /**
               * Time in order; other groups with most recommendations first, at most 1,000
               */
              groups: {
                /**
                 * Evaluated recommendations with a return
                 */
                n: number;
                /**
                 * Returns above 0, from 0 to 1, with the 95 % Wilson score interval
                 */
                hit_rate: {
                  value: number | null;
                  n: number;
                  interval_95: {
                    low: number;
                    high: number;
                  } | null;
                };
                average_return_pct: {
                  value: number | null;
                  n: number;
                };
                median_return_pct: {
                  value: number | null;
                  n: number;
                };
                /**
                 * The sum of the gains over that of the losses; null without a loss
                 */
                profit_factor: {
                  value: number | null;
                  n: number;
                };
                /**
                 * The average gain over the average loss
                 */
                payoff: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Of the compounded daily series; n counts days
                 */
                max_drawdown_pct: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Of the daily series, for a year; n counts days
                 */
                sharpe: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Of the daily series, for a year; n counts days
                 */
                sortino: {
                  value: number | null;
                  n: number;
                };
                /**
                 * Return less that of the benchmark, where it is known
                 */
                alpha_pct: {
                  value: number | null;
                  n: number;
                  median: number | null;
                };
                /**
                 * Maximum favourable excursion, where it is known
                 */
                mfe_pct: {
                  value: number | null;
                  n: number;
                  median: number | null;
                };
                /**
                 * Maximum adverse excursion (0 or negative), where it is known
                 */
                mae_pct: {
                  value: number | null;
                  n: number;
                  median: number | null;
                };
                calibration: {
                  /**
                   * 0 is perfect, 0.25 a coin; of the score as a chance
                   */
                  brier: {
                    value: number | null;
                    n: number;
                  };
                  reliability: {
                    confidence: string | null;
                    n: number;
                    /**
                     * The mean of the chances that the scores stood for
                     */
                    forecast: {
                      value: number | null;
                      n: number;
                    };
                    hit_rate: number;
                    interval_95: {
                      low: number;
                      high: number;
                    } | null;
                  }[];
                };
                /**
                 * The mean over days of the rank correlation of the score with the price's move; n counts days
                 */
                rank_ic: {
                  value: number | null;
                  n: number;
                  t: number | null;
                  names: number;
                };
                key: string | null;
              }[];
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/recommendations': {
    /**
     * Recommendations and their evaluations, newest first
     *
     * With Accept: application/x-ndjson all of them from the cursor on, one a line, and limit has no meaning.
     */
    get: {
      parameters: {
        query?: {
          /**
           * As stored, or in any case where it is stored in upper case
           */
          symbol?: string;
          /**
           * As stored, or in any case where it is stored in title case
           */
          mode?: string;
          /**
           * As stored, or in any case where it is stored in upper case
           */
          universe?: string;
          /**
           * text of 1 to 200 characters without NUL
           */
          source?: string;
          /**
           * The recommendations of one run
           */
          run_id?: string;
          /**
           * As stored, or in any case where it is stored in title case
           */
          confidence?: string;
          /**
           * score_blend at least so high; rows without a score are absent
           */
          min_score?: number;
          /**
           * Evaluated ones alone, or the others alone; both by default
           */
          evaluated?: boolean;
          /**
           * Generated at this time or later
           */
          from?: string;
          /**
           * Generated before this time
           */
          to?: string;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
          /**
           * What was known at this time: later rows are absent, later evaluations are not shown
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string;
                symbol: string;
                mode: string;
                universe: string;
                source: string;
                recommendation: string;
                direction: string;
                generated_at: string;
                entry_price: number | null;
                stop_loss_price: number | null;
                target_price: number | null;
                score_blend: number | null;
                confidence: string | null;
                risk_profile: string | null;
                run_id: string | null;
                rank_in_run: (number | string) | null;
                policy_version: string | null;
                features: unknown;
                evaluated: boolean;
                evaluated_at: string | null;
                exit_price: number | null;
                exit_time: string | null;
                exit_reason: string | null;
                pnl_pct: number | null;
                max_drawdown_pct: number | null;
                alpha_vs_benchmark: number | null;
                labels: unknown;
                /**
                 * The file that a migrated row came from
                 */
                legacy_source: string | null;
                /**
                 * The id that it had there
                 */
                legacy_id: (number | string) | null;
              }[];
              next_cursor: string | null;
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Log the picks of a run
     *
     * The body is what the engine gave; its first 50 picks are logged. A run_id in it, or an Idempotency-Key, makes the request idempotent.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /**
           * The same key with the same payload is logged once; with another one it is refused
           */
          'idempotency-key'?: string;
        };
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * The picks; the first 50 are logged
             *
             * @maxItems 5000
             */
            items?: {
              /**
               * Stored in upper case
               */
              symbol: string;
              /**
               * SHORT when it contains "sell", else LONG
               */
              recommendation: string;
              /**
               * Its place in the list when absent
               */
              rank?: number | null;
              /**
               * The entry price, except in Scalping
               */
              price?: number | null;
              /**
               * The entry price in Scalping, before price
               */
              entry_price?: number | null;
              /**
               * The score; null stays null
               */
              score_blend?: number | null;
              /**
               * The score when there is no score_blend
               */
              blend_score?: number | null;
              confidence?: (string | number) | null;
              risk_profile?: string | null;
              exit_strategy?: {
                stop_loss_price?: number | null;
                target_price?: number | null;
                [k: string]: unknown;
              } | null;
              [k: string]: unknown;
            }[];
            /**
             * The same, by the name that the stored runs have
             *
             * @maxItems 5000
             */
            picks?: {
              /**
               * Stored in upper case
               */
              symbol: string;
              /**
               * SHORT when it contains "sell", else LONG
               */
              recommendation: string;
              /**
               * Its place in the list when absent
               */
              rank?: number | null;
              /**
               * The entry price, except in Scalping
               */
              price?: number | null;
              /**
               * The entry price in Scalping, before price
               */
              entry_price?: number | null;
              /**
               * The score; null stays null
               */
              score_blend?: number | null;
              /**
               * The score when there is no score_blend
               */
              blend_score?: number | null;
              confidence?: (string | number) | null;
              risk_profile?: string | null;
              exit_strategy?: {
                stop_loss_price?: number | null;
                target_price?: number | null;
                [k: string]: unknown;
              } | null;
              [k: string]: unknown;
            }[];
            /**
             * Stored in title case
             */
            mode: string;
            /**
             * Stored in upper case; UNKNOWN when absent
             */
            universe?: string | null;
            generated_at?: string | null;
            /**
             * The same, by the name that the archive files have
             */
            as_of?: string | null;
            /**
             * The same run logged twice is logged once
             */
            run_id?: string | null;
            /**
             * Who logs it; top_picks when absent
             */
            source?: string | null;
            risk_profile?: string | null;
            policy_version?: (string | number) | null;
            elapsed_seconds?: number | null;
            metadata?: {
              policy_version?: (string | number) | null;
              elapsed_seconds?: number | null;
              analysis_time_seconds?: number | null;
              [k: string]: unknown;
            } | null;
            [k: string]: unknown;
          };
        };
      };
      responses: {
        /**
         * It had been logged before
         */
        200: {
          headers: { [name: string]: unknown };
          content: {
            /**
             * It had been logged before
             */
            'application/json': {
              run_id: string;
              /**
               * Recommendations that are new
               */
              logged: number;
              /**
               * Recommendations that were there already
               */
              repeated: number;
              /**
               * Picks beyond the first 50
               */
              dropped: number;
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string;
                symbol: string;
                mode: string;
                universe: string;
                source: string;
                recommendation: string;
                direction: string;
                generated_at: string;
                entry_price: number | null;
                stop_loss_price: number | null;
                target_price: number | null;
                score_blend: number | null;
                confidence: string | null;
                risk_profile: string | null;
                run_id: string | null;
                rank_in_run: (number | string) | null;
                policy_version: string | null;
                features: unknown;
                evaluated: boolean;
                evaluated_at: string | null;
                exit_price: number | null;
                exit_time: string | null;
                exit_reason: string | null;
                pnl_pct: number | null;
                max_drawdown_pct: number | null;
                alpha_vs_benchmark: number | null;
                labels: unknown;
                /**
                 * The file that a migrated row came from
                 */
                legacy_source: string | null;
                /**
                 * The id that it had there
                 */
                legacy_id: (number | string) | null;
              }[];
            };
          };
        };
        201: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              run_id: string;
              /**
               * Recommendations that are new
               */
              logged: number;
              /**
               * Recommendations that were there already
               */
              repeated: number;
              /**
               * Picks beyond the first 50
               */
              dropped: number;
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string;
                symbol: string;
                mode: string;
                universe: string;
                source: string;
                recommendation: string;
                direction: string;
                generated_at: string;
                entry_price: number | null;
                stop_loss_price: number | null;
                target_price: number | null;
                score_blend: number | null;
                confidence: string | null;
                risk_profile: string | null;
                run_id: string | null;
                rank_in_run: (number | string) | null;
                policy_version: string | null;
                features: unknown;
                evaluated: boolean;
                evaluated_at: string | null;
                exit_price: number | null;
                exit_time: string | null;
                exit_reason: string | null;
                pnl_pct: number | null;
                max_drawdown_pct: number | null;
                alpha_vs_benchmark: number | null;
                labels: unknown;
                /**
                 * The file that a migrated row came from
                 */
                legacy_source: string | null;
                /**
                 * The id that it had there
                 */
                legacy_id: (number | string) | null;
              }[];
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/recommendations/{id}': {
    /**
     * One recommendation
     */
    get: {
      parameters: {
        query?: {
          /**
           * What was known at this time: a later evaluation is not shown
           */
          as_of?: string;
        };
        header?: never;
        path: {
          /**
           * The id of a recommendation
           */
          id: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              symbol: string;
              mode: string;
              universe: string;
              source: string;
              recommendation: string;
              direction: string;
              generated_at: string;
              entry_price: number | null;
              stop_loss_price: number | null;
              target_price: number | null;
              score_blend: number | null;
              confidence: string | null;
              risk_profile: string | null;
              run_id: string | null;
              rank_in_run: (number | string) | null;
              policy_version: string | null;
              features: unknown;
              evaluated: boolean;
              evaluated_at: string | null;
              exit_price: number | null;
              exit_time: string | null;
              exit_reason: string | null;
              pnl_pct: number | null;
              max_drawdown_pct: number | null;
              alpha_vs_benchmark: number | null;
              labels: unknown;
              /**
               * The file that a migrated row came from
               */
              legacy_source: string | null;
              /**
               * The id that it had there
               */
              legacy_id: (number | string) | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/recommendations/evaluate-due': {
    /**
     * Evaluate the recommendations whose horizon is over from price history. With Accept: application/x-ndjson a line of progress a page, the last one with the result
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Whose sessions the horizons are counted in; XNSE by default
             */
            exchange?: 'XNSE' | 'XBOM' | 'XNYS' | 'XNAS';
            /**
             * The symbol against which alpha_vs_benchmark is taken
             */
            benchmark?: string;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              reviewed: number;
              evaluated: number;
              /**
               * Due, and they cannot be evaluated yet: the next call looks at them again
               */
              pending: number;
              /**
               * Their horizon is not over
               */
              not_due: number;
              /**
               * False: it was broken off; the next call does the rest
               */
              complete: boolean;
              pending_items: {
                id: number | string;
                symbol: string;
                mode: string;
                reason: string;
                detail: string | null;
              }[];
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/recommendations/scalping-exits': {
    /**
     * Apply one or many exits of scalping positions
     *
     * Each marks the oldest open Scalping recommendation of its symbol and entry day in India. The same exit again marks nothing more.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json':
            | {
                symbol: string;
                exit_price: number;
                /**
                 * an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it
                 */
                exit_time: string;
                exit_reason: string;
                /**
                 * By the direction from entry to exit price when absent
                 */
                pnl_pct?: number | null;
                max_drawdown_pct?: number | null;
                alpha_vs_benchmark?: number | null;
                labels?: {
                  [k: string]: unknown;
                } | null;
                /**
                 * Its day in India is the day of the recommendation; any day when absent
                 */
                entry_time?: string | null;
                /**
                 * Used where the recommendation has none
                 */
                entry_price?: number | null;
                /**
                 * The same as pnl_pct, by the name that the exit tracker has
                 */
                return_pct?: number | null;
              }[]
            | {
                /**
                 * @minItems 1
                 * @maxItems 500
                 */
                exits: {
                  symbol: string;
                  exit_price: number;
                  /**
                   * an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it
                   */
                  exit_time: string;
                  exit_reason: string;
                  /**
                   * By the direction from entry to exit price when absent
                   */
                  pnl_pct?: number | null;
                  max_drawdown_pct?: number | null;
                  alpha_vs_benchmark?: number | null;
                  labels?: {
                    [k: string]: unknown;
                  } | null;
                  /**
                   * Its day in India is the day of the recommendation; any day when absent
                   */
                  entry_time?: string | null;
                  /**
                   * Used where the recommendation has none
                   */
                  entry_price?: number | null;
                  /**
                   * The same as pnl_pct, by the name that the exit tracker has
                   */
                  return_pct?: number | null;
                }[];
              }
            | {
                symbol: string;
                exit_price: number;
                /**
                 * an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it
                 */
                exit_time: string;
                exit_reason: string;
                /**
                 * By the direction from entry to exit price when absent
                 */
                pnl_pct?: number | null;
                max_drawdown_pct?: number | null;
                alpha_vs_benchmark?: number | null;
                labels?: {
                  [k: string]: unknown;
                } | null;
                /**
                 * Its day in India is the day of the recommendation; any day when absent
                 */
                entry_time?: string | null;
                /**
                 * Used where the recommendation has none
                 */
                entry_price?: number | null;
                /**
                 * The same as pnl_pct, by the name that the exit tracker has
                 */
                return_pct?: number | null;
              };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * In the order of the exits
               */
              items: {
                symbol: string;
                /**
                 * repeated: this exit was applied before; unmatched: no open recommendation, the exit can be sent again
                 */
                result: 'matched' | 'repeated' | 'unmatched';
                /**
                 * The recommendation
                 */
                id: (number | string) | null;
                /**
                 * Why nothing matched
                 */
                reason: string | null;
                pnl_pct: number | null;
              }[];
              matched: number;
              repeated: number;
              unmatched: number;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/recommendations/{id}/evaluation': {
    /**
     * Say how a recommendation ended
     *
     * The same evaluation again changes nothing; another one is refused.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * The id of a recommendation
           */
          id: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            exit_price: number;
            /**
             * an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it
             */
            exit_time: string;
            exit_reason: string;
            /**
             * By the direction from entry to exit price when absent
             */
            pnl_pct?: number | null;
            max_drawdown_pct?: number | null;
            alpha_vs_benchmark?: number | null;
            labels?: {
              [k: string]: unknown;
            } | null;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              symbol: string;
              mode: string;
              universe: string;
              source: string;
              recommendation: string;
              direction: string;
              generated_at: string;
              entry_price: number | null;
              stop_loss_price: number | null;
              target_price: number | null;
              score_blend: number | null;
              confidence: string | null;
              risk_profile: string | null;
              run_id: string | null;
              rank_in_run: (number | string) | null;
              policy_version: string | null;
              features: unknown;
              evaluated: boolean;
              evaluated_at: string | null;
              exit_price: number | null;
              exit_time: string | null;
              exit_reason: string | null;
              pnl_pct: number | null;
              max_drawdown_pct: number | null;
              alpha_vs_benchmark: number | null;
              labels: unknown;
              /**
               * The file that a migrated row came from
               */
              legacy_source: string | null;
              /**
               * The id that it had there
               */
              legacy_id: (number | string) | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/top-picks/runs': {
    /**
     * Save a run of the engine
     *
     * The body is what the engine gave. A run_id in it, or an Idempotency-Key, makes the request idempotent.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /**
           * The same key with the same payload saves once; with another payload it is refused
           */
          'idempotency-key'?: string;
        };
        path?: never;
      };
      requestBody: {
        content: {
          /**
           * What is not named here is kept as it is
           */
          'application/json': {
            /**
             * Stored in lower case
             */
            universe: string;
            /**
             * Stored in title case
             */
            mode: string;
            /**
             * The picks, best first
             */
            items?: unknown[] | null;
            /**
             * The same by its older name; items come first
             */
            picks?: unknown[] | null;
            generated_at?: string | null;
            /**
             * Where there is no generated_at
             */
            as_of?: string | null;
            /**
             * universe:Mode:time of saving when absent
             */
            run_id?: string | null;
            /**
             * What started the run (hourly, manual, …)
             */
            trigger?: string | null;
            total_analyzed?: number | null;
            filtered_count?: number | null;
            /**
             * filtered_count by its older name
             */
            passed_filter?: number | null;
            elapsed_seconds?: number | null;
            metadata?: {
              elapsed_seconds?: number | null;
              analysis_time_seconds?: number | null;
              [k: string]: unknown;
            } | null;
            [k: string]: unknown;
          };
        };
      };
      responses: {
        /**
         * It had been saved before
         */
        200: {
          headers: { [name: string]: unknown };
          content: {
            /**
             * It had been saved before
             */
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string | null;
              run_id: string;
              universe: string;
              mode: string;
              generated_at: string;
              trigger: string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_analyzed: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              filtered_count: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              picks_count: number | string | null;
              elapsed_sec: number | null;
              /**
               * It had been saved before: nothing was written now
               */
              repeated: boolean;
              [k: string]: unknown;
            };
          };
        };
        201: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string | null;
              run_id: string;
              universe: string;
              mode: string;
              generated_at: string;
              trigger: string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_analyzed: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              filtered_count: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              picks_count: number | string | null;
              elapsed_sec: number | null;
              /**
               * It had been saved before: nothing was written now
               */
              repeated: boolean;
              [k: string]: unknown;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Runs without their payload, newest first
     *
     * With Accept: application/x-ndjson all of them from the cursor on, one a line, and limit has no meaning.
     */
    get: {
      parameters: {
        query?: {
          /**
           * Any case
           */
          universe?: string;
          /**
           * Any case
           */
          mode?: string;
          /**
           * What started the run (hourly, manual, …)
           */
          trigger?: string;
          /**
           * Generated at this time or later
           */
          from?: string;
          /**
           * Generated before this time
           */
          to?: string;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
          /**
           * What was known at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string | null;
                run_id: string;
                universe: string;
                mode: string;
                generated_at: string;
                trigger: string | null;
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                total_analyzed: number | string | null;
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                filtered_count: number | string | null;
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                picks_count: number | string | null;
                elapsed_sec: number | null;
              }[];
              next_cursor: string | null;
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/top-picks/latest': {
    /**
     * The newest run of a universe and mode that picked anything
     */
    get: {
      parameters: {
        query: {
          /**
           * Any case
           */
          universe: string;
          /**
           * Any case
           */
          mode: string;
          /**
           * What was known at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string | null;
              run_id: string;
              universe: string;
              mode: string;
              generated_at: string;
              trigger: string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_analyzed: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              filtered_count: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              picks_count: number | string | null;
              elapsed_sec: number | null;
              /**
               * The picks, best first, as the engine gave them
               */
              items: unknown[];
              /**
               * When the engine says it looked, as it wrote it: a time in India without a zone. generated_at is in UTC
               */
              as_of: string;
              elapsed_seconds: number | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/top-picks/universes': {
    /**
     * Each universe and mode of which there is a run, with the newest one that picked anything
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                universe: string;
                mode: string;
                /**
                 * The newest run that picked anything; null: none has
                 */
                latest: {
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  id: number | string | null;
                  run_id: string;
                  universe: string;
                  mode: string;
                  generated_at: string;
                  trigger: string | null;
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  total_analyzed: number | string | null;
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  filtered_count: number | string | null;
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  picks_count: number | string | null;
                  elapsed_sec: number | null;
                } | null;
              }[];
              next_cursor: null;
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/top-picks/runs/{run_id}': {
    /**
     * The newest run of that id
     */
    get: {
      parameters: {
        query?: {
          /**
           * What was known at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          run_id: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string | null;
              run_id: string;
              universe: string;
              mode: string;
              generated_at: string;
              trigger: string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              total_analyzed: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              filtered_count: number | string | null;
              /**
               * A whole number; a string of digits from 2^53 on
               */
              picks_count: number | string | null;
              elapsed_sec: number | null;
              /**
               * What the engine gave, as it gave it: items, as_of, universe, mode, …
               */
              payload: unknown;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/context/analyses': {
    /**
     * Log one analysis, or a list of them
     *
     * Each of a list for itself: when one is refused the others are kept. As application/x-ndjson, one a line, there may be any number: they are logged in the order of the lines, and a line that is refused ends it; sent again with the same Idempotency-Key, nothing is logged twice.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /**
           * The same key with the same payload writes once; with another payload it is refused
           */
          'idempotency-key'?: string;
        };
        path?: never;
      };
      requestBody: {
        content: {
          /**
           * One, or a list of 1 to 500 of them
           */
          'application/json':
            | {
                symbol: string;
                agent_type: string;
                score?: number | null;
                confidence?: string | null;
                /**
                 * Any JSON
                 */
                signals?: unknown;
                reasoning?: string | null;
                /**
                 * Any JSON
                 */
                metadata?: unknown;
                /**
                 * Any JSON
                 */
                global_context?: unknown;
                /**
                 * Any JSON
                 */
                policy_context?: unknown;
                /**
                 * Now by default
                 */
                created_at?: string;
              }
            | {
                symbol: string;
                agent_type: string;
                score?: number | null;
                confidence?: string | null;
                /**
                 * Any JSON
                 */
                signals?: unknown;
                reasoning?: string | null;
                /**
                 * Any JSON
                 */
                metadata?: unknown;
                /**
                 * Any JSON
                 */
                global_context?: unknown;
                /**
                 * Any JSON
                 */
                policy_context?: unknown;
                /**
                 * Now by default
                 */
                created_at?: string;
              }[];
          /**
           * One JSON document a line
           */
          'application/x-ndjson': string;
        };
      };
      responses: {
        /**
         * As one, as a list, or of lines
         */
        201: {
          headers: { [name: string]: unknown };
          content: {
            /**
             * As one, as a list, or of lines
             */
            'application/json':
              | {
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  id: number | string;
                  symbol: string;
                  agent_type: string;
                  score: number | null;
                  confidence: string | null;
                  signals: unknown;
                  reasoning: string | null;
                  metadata: unknown;
                  global_context: unknown;
                  policy_context: unknown;
                  created_at: string;
                  /**
                   * It had been written before: nothing was written now
                   */
                  repeated: boolean;
                }
              | {
                  items: {
                    /**
                     * A whole number; a string of digits from 2^53 on
                     */
                    id: number | string;
                    symbol: string;
                    agent_type: string;
                    score: number | null;
                    confidence: string | null;
                    signals: unknown;
                    reasoning: string | null;
                    metadata: unknown;
                    global_context: unknown;
                    policy_context: unknown;
                    created_at: string;
                    /**
                     * It had been written before: nothing was written now
                     */
                    repeated: boolean;
                  }[];
                  next_cursor: null;
                }
              | {
                  lines: number;
                  logged: number;
                  repeated: number;
                };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        415: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * The analyses of a symbol in the last days × 24 hours, newest first
     *
     * With Accept: application/x-ndjson all of them from the cursor on, one a line, and limit has no meaning.
     */
    get: {
      parameters: {
        query: {
          /**
           * text of 1 to 200 characters without NUL
           */
          symbol: string;
          /**
           * All by default
           */
          agent_type?: string;
          /**
           * Times 24 hours, up to as_of or now
           */
          days?: number;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
          /**
           * What was known at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string;
                symbol: string;
                agent_type: string;
                score: number | null;
                confidence: string | null;
                signals: unknown;
                reasoning: string | null;
                metadata: unknown;
                global_context: unknown;
                policy_context: unknown;
                created_at: string;
              }[];
              next_cursor: string | null;
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/context/analyses/latest': {
    /**
     * The newest analysis of a symbol by an agent
     */
    get: {
      parameters: {
        query: {
          /**
           * text of 1 to 200 characters without NUL
           */
          symbol: string;
          /**
           * text of 1 to 200 characters without NUL
           */
          agent_type: string;
          /**
           * An older one is not found; of any age by default
           */
          max_age_minutes?: number;
          /**
           * What was known at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              symbol: string;
              agent_type: string;
              score: number | null;
              confidence: string | null;
              signals: unknown;
              reasoning: string | null;
              metadata: unknown;
              global_context: unknown;
              policy_context: unknown;
              created_at: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/context/memory/{type}/{key}': {
    /**
     * Write a value that lives for ttl_seconds
     *
     * With expected_version, If-Match or If-None-Match: * only while that version, or nothing, stands there.
     */
    put: {
      parameters: {
        query?: never;
        header?: {
          /**
           * expected_version as the ETag that an answer gave
           */
          'if-match'?: string;
          /**
           * *: only while nothing stands there
           */
          'if-none-match'?: '*';
        };
        path: {
          type: string;
          key: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            value: unknown;
            ttl_seconds?: number;
            /**
             * Writes only while this version stands there; 0: only while nothing does
             */
            expected_version?: number | string;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              type: string;
              key: string;
              value: unknown;
              /**
               * Another one after every write
               */
              version: number | string;
              created_at: string | null;
              /**
               * null: never
               */
              expires_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * A value with its version; the version is its ETag
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          type: string;
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              type: string;
              key: string;
              value: unknown;
              /**
               * Another one after every write
               */
              version: number | string;
              created_at: string | null;
              /**
               * null: never
               */
              expires_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Remove a value
     */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /**
           * expected_version as the ETag that an answer gave
           */
          'if-match'?: string;
          /**
           * *: only while nothing stands there
           */
          'if-none-match'?: '*';
        };
        path: {
          type: string;
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        /**
         * It is gone
         */
        204: {
          headers: { [name: string]: unknown };
          content?: never;
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        409: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/context/memory/{type}': {
    /**
     * The keys of a type that have a value, in their order
     */
    get: {
      parameters: {
        query?: {
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          cursor?: string;
        };
        header?: never;
        path: {
          type: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                type: string;
                key: string;
                /**
                 * Another one after every write
                 */
                version: number | string;
                created_at: string | null;
                /**
                 * null: never
                 */
                expires_at: string | null;
              }[];
              next_cursor: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/context/preferences/{user_id}': {
    /**
     * Set several preferences of a user; the others stay
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          user_id: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            preferences: {
              [k: string]: unknown;
            };
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              user_id: string;
              /**
               * Values by their key; empty where there are none
               */
              preferences: {
                [k: string]: unknown;
              };
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * All preferences of a user
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          user_id: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              user_id: string;
              /**
               * Values by their key; empty where there are none
               */
              preferences: {
                [k: string]: unknown;
              };
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/context/preferences/{user_id}/{key}': {
    /**
     * Set a preference of a user
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          user_id: string;
          key: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            value: unknown;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              user_id: string;
              key: string;
              value: unknown;
              updated_at: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * A preference of a user
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          user_id: string;
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              user_id: string;
              key: string;
              value: unknown;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/context/learnings': {
    /**
     * Count outcomes of a pattern in
     *
     * The accuracy moves by the number of samples; concurrent requests are all counted.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /**
           * The same key with the same payload writes once; with another payload it is refused
           */
          'idempotency-key'?: string;
        };
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            agent_type: string;
            pattern: string;
            /**
             * Whether the agent was right
             */
            correct?: boolean;
            /**
             * The share in which it was right
             */
            accuracy?: number;
            /**
             * How many outcomes that is
             */
            samples?: number;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              agent_type: string;
              pattern: string | null;
              accuracy: number | null;
              sample_size: (number | string) | null;
              last_updated: string | null;
              /**
               * It had been counted before: nothing was counted now
               */
              repeated: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * What was learnt, last first
     */
    get: {
      parameters: {
        query?: {
          /**
           * All by default
           */
          agent_type?: string;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string;
                agent_type: string;
                pattern: string | null;
                accuracy: number | null;
                sample_size: (number | string) | null;
                last_updated: string | null;
              }[];
              next_cursor: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/picks': {
    /**
     * Logs a pick, or many in one transaction, with what agents said about them
     *
     * As application/x-ndjson, one a line, there may be any number: they are logged in the order of the lines, and a line that is refused ends it; sent again with the same Idempotency-Key, nothing is logged twice.
     */
    post: {
      parameters: {
        query?: never;
        header?: {
          /**
           * The same key with the same picks is logged once; with others it is refused
           */
          'idempotency-key'?: string;
        };
        path?: never;
      };
      requestBody: {
        content: {
          'application/json':
            | {
                /**
                 * Made when it is not given; the same one means the same pick
                 */
                pick_uuid?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                symbol: string;
                /**
                 * Without it SHORT when the recommendation contains "sell"
                 */
                direction?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                source?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                mode: string;
                /**
                 * Now by default
                 */
                signal_ts?: string;
                /**
                 * The exchange's day of the signal, or a later one; the former by default
                 */
                trade_date?: string;
                /**
                 * Without it entry_price, else price
                 */
                signal_price?: number | null;
                entry_price?: number | null;
                price?: number | null;
                /**
                 * Without it entry_price
                 */
                recommended_entry?: number | null;
                recommended_target?: number | null;
                recommended_stop?: number | null;
                time_horizon?: string | null;
                blend_score?: number | null;
                recommendation?: string | null;
                confidence?: string | null;
                regime?: string | null;
                risk_profile_bucket?: string | null;
                mode_bucket?: string | null;
                universe?: string | null;
                extra_context?: {
                  [k: string]: unknown;
                } | null;
                /**
                 * @maxItems 100
                 */
                contributions?: {
                  /**
                   * text of 1 to 200 characters without NUL
                   */
                  agent_name: string;
                  score?: number | null;
                  confidence?: string | null;
                  metadata?: {
                    [k: string]: unknown;
                  } | null;
                }[];
              }
            | {
                /**
                 * Made when it is not given; the same one means the same pick
                 */
                pick_uuid?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                symbol: string;
                /**
                 * Without it SHORT when the recommendation contains "sell"
                 */
                direction?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                source?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                mode: string;
                /**
                 * Now by default
                 */
                signal_ts?: string;
                /**
                 * The exchange's day of the signal, or a later one; the former by default
                 */
                trade_date?: string;
                /**
                 * Without it entry_price, else price
                 */
                signal_price?: number | null;
                entry_price?: number | null;
                price?: number | null;
                /**
                 * Without it entry_price
                 */
                recommended_entry?: number | null;
                recommended_target?: number | null;
                recommended_stop?: number | null;
                time_horizon?: string | null;
                blend_score?: number | null;
                recommendation?: string | null;
                confidence?: string | null;
                regime?: string | null;
                risk_profile_bucket?: string | null;
                mode_bucket?: string | null;
                universe?: string | null;
                extra_context?: {
                  [k: string]: unknown;
                } | null;
                /**
                 * @maxItems 100
                 */
                contributions?: {
                  /**
                   * text of 1 to 200 characters without NUL
                   */
                  agent_name: string;
                  score?: number | null;
                  confidence?: string | null;
                  metadata?: {
                    [k: string]: unknown;
                  } | null;
                }[];
              }[]
            | {
                /**
                 * @minItems 1
                 * @maxItems 500
                 */
                picks: {
                  /**
                   * Made when it is not given; the same one means the same pick
                   */
                  pick_uuid?: string;
                  /**
                   * text of 1 to 200 characters without NUL
                   */
                  symbol: string;
                  /**
                   * Without it SHORT when the recommendation contains "sell"
                   */
                  direction?: string;
                  /**
                   * text of 1 to 200 characters without NUL
                   */
                  source?: string;
                  /**
                   * text of 1 to 200 characters without NUL
                   */
                  mode: string;
                  /**
                   * Now by default
                   */
                  signal_ts?: string;
                  /**
                   * The exchange's day of the signal, or a later one; the former by default
                   */
                  trade_date?: string;
                  /**
                   * Without it entry_price, else price
                   */
                  signal_price?: number | null;
                  entry_price?: number | null;
                  price?: number | null;
                  /**
                   * Without it entry_price
                   */
                  recommended_entry?: number | null;
                  recommended_target?: number | null;
                  recommended_stop?: number | null;
                  time_horizon?: string | null;
                  blend_score?: number | null;
                  recommendation?: string | null;
                  confidence?: string | null;
                  regime?: string | null;
                  risk_profile_bucket?: string | null;
                  mode_bucket?: string | null;
                  universe?: string | null;
                  extra_context?: {
                    [k: string]: unknown;
                  } | null;
                  /**
                   * @maxItems 100
                   */
                  contributions?: {
                    /**
                     * text of 1 to 200 characters without NUL
                     */
                    agent_name: string;
                    score?: number | null;
                    confidence?: string | null;
                    metadata?: {
                      [k: string]: unknown;
                    } | null;
                  }[];
                }[];
              };
          /**
           * One JSON document a line
           */
          'application/x-ndjson': string;
        };
      };
      responses: {
        /**
         * All of it had been logged before
         */
        200: {
          headers: { [name: string]: unknown };
          content: {
            /**
             * All of it had been logged before
             */
            'application/json':
              | {
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  id: number | string;
                  pick_uuid: string;
                  symbol: string;
                  direction: string;
                  mode: string;
                  signal_ts: string;
                  trade_date: string;
                  signal_price: number | null;
                  /**
                   * It was logged before: nothing was written
                   */
                  repeated: boolean;
                }
              | {
                  items: {
                    /**
                     * A whole number; a string of digits from 2^53 on
                     */
                    id: number | string;
                    pick_uuid: string;
                    symbol: string;
                    direction: string;
                    mode: string;
                    signal_ts: string;
                    trade_date: string;
                    signal_price: number | null;
                    /**
                     * It was logged before: nothing was written
                     */
                    repeated: boolean;
                  }[];
                  next_cursor: null;
                };
          };
        };
        201: {
          headers: { [name: string]: unknown };
          content: {
            'application/json':
              | {
                  /**
                   * A whole number; a string of digits from 2^53 on
                   */
                  id: number | string;
                  pick_uuid: string;
                  symbol: string;
                  direction: string;
                  mode: string;
                  signal_ts: string;
                  trade_date: string;
                  signal_price: number | null;
                  /**
                   * It was logged before: nothing was written
                   */
                  repeated: boolean;
                }
              | {
                  items: {
                    /**
                     * A whole number; a string of digits from 2^53 on
                     */
                    id: number | string;
                    pick_uuid: string;
                    symbol: string;
                    direction: string;
                    mode: string;
                    signal_ts: string;
                    trade_date: string;
                    signal_price: number | null;
                    /**
                     * It was logged before: nothing was written
                     */
                    repeated: boolean;
                  }[];
                  next_cursor: null;
                }
              | {
                  lines: number;
                  logged: number;
                  repeated: number;
                };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        415: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Picks with their contributions and outcomes, newest first
     *
     * With Accept: application/x-ndjson all of them from the cursor on, one a line, and limit has no meaning.
     */
    get: {
      parameters: {
        query?: {
          /**
           * As stored, or in any case where it is stored in upper case
           */
          symbol?: string;
          /**
           * As stored, or in any case where it is stored in title case
           */
          mode?: string;
          /**
           * As stored, or in any case where it is stored in one
           */
          universe?: string;
          /**
           * As stored, or in any case where it is stored in upper case
           */
          source?: string;
          /**
           * LONG or SHORT, in any case
           */
          direction?: string;
          /**
           * Signalled at this time or later
           */
          from?: string;
          /**
           * Signalled before this time
           */
          to?: string;
          /**
           * The exchange's day (2026-11-20)
           */
          trade_date?: string;
          /**
           * Picks with an outcome alone, or those without; both by default. Outcomes are always shown
           */
          with_outcomes?: boolean;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
          /**
           * What was known at this time: later picks are absent, later outcomes are not shown
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                /**
                 * A whole number; a string of digits from 2^53 on
                 */
                id: number | string;
                pick_uuid: string;
                symbol: string;
                direction: string;
                source: string;
                mode: string;
                signal_ts: string;
                trade_date: string;
                signal_price: number | null;
                recommended_entry: number | null;
                recommended_target: number | null;
                recommended_stop: number | null;
                time_horizon: string | null;
                blend_score: number | null;
                recommendation: string | null;
                confidence: string | null;
                regime: string | null;
                risk_profile_bucket: string | null;
                mode_bucket: string | null;
                universe: string | null;
                extra_context: unknown;
                /**
                 * In the order in which they were given
                 */
                contributions: {
                  agent_name: string;
                  score: number | null;
                  confidence: string | null;
                  metadata: unknown;
                }[];
                /**
                 * By the end of their horizon
                 */
                outcomes: {
                  evaluation_horizon: string;
                  horizon_end_ts: string;
                  price_close: number | null;
                  price_high: number | null;
                  price_low: number | null;
                  ret_close_pct: number | null;
                  max_runup_pct: number | null;
                  max_drawdown_pct: number | null;
                  benchmark_symbol: string | null;
                  benchmark_ret_pct: number | null;
                  ret_vs_benchmark_pct: number | null;
                  hit_target: boolean | null;
                  hit_stop: boolean | null;
                  outcome_label: string | null;
                  /**
                   * The return as a part of the run-up, 0 to 1
                   */
                  capture_ratio: number | null;
                  notes: unknown;
                  /**
                   * When it became known; of a migrated outcome the end of its horizon
                   */
                  known_at: string;
                }[];
                /**
                 * The file that a migrated row came from
                 */
                legacy_source: string | null;
                /**
                 * The id that it had there
                 */
                legacy_id: (number | string) | null;
              }[];
              next_cursor: string | null;
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/picks/{uuid}': {
    /**
     * A pick with its contributions and outcomes
     */
    get: {
      parameters: {
        query?: {
          /**
           * What was known at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          uuid: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * A whole number; a string of digits from 2^53 on
               */
              id: number | string;
              pick_uuid: string;
              symbol: string;
              direction: string;
              source: string;
              mode: string;
              signal_ts: string;
              trade_date: string;
              signal_price: number | null;
              recommended_entry: number | null;
              recommended_target: number | null;
              recommended_stop: number | null;
              time_horizon: string | null;
              blend_score: number | null;
              recommendation: string | null;
              confidence: string | null;
              regime: string | null;
              risk_profile_bucket: string | null;
              mode_bucket: string | null;
              universe: string | null;
              extra_context: unknown;
              /**
               * In the order in which they were given
               */
              contributions: {
                agent_name: string;
                score: number | null;
                confidence: string | null;
                metadata: unknown;
              }[];
              /**
               * By the end of their horizon
               */
              outcomes: {
                evaluation_horizon: string;
                horizon_end_ts: string;
                price_close: number | null;
                price_high: number | null;
                price_low: number | null;
                ret_close_pct: number | null;
                max_runup_pct: number | null;
                max_drawdown_pct: number | null;
                benchmark_symbol: string | null;
                benchmark_ret_pct: number | null;
                ret_vs_benchmark_pct: number | null;
                hit_target: boolean | null;
                hit_stop: boolean | null;
                outcome_label: string | null;
                /**
                 * The return as a part of the run-up, 0 to 1
                 */
                capture_ratio: number | null;
                notes: unknown;
                /**
                 * When it became known; of a migrated outcome the end of its horizon
                 */
                known_at: string;
              }[];
              /**
               * The file that a migrated row came from
               */
              legacy_source: string | null;
              /**
               * The id that it had there
               */
              legacy_id: (number | string) | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/picks/{uuid}/outcomes/{horizon}': {
    /**
     * The outcome of a pick at a horizon; what is not given follows from the prices
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          uuid: string;
          /**
           * a horizon of 1 to 32 letters, digits, _ or - (EOD, 5D, SCALPING)
           */
          horizon: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Without it the close of the horizon's last session, for EOD and <n>D
             */
            horizon_end_ts?: string;
            price_close?: number | null;
            price_high?: number | null;
            price_low?: number | null;
            /**
             * In the direction of the pick; without it from price_close
             */
            ret_close_pct?: number | null;
            max_runup_pct?: number | null;
            max_drawdown_pct?: number | null;
            benchmark_symbol?: string | null;
            benchmark_ret_pct?: number | null;
            ret_vs_benchmark_pct?: number | null;
            hit_target?: boolean | null;
            hit_stop?: boolean | null;
            /**
             * The return decides it; another one is refused
             */
            outcome_label?: 'WIN' | 'LOSS' | 'BREAKEVEN';
            notes?: {
              [k: string]: unknown;
            } | null;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              evaluation_horizon: string;
              horizon_end_ts: string;
              price_close: number | null;
              price_high: number | null;
              price_low: number | null;
              ret_close_pct: number | null;
              max_runup_pct: number | null;
              max_drawdown_pct: number | null;
              benchmark_symbol: string | null;
              benchmark_ret_pct: number | null;
              ret_vs_benchmark_pct: number | null;
              hit_target: boolean | null;
              hit_stop: boolean | null;
              outcome_label: string | null;
              /**
               * The return as a part of the run-up, 0 to 1
               */
              capture_ratio: number | null;
              notes: unknown;
              /**
               * When it became known; of a migrated outcome the end of its horizon
               */
              known_at: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/picks/scalping-exits': {
    /**
     * Closes picks by their exits, one or many, each at most once
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json':
            | {
                /**
                 * Which exit it is; without it, what it says
                 */
                exit_id?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                symbol: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                mode?: string;
                /**
                 * Its day in UTC is the day of the pick; without it that of exit_time
                 */
                entry_time?: string | null;
                entry_price?: number | null;
                /**
                 * an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it
                 */
                exit_time: string;
                exit_price: number;
                exit_reason?: string | null;
                /**
                 * In the direction of the pick; without it from the entry's price
                 */
                pnl_pct?: number | null;
                /**
                 * The same as pnl_pct, by the name that the exit tracker has
                 */
                return_pct?: number | null;
                max_drawdown_pct?: number | null;
                max_runup_pct?: number | null;
                alpha_vs_benchmark?: number | null;
                /**
                 * Kept among the notes
                 */
                labels?: {
                  [k: string]: unknown;
                } | null;
                notes?: {
                  [k: string]: unknown;
                } | null;
              }
            | {
                /**
                 * Which exit it is; without it, what it says
                 */
                exit_id?: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                symbol: string;
                /**
                 * text of 1 to 200 characters without NUL
                 */
                mode?: string;
                /**
                 * Its day in UTC is the day of the pick; without it that of exit_time
                 */
                entry_time?: string | null;
                entry_price?: number | null;
                /**
                 * an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it
                 */
                exit_time: string;
                exit_price: number;
                exit_reason?: string | null;
                /**
                 * In the direction of the pick; without it from the entry's price
                 */
                pnl_pct?: number | null;
                /**
                 * The same as pnl_pct, by the name that the exit tracker has
                 */
                return_pct?: number | null;
                max_drawdown_pct?: number | null;
                max_runup_pct?: number | null;
                alpha_vs_benchmark?: number | null;
                /**
                 * Kept among the notes
                 */
                labels?: {
                  [k: string]: unknown;
                } | null;
                notes?: {
                  [k: string]: unknown;
                } | null;
              }[]
            | {
                /**
                 * @minItems 1
                 * @maxItems 500
                 */
                exits: {
                  /**
                   * Which exit it is; without it, what it says
                   */
                  exit_id?: string;
                  /**
                   * text of 1 to 200 characters without NUL
                   */
                  symbol: string;
                  /**
                   * text of 1 to 200 characters without NUL
                   */
                  mode?: string;
                  /**
                   * Its day in UTC is the day of the pick; without it that of exit_time
                   */
                  entry_time?: string | null;
                  entry_price?: number | null;
                  /**
                   * an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it
                   */
                  exit_time: string;
                  exit_price: number;
                  exit_reason?: string | null;
                  /**
                   * In the direction of the pick; without it from the entry's price
                   */
                  pnl_pct?: number | null;
                  /**
                   * The same as pnl_pct, by the name that the exit tracker has
                   */
                  return_pct?: number | null;
                  max_drawdown_pct?: number | null;
                  max_runup_pct?: number | null;
                  alpha_vs_benchmark?: number | null;
                  /**
                   * Kept among the notes
                   */
                  labels?: {
                    [k: string]: unknown;
                  } | null;
                  notes?: {
                    [k: string]: unknown;
                  } | null;
                }[];
              };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                symbol: string;
                exit_time: string;
                /**
                 * repeated: it had closed that pick before, and nothing was written
                 */
                result: 'matched' | 'repeated' | 'unmatched';
                pick_uuid: string | null;
                /**
                 * How far it was from its pick: 0 at the same minute and price
                 */
                distance: number | null;
              }[];
              next_cursor: null;
              matched: number;
              repeated: number;
              unmatched: number;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/picks/outcomes/compute': {
    /**
     * Computes the outcomes that are not there yet of a range of trade dates from price history. With Accept: application/x-ndjson a line of progress a page, the last one with the result
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * The first trade date
             */
            from: string;
            /**
             * The last trade date
             */
            to: string;
            /**
             * EOD, or 1D to 250D: whole sessions after the signal
             */
            horizon: string;
            /**
             * Picks of this mode alone
             */
            mode?: string;
            /**
             * The symbol to compare with
             */
            benchmark?: string;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              from: string;
              to: string;
              horizon: string;
              /**
               * Picks in the range
               */
              picks: number;
              /**
               * Picks looked at
               */
              done: number;
              computed: number;
              /**
               * Had an outcome already, which stays
               */
              existing: number;
              /**
               * Could not be computed yet
               */
              pending: number;
              pending_reasons: {
                /**
                 * Its last session is not over
                 */
                horizon_open: number;
                /**
                 * The calendar does not reach that far
                 */
                no_session: number;
                no_candles: number;
                /**
                 * The benchmark has no candles
                 */
                no_benchmark: number;
                /**
                 * The pick itself has no price above 0
                 */
                no_price: number;
              };
              /**
               * Symbols whose candles could not be read, the first ones
               */
              failures: {
                symbol: string;
                reason: string;
              }[];
              /**
               * Every pick was looked at; else call again to go on
               */
              complete: boolean;
            };
            /**
             * One JSON document a line
             */
            'application/x-ndjson': string;
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/policies': {
    /**
     * Policies, newest first
     */
    get: {
      parameters: {
        query?: {
          /**
           * DRAFT, ACTIVE, RETIRED
           */
          status?: string;
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                policy_id: string;
                name: string;
                description: string | null;
                status: string;
                config: unknown;
                metrics: unknown;
                created_at: string;
                updated_at: string;
                activated_at: string | null;
                deactivated_at: string | null;
              }[];
              next_cursor: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * A new policy, as a draft
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Made when it is not given
             */
            policy_id?: string;
            /**
             * text of 1 to 200 characters without NUL
             */
            name: string;
            description?: string | null;
            config: {
              [k: string]: unknown;
            };
            metrics?: {
              [k: string]: unknown;
            } | null;
          };
        };
      };
      responses: {
        201: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              policy_id: string;
              name: string;
              description: string | null;
              status: string;
              config: unknown;
              metrics: unknown;
              created_at: string;
              updated_at: string;
              activated_at: string | null;
              deactivated_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/policies/active': {
    /**
     * The active policy, or the one that was active at a time
     */
    get: {
      parameters: {
        query?: {
          /**
           * Which one was active at this time; now by default
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              policy_id: string;
              name: string;
              description: string | null;
              status: string;
              config: unknown;
              metrics: unknown;
              created_at: string;
              updated_at: string;
              activated_at: string | null;
              deactivated_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/policies/{id}': {
    /**
     * A policy
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          id: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              policy_id: string;
              name: string;
              description: string | null;
              status: string;
              config: unknown;
              metrics: unknown;
              created_at: string;
              updated_at: string;
              activated_at: string | null;
              deactivated_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Changes name, description or metrics; of a draft its config as well
     */
    patch: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          id: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * text of 1 to 200 characters without NUL
             */
            name?: string;
            description?: string | null;
            /**
             * Replaces the metrics as a whole
             */
            metrics?: {
              [k: string]: unknown;
            } | null;
            /**
             * Of a DRAFT alone
             */
            config?: {
              [k: string]: unknown;
            };
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              policy_id: string;
              name: string;
              description: string | null;
              status: string;
              config: unknown;
              metrics: unknown;
              created_at: string;
              updated_at: string;
              activated_at: string | null;
              deactivated_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        409: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/policies/{id}/activate': {
    /**
     * Makes a policy the active one, and retires the one that was
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          id: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              policy_id: string;
              name: string;
              description: string | null;
              status: string;
              config: unknown;
              metrics: unknown;
              created_at: string;
              updated_at: string;
              activated_at: string | null;
              deactivated_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/policies/{id}/retire': {
    /**
     * Retires a policy; without another being activated none is active then
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /**
           * text of 1 to 200 characters without NUL
           */
          id: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              policy_id: string;
              name: string;
              description: string | null;
              status: string;
              config: unknown;
              metrics: unknown;
              created_at: string;
              updated_at: string;
              activated_at: string | null;
              deactivated_at: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/levels/{symbol}': {
    /**
     * The levels of a symbol, computed from price history when there are none of this period
     */
    get: {
      parameters: {
        query?: {
          /**
           * Y, M, W or D (year, month, week, day); any case
           */
          scope?: 'Y' | 'M' | 'W' | 'D';
          /**
           * floor, fibonacci, camarilla or woodie; any case
           */
          method?: 'floor' | 'fibonacci' | 'camarilla' | 'woodie';
          /**
           * To be scored against the levels
           */
          price?: number;
          /**
           * Levels as they were known at this time, or as the sessions closed by then give them; now by default
           */
          as_of?: string;
        };
        header?: never;
        path: {
          /**
           * Any case
           */
          symbol: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              symbol: string;
              timeframe_scope: string;
              method: string;
              p: number | null;
              r1: number | null;
              r2: number | null;
              r3: number | null;
              s1: number | null;
              s2: number | null;
              s3: number | null;
              /**
               * Camarilla and Woodie alone
               */
              r4: number | null;
              /**
               * Camarilla and Woodie alone
               */
              s4: number | null;
              computed_at: string;
              /**
               * How many sessions they were made of: 252, 22, 5 or 1, or as many as there were; null: unknown
               */
              sessions: number | null;
              /**
               * The day of the last of them
               */
              last_session: string | null;
              /**
               * Of an earlier India day, ISO week, month or year, since computing new ones failed
               */
              stale: boolean;
              /**
               * The code of that failure
               */
              stale_reason: string | null;
              price?: number;
              /**
               * With price
               */
              score?: number;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Keeps levels that were computed elsewhere, and gives those that count now: the newest
     */
    put: {
      parameters: {
        query: {
          /**
           * Y, M, W or D (year, month, week, day); any case
           */
          scope: 'Y' | 'M' | 'W' | 'D';
          /**
           * floor, fibonacci, camarilla or woodie; any case
           */
          method?: 'floor' | 'fibonacci' | 'camarilla' | 'woodie';
        };
        header?: never;
        path: {
          /**
           * Any case
           */
          symbol: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            p: number;
            r1: number;
            r2: number;
            r3: number;
            s1: number;
            s2: number;
            s3: number;
            r4?: number | null;
            s4?: number | null;
            /**
             * Now by default
             */
            computed_at?: string;
            /**
             * How many sessions they were made of
             */
            sessions?: number | null;
            /**
             * The day of the last of them
             */
            last_session?: string | null;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              symbol: string;
              timeframe_scope: string;
              method: string;
              p: number | null;
              r1: number | null;
              r2: number | null;
              r3: number | null;
              s1: number | null;
              s2: number | null;
              s3: number | null;
              /**
               * Camarilla and Woodie alone
               */
              r4: number | null;
              /**
               * Camarilla and Woodie alone
               */
              s4: number | null;
              computed_at: string;
              /**
               * How many sessions they were made of: 252, 22, 5 or 1, or as many as there were; null: unknown
               */
              sessions: number | null;
              /**
               * The day of the last of them
               */
              last_session: string | null;
              /**
               * Of an earlier India day, ISO week, month or year, since computing new ones failed
               */
              stale: boolean;
              /**
               * The code of that failure
               */
              stale_reason: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/levels/{symbol}/score': {
    /**
     * A price against the levels of a symbol; 50 without levels
     */
    get: {
      parameters: {
        query: {
          /**
           * Y, M, W or D (year, month, week, day); any case
           */
          scope?: 'Y' | 'M' | 'W' | 'D';
          /**
           * floor, fibonacci, camarilla or woodie; any case
           */
          method?: 'floor' | 'fibonacci' | 'camarilla' | 'woodie';
          price: number;
          /**
           * Levels as they were known at this time, or as the sessions closed by then give them; now by default
           */
          as_of?: string;
        };
        header?: never;
        path: {
          /**
           * Any case
           */
          symbol: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              symbol: string;
              timeframe_scope: string;
              method: string;
              price: number;
              /**
               * 50 without levels
               */
              score: number;
              levels: {
                symbol: string;
                timeframe_scope: string;
                method: string;
                p: number | null;
                r1: number | null;
                r2: number | null;
                r3: number | null;
                s1: number | null;
                s2: number | null;
                s3: number | null;
                /**
                 * Camarilla and Woodie alone
                 */
                r4: number | null;
                /**
                 * Camarilla and Woodie alone
                 */
                s4: number | null;
                computed_at: string;
                /**
                 * How many sessions they were made of: 252, 22, 5 or 1, or as many as there were; null: unknown
                 */
                sessions: number | null;
                /**
                 * The day of the last of them
                 */
                last_session: string | null;
                /**
                 * Of an earlier India day, ISO week, month or year, since computing new ones failed
                 */
                stale: boolean;
                /**
                 * The code of that failure
                 */
                stale_reason: string | null;
              } | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/prices/stats': {
    /**
     * What is kept, and how often it was enough
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Symbols by interval and source
               */
              series: number;
              symbols: number;
              chunks: number;
              candles: number;
              /**
               * Of the candles, as PostgreSQL stores them
               */
              bytes: number;
              /**
               * Ranges of coverage
               */
              ranges: number;
              /**
               * Migrated answers whose candles no read has needed yet
               */
              waiting: number;
              /**
               * Reads that had everything; null while Redis cannot be reached, lost with Redis
               */
              hits: number | null;
              /**
               * Reads that found something missing
               */
              misses: number | null;
              /**
               * Answers of providers and puts
               */
              writes: number | null;
              /**
               * hits / (hits + misses); null before the first read
               */
              hit_rate: number | null;
              as_of: string;
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/prices/{symbol}': {
    /**
     * Candles of a range; what is missing is asked of the providers
     */
    get: {
      parameters: {
        query?: {
          /**
           * 1d by default
           */
          interval?: string;
          /**
           * Candles that begin at this time or later; by default a year before `to` for days and longer, 30 days from 10m on, 5 days for less
           */
          from?: string;
          /**
           * Candles that begin before this time; now by default. At most 60 years, 732 days from 10m on, 93 from 3m on, 31 days
           */
          to?: string;
          /**
           * auto by default: any, of the same candle the one that was written last
           */
          source?: string;
          /**
           * Candles that were over at this time
           */
          as_of?: string;
        };
        header?: never;
        path: {
          /**
           * Any case
           */
          symbol: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              symbol: string;
              /**
               * As it was asked for
               */
              interval: string;
              source: string;
              /**
               * In the order of time
               */
              candles: {
                /**
                 * When it begins, in UTC
                 */
                time: string;
                open: number;
                high: number;
                low: number;
                close: number;
                /**
                 * null: not known
                 */
                volume: number | null;
              }[];
              /**
               * What of the range is known; `from` is in, `to` is not
               */
              coverage: {
                from: string;
                to: string;
              }[];
              /**
               * What of the range is missing or no longer believed; times without a session are no gap
               */
              gaps: {
                from: string;
                to: string;
              }[];
              /**
               * Candles that a provider gave for this answer
               */
              fetched: number;
              /**
               * Candles lie in a gap: they may have changed since
               */
              stale: boolean;
              /**
               * Why a gap could not be filled
               */
              error?: string;
              as_of: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Add candles, or replace those that are there
     *
     * As application/x-ndjson, one a line, there may be any number: they are written in the order of the lines, 500 at once, and a line that is refused ends it; it may be sent again as a whole. Lines take no from and to: what lies between their candles is not known to be all.
     */
    put: {
      parameters: {
        query: {
          /**
           * 1m, 3m, 5m, 15m, 30m, 1h, 1d, 1wk, 1mo; minute, 60minute and day are names of the same
           */
          interval: string;
          /**
           * With `to`: the candles are all that there is in this range
           */
          from?: string;
          /**
           * an ISO 8601 time with a zone (2026-11-22T02:59:24Z or 2026-11-22T08:29:24%2B05:30) or a date (2026-11-22)
           */
          to?: string;
          /**
           * Whose candles they are; `manual` by default
           */
          source?: string;
        };
        header?: never;
        path: {
          /**
           * Any case
           */
          symbol: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * @maxItems 10000
             */
            candles: {
              /**
               * When it begins: ISO 8601 with a zone; for days and longer also the date of the exchange
               */
              time: string;
              open: number;
              high: number;
              low: number;
              close: number;
              volume?: number | null;
            }[];
          };
          /**
           * One JSON document a line
           */
          'application/x-ndjson': string;
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json':
              | {
                  symbol: string;
                  interval: string;
                  source: string;
                  written: number;
                  /**
                   * What these candles cover
                   */
                  coverage: {
                    from: string;
                    to: string;
                  }[];
                }
              | {
                  lines: number;
                  written: number;
                };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        415: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Remove candles, and what is known about their times
     */
    delete: {
      parameters: {
        query?: {
          /**
           * All of them by default
           */
          interval?: string;
          /**
           * Candles that were written more than so many hours ago; all by default
           */
          older_than_hours?: number;
        };
        header?: never;
        path: {
          /**
           * Any case
           */
          symbol: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              symbol: string;
              /**
               * How many were removed
               */
              candles: number;
              /**
               * Ranges of coverage that were removed
               */
              ranges: number;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/scores': {
    /**
     * Stores scores, all or none; a newer score of a symbol that is there stays
     *
     * As application/x-ndjson, one a line, there may be any number: they are written in the order of the lines, 500 at once, and a line that is refused ends it; it may be sent again as a whole.
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * At most 5000 scores: a list, or, as the old file had them, an object by symbol
             */
            scores:
              | {
                  /**
                   * Stored in upper case
                   */
                  symbol: string;
                  blend_score: number;
                  confidence?: string | null;
                  recommendation?: string | null;
                  is_actionable?: boolean | null;
                  agents?: unknown[] | null;
                  /**
                   * When it was made: its six hours count from here; now by default
                   */
                  analyzed_at?: string;
                  /**
                   * The same, for a score without analyzed_at
                   */
                  timestamp?: string;
                  [k: string]: unknown;
                }[]
              | {
                  [k: string]: {
                    /**
                     * Stored in upper case
                     */
                    symbol: string;
                    blend_score: number;
                    confidence?: string | null;
                    recommendation?: string | null;
                    is_actionable?: boolean | null;
                    agents?: unknown[] | null;
                    /**
                     * When it was made: its six hours count from here; now by default
                     */
                    analyzed_at?: string;
                    /**
                     * The same, for a score without analyzed_at
                     */
                    timestamp?: string;
                    [k: string]: unknown;
                  };
                };
            /**
             * The time of scores that have none of their own; now by default
             */
            timestamp?: string;
            /**
             * How long they live; 6 by default
             */
            ttl_hours?: number;
          };
          /**
           * One JSON document a line
           */
          'application/x-ndjson': string;
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json':
              | {
                  stored: number;
                  /**
                   * Symbols of which a newer score was there, which stays
                   */
                  older: string[];
                  /**
                   * Symbols whose score was stored, though its time is over
                   */
                  expired: string[];
                }
              | {
                  lines: number;
                  written: number;
                };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        415: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Removes all scores
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Scores whose time was not over
               */
              removed: number;
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/scores/top': {
    /**
     * The best of a universe, or of all
     */
    get: {
      parameters: {
        query?: {
          /**
           * A universe: symbols with commas between them; all by default
           */
          symbols?: string;
          /**
           * a whole number from 1 to 500
           */
          n?: number;
          /**
           * low < medium < high, any case
           */
          min_confidence?: string;
          /**
           * Actionable ones alone, or the others alone; both by default
           */
          actionable?: boolean;
          /**
           * Scores made by then whose time was not over then. Only the newest score of a symbol is kept
           */
          as_of?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                symbol: string;
                blend_score: number | null;
                confidence: unknown;
                recommendation: unknown;
                is_actionable: unknown;
                agents: unknown;
                /**
                 * As it was given; of a migrated score as the old file had it
                 */
                analyzed_at: unknown;
                /**
                 * The time of the score, from which its life counts
                 */
                timestamp: string;
                expires_at: string | null;
                /**
                 * Within this answer, from 1 on
                 */
                rank: number;
                /**
                 * Among all scores that live, from 1 on: the same in every universe
                 */
                global_rank: number;
                [k: string]: unknown;
              }[];
              next_cursor: null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/scores/{symbol}': {
    /**
     * The score of a symbol
     */
    get: {
      parameters: {
        query?: {
          /**
           * Scores made by then whose time was not over then. Only the newest score of a symbol is kept
           */
          as_of?: string;
        };
        header?: never;
        path: {
          /**
           * Any case
           */
          symbol: string;
        };
      };
      requestBody?: never;
      responses: {
        /**
         * The score as the engine gave it, with its times
         */
        200: {
          headers: { [name: string]: unknown };
          content: {
            /**
             * The score as the engine gave it, with its times
             */
            'application/json': {
              symbol: string;
              blend_score: number | null;
              confidence: unknown;
              recommendation: unknown;
              is_actionable: unknown;
              agents: unknown;
              /**
               * As it was given; of a migrated score as the old file had it
               */
              analyzed_at: unknown;
              /**
               * The time of the score, from which its life counts
               */
              timestamp: string;
              expires_at: string | null;
              [k: string]: unknown;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/cache/{key}': {
    /**
     * Keep a value
     *
     * While its market is open it is fresh for ttl_seconds, at most until the close; while it is closed, until it opens.
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          key: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Any JSON of at most 1,000,000 characters
             */
            value: unknown;
            /**
             * How long it is fresh while the market is open; 60 by default
             */
            ttl_seconds?: number;
            /**
             * Whose hours it goes by; not with region
             */
            exchange?: 'XNSE' | 'XBOM' | 'XNYS' | 'XNAS';
            /**
             * India is XNSE, US is XNYS, Global is Monday to Friday in UTC. India by default
             */
            region?: 'India' | 'US' | 'Global';
            /**
             * @maxItems 32
             */
            tags?: string[];
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              key: string;
              cached_at: string;
              fresh_until: string;
              /**
               * Whether Redis has it; its copy in PostgreSQL is kept in any case
               */
              acknowledged: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * The fresh value, or the copy while the market is closed
     */
    get: {
      parameters: {
        query?: {
          /**
           * Whose hours it goes by; not with region
           */
          exchange?: 'XNSE' | 'XBOM' | 'XNYS' | 'XNAS';
          /**
           * India is XNSE, US is XNYS, Global is Monday to Friday in UTC. India by default
           */
          region?: 'India' | 'US' | 'Global';
          /**
           * Gives the copy while the market is open too
           */
          allow_stale?: 'true' | 'false';
          /**
           * What would have been answered at this time, from what is kept now
           */
          as_of?: string;
        };
        header?: never;
        path: {
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              key: string;
              /**
               * A dictionary from a copy has _cached and _cached_timestamp besides
               */
              value: unknown;
              cached: boolean;
              /**
               * The market has traded since it was stored
               */
              stale: boolean;
              /**
               * A copy of an earlier trading time, at most 7 whole days old
               */
              last_trading_day: boolean;
              /**
               * Why a copy was given
               */
              reason: ('market_closed' | 'fetch_failed' | 'allowed') | null;
              cached_at: string;
              fresh_until: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Remove a value and its copy, in every process
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Copies that there were
               */
              removed: number;
              /**
               * Whether Redis dropped the fresh entries
               */
              acknowledged: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/cache/stats': {
    /**
     * What is kept, and what this process was asked for
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Keys with a copy that may be given
               */
              copies: number;
              /**
               * Those of them that are files of the old application
               */
              migrated: number;
              oldest: string | null;
              newest: string | null;
              fresh_hits: number;
              copies_given: number;
              misses: number;
              fetches: number;
              fetch_failures: number;
              copy_failures: number;
              writes: number;
              invalidations: number;
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/cache': {
    /**
     * Remove everything, in every process
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Copies that there were
               */
              removed: number;
              /**
               * Whether Redis dropped the fresh entries
               */
              acknowledged: boolean;
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/cache/invalidate': {
    /**
     * Remove what has a tag, or whose key begins so, in every process
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Every value with this tag
             */
            tag?: string;
            /**
             * Every value whose key begins so
             */
            prefix?: string;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Copies that there were
               */
              removed: number;
              /**
               * Whether Redis dropped the fresh entries
               */
              acknowledged: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/market/{exchange}/session': {
    /**
     * Whether an exchange trades, and when it does next
     */
    get: {
      parameters: {
        query?: {
          /**
           * The instant; now by default
           */
          at?: string;
          /**
           * The same as at
           */
          as_of?: string;
        };
        header?: never;
        path: {
          exchange: 'XNSE' | 'XBOM' | 'XNYS' | 'XNAS';
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              exchange: 'XNSE' | 'XBOM' | 'XNYS' | 'XNAS';
              at: string;
              /**
               * The day at the exchange
               */
              date: string;
              open: boolean;
              /**
               * That of the day; null: no trading on it
               */
              session: {
                /**
                 * The day at the exchange
                 */
                date: string;
                opens_at: string;
                closes_at: string;
                note: string | null;
              } | null;
              /**
               * The first that opens after the instant
               */
              next: {
                /**
                 * The day at the exchange
                 */
                date: string;
                opens_at: string;
                closes_at: string;
                note: string | null;
              };
              /**
               * The last that closed at or before it
               */
              previous: {
                /**
                 * The day at the exchange
                 */
                date: string;
                opens_at: string;
                closes_at: string;
                note: string | null;
              };
              covered_from: string;
              /**
               * Outside of these days holidays that move are not known, and are taken for days of trading
               */
              covered_until: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
      };
    };
  };
  '/v1/memory/sessions/{session}/{key}': {
    /**
     * Put a value into a session, which is started when there is none
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          session: string;
          key: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Any JSON value
             */
            value: unknown;
            /**
             * How long the whole session lives; as it was, or 3600
             */
            ttl_seconds?: number;
            /**
             * Each use gives the whole session its life again; as it was, or true
             */
            sliding?: boolean;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              session: string;
              ttl_seconds: number;
              sliding: boolean;
              started_at: string;
              /**
               * Of a sliding one: unless somebody uses it
               */
              expires_at: string;
              key: string;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * A value of a session
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          session: string;
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              session: string;
              key: string;
              value: unknown;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Delete a value of a session
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          session: string;
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Whether there was one
               */
              deleted: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/memory/sessions': {
    /**
     * Live sessions, by name
     */
    get: {
      parameters: {
        query?: {
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                session: string;
                ttl_seconds: number;
                sliding: boolean;
                started_at: string;
                /**
                 * Of a sliding one: unless somebody uses it
                 */
                expires_at: string;
              }[];
              next_cursor: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/memory/sessions/{session}': {
    /**
     * A session with its values, by key
     */
    get: {
      parameters: {
        query?: {
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path: {
          session: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              session: string;
              ttl_seconds: number;
              sliding: boolean;
              started_at: string;
              /**
               * Of a sliding one: unless somebody uses it
               */
              expires_at: string;
              items: {
                key: string;
                value: unknown;
              }[];
              next_cursor: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * End a session with everything in it
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          session: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Whether there was one
               */
              ended: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/memory/cache/{key}': {
    /**
     * Keep an answer for a while
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          key: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Any JSON value
             */
            value: unknown;
            /**
             * How long it lives; 300 by default
             */
            ttl_seconds?: number;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              key: string;
              ttl_seconds: number;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * An answer that was kept
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              key: string;
              value: unknown;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * Forget an answer
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          key: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              /**
               * Whether there was one
               */
              deleted: boolean;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/memory/working/{type}': {
    /**
     * Replace the working memory of a type
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          type: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Any JSON value
             */
            value: unknown;
            /**
             * How long it lives; for ever by default
             */
            ttl_seconds?: number;
          };
        };
      };
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              type: string;
              ttl_seconds: number | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        413: Refused;
        429: Refused;
        503: Refused;
      };
    };
    /**
     * The working memory of a type
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          type: string;
        };
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              type: string;
              value: unknown;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        404: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/memory/working': {
    /**
     * All working memory, by type
     */
    get: {
      parameters: {
        query?: {
          /**
           * a whole number from 1 to 500
           */
          limit?: number;
          /**
           * the next_cursor of the page before
           */
          cursor?: string;
        };
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              items: {
                type: string;
                value: unknown;
              }[];
              next_cursor: string | null;
            };
          };
        };
        400: Refused;
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
  '/v1/memory/stats': {
    /**
     * How much is remembered, and how often it is found
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
      };
      requestBody?: never;
      responses: {
        200: {
          headers: { [name: string]: unknown };
          content: {
            'application/json': {
              as_of: string;
              sessions: {
                /**
                 * A whole number
                 */
                live: number | string;
                /**
                 * A whole number
                 */
                keys: number | string;
              };
              working: {
                /**
                 * A whole number
                 */
                entries: number | string;
              };
              cache: {
                /**
                 * A whole number
                 */
                entries: number | string;
              };
              /**
               * A whole number
               */
              analyses: number | string;
              /**
               * A whole number
               */
              preferences: number | string;
              /**
               * Of all processes, kept in Redis and lost with it; null: Redis is away
               */
              reads: {
                session: {
                  hits: number;
                  misses: number;
                  /**
                   * Null: nothing was read
                   */
                  hit_rate: number | null;
                };
                working: {
                  hits: number;
                  misses: number;
                  /**
                   * Null: nothing was read
                   */
                  hit_rate: number | null;
                };
                cache: {
                  hits: number;
                  misses: number;
                  /**
                   * Null: nothing was read
                   */
                  hit_rate: number | null;
                };
              } | null;
              /**
               * What this process has in Redis and PostgreSQL does not have yet
               */
              state: {
                queued: number;
                oldest_ms: number;
              };
            };
          };
        };
        401: Refused;
        403: Refused;
        429: Refused;
        503: Refused;
      };
    };
  };
}
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
      topology: 'standalone' | 'cluster' | 'sentinel' | 'in-process';
      location: string;
      latency_ms: number | null;
      server_version: string | null;
      breaker: 'closed' | 'open' | 'half-open';
      invalidation: 'tracking' | 'messages' | 'in-process';
      detail: string | null;
    };
  };
}
/**
 * What every answer from 400 on is
 */
export interface Refused {
  headers: { [name: string]: unknown };
  content: {
    'application/problem+json': Problem;
  };
}
export interface Problem {
  /**
   * A URN of the code
   */
  type: string;
  title: string;
  status: number;
  /**
   * Stable: programs branch on it; see docs/errors.md
   */
  code: string;
  detail: string;
  /**
   * The x-request-id of the answer; the log has it too
   */
  request_id: string;
  /**
   * With INVALID_INPUT: every value that was refused
   */
  errors?: {
    /**
     * querystring, params, headers or body
     */
    in: string;
    field: string;
    expected: string;
    found: string;
  }[];
}
