import { Counter, Gauge, type Registry } from 'prom-client';

/** One metric of a server: its name, what it is, how it is read. */
export type Figure<T> = readonly [
  name: string,
  help: string,
  read: (figures: T) => number | readonly Sample[] | undefined,
];

/** A value with labels of its own. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined];

export interface FigureTable<T> {
  /** Replaces all samples: what is not told of any more is gone. */
  observe(found: readonly { readonly labels: Readonly<Record<string, string>>; readonly figures: T }[]): void;
}

/**
 * Metrics out of the figures that a server counts itself. A name that ends in `_total` is a counter, set to where the server's own
 * is.
 *
 * @param labelNames all labels that samples of the figure may have, by its name; else `common`
 */
export function figureTable<T>(
  registers: Registry[],
  figures: readonly Figure<T>[],
  common: readonly string[],
  labelNames: Readonly<Record<string, readonly string[]>> = {},
): FigureTable<T> {
  const metrics = figures.map(([name, help, read]) => {
    const settings = { name, help, labelNames: [...common, ...(labelNames[name] ?? [])], registers };
    const metric = name.endsWith('_total') ? new Counter(settings) : new Gauge(settings);
    const clear = (): void => {
      metric.reset();
      // One without labels would be 0 then, which is a figure, and nobody told it.
      if (settings.labelNames.length === 0) metric.remove();
    };
    clear();
    return { metric, read, clear };
  });
  return {
    observe(found) {
      for (const { metric, read, clear } of metrics) {
        clear();
        for (const { labels, figures: of } of found) {
          const value = read(of);
          const samples: readonly Sample[] = typeof value === 'object' ? value : [[{}, value]];
          for (const [own, number] of samples)
            if (number !== undefined) metric.inc({ ...labels, ...own }, number);
        }
      }
    },
  };
}
