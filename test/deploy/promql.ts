/** What an expression of PromQL asks for: enough of the language to check the names in it, and no more. */
export interface Asked {
  readonly metric: string;
  readonly labels: readonly { readonly name: string; readonly operator: string; readonly value: string }[];
}

export interface Names {
  readonly asked: readonly Asked[];
  /** Labels that something is grouped or joined by. */
  readonly grouping: readonly string[];
}

const words = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'by',
  'without',
  'on',
  'ignoring',
  'inf',
  'nan',
]);

export function namesIn(expression: string): Names {
  const grouping: string[] = [];
  const rest = expression
    .replace(/#.*$/gm, ' ')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_, list: string) => {
      grouping.push(...list.split(',').map((name) => name.trim()));
      return ' ';
    })
    // Ranges and their steps: [5m], [$__rate_interval].
    .replace(/\[[^\]]*\]/g, ' ');
  // A name begins where no number, string or variable goes on.
  const selector =
    /"(?:[^"\\]|\\.)*"|(?<![\w$.])([a-zA-Z_:][\w:]*)\s*(\(|\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?/g;
  const asked = [...rest.matchAll(selector)].flatMap(([, metric, after, inside = '']) =>
    metric === undefined || after === '(' || words.has(metric.toLowerCase())
      ? []
      : [{ metric, labels: matchersOf(inside) }],
  );
  return { asked, grouping: grouping.filter((name) => name !== '') };
}

function matchersOf(inside: string): Asked['labels'] {
  const matcher = /(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;
  return [...inside.matchAll(matcher)].map(([, name, operator, value]) => ({
    name: name!,
    operator: operator!,
    value: value!,
  }));
}

/** A scrape: the metrics that it tells of, and the labels and values that samples of each have. */
export class Scraped {
  readonly #names = new Set<string>();
  readonly #labels = new Map<string, Map<string, Set<string>>>();

  add(text: string): void {
    for (const line of text.split('\n')) {
      const [, type, kind] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (type !== undefined) {
        this.#names.add(type);
        const parts = kind === 'histogram' ? ['_bucket', '_sum', '_count'] : [];
        for (const part of parts) this.#names.add(type + part);
      }
      const [, metric, inside = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
      if (metric === undefined) continue;
      const labels = this.#labels.get(metric) ?? new Map<string, Set<string>>();
      this.#labels.set(metric, labels);
      for (const { name, value } of matchersOf(inside))
        labels.set(name, (labels.get(name) ?? new Set()).add(value));
    }
  }

  has(metric: string): boolean {
    return this.#names.has(metric);
  }

  /** The values of a label that were seen; undefined when no sample had it. */
  values(metric: string, label: string): ReadonlySet<string> | undefined {
    return this.#labels.get(metric)?.get(label);
  }

  sampled(metric: string): boolean {
    return this.#labels.has(metric);
  }
}
