import diagnosticsChannel from 'node:diagnostics_channel';

/**
 * What happens inside, for whoever listens: logs and metrics subscribe, nothing in the core knows them. A message is
 * built only when somebody listens.
 */
export interface Channel<T extends object> {
  readonly name: string;
  /** Calls every subscriber at once. One that throws is reported as an uncaught exception, never to the publisher. */
  publish(message: () => T): void;
  /** @returns the way to stop listening */
  subscribe(listener: (message: T) => void): () => void;
}

/** The channel of a name in `node:diagnostics_channel`; the same name is the same channel everywhere in the process. */
export function channel<T extends object>(name: string): Channel<T> {
  const inner = diagnosticsChannel.channel(name);
  return {
    name,
    publish(message) {
      if (inner.hasSubscribers) inner.publish(message());
    },
    subscribe(listener) {
      const onMessage = (message: unknown): void => listener(message as T);
      inner.subscribe(onMessage);
      return () => {
        inner.unsubscribe(onMessage);
      };
    },
  };
}

/** How far a migration is with one source. */
export interface MigrationProgress {
  readonly source: string;
  readonly phase: 'inspect' | 'copy' | 'verify';
  readonly done: number;
  /** Absent while it is not known. */
  readonly total: number | undefined;
}

/** Something that a person should know about a source; the run goes on. */
export interface MigrationWarning {
  readonly code: string;
  readonly source: string;
  readonly detail: string;
}

/** One statement that PostgreSQL ran: its text without its values. */
export interface DurableQuery {
  readonly sql: string;
  readonly durationMs: number;
  /** Rows returned or changed; absent when it failed. */
  readonly rows: number | undefined;
  /** SQLSTATE or error code; absent when it succeeded. */
  readonly errorCode: string | undefined;
}

export const migrationProgress = channel<MigrationProgress>('stockroom:migration:progress');
export const migrationWarning = channel<MigrationWarning>('stockroom:migration:warning');
export const durableQuery = channel<DurableQuery>('stockroom:durable:query');
