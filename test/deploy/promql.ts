/** What an expression of PromQL asks for: enough of the language to check the names in it, and no more. */
export interface Asked {
  readonly metric: string;
  readonly labels: readonly { readonly name: string; readonly operator: string; readonly value: string }[];
  /** Labels that it is grouped or joined by. */
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

export function namesIn(expression: string): Asked[] {
  const groupings: Grouping[] = [];
  const text = expression.replace(/#.*$/gm, blank);
  const rest = text
    .replace(
      /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g,
      (found: string, list: string, at: number) => {
        groupings.push({ labels: list.match(/\w+/g) ?? [], ...scopeOf(text, at + found.length) });
        return blank(found);
      },
    )
    // Ranges and their steps: [5m], [$__rate_interval].
    .replace(/\[[^\]]*\]/g, blank);
  // A name begins where no number, string or variable goes on.
  const selector =
    /"(?:[^"\\]|\\.)*"|(?<![\w$.])([a-zA-Z_:][\w:]*)\s*(\(|\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?/g;
  return [...rest.matchAll(selector)].flatMap(({ 1: metric, 2: after, 3: inside = '', index }) => {
    if (metric === undefined || after === '(' || words.has(metric.toLowerCase())) return [];
    const own = groupings.filter(({ from, to }) => from <= index && index < to);
    return [{ metric, labels: matchersOf(inside), grouping: own.flatMap(({ labels }) => labels) }];
  });
}

/** Labels of a grouping, and the part of the expression that it is about. */
interface Grouping {
  readonly labels: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** Of the same length, so that places stay where they are. */
function blank(found: string): string {
  return ' '.repeat(found.length);
}

/** The parentheses that follow a grouping; what is joined is the whole expression, as far as this goes. */
function scopeOf(text: string, at: number): { from: number; to: number } {
  const masked = text.replace(/"(?:[^"\\]|\\.)*"/g, blank);
  const from = at + /^\s*/.exec(masked.slice(at))![0].length;
  if (masked[from] !== '(') return { from: 0, to: text.length };
  let depth = 0;
  for (let to = from; to < masked.length; to += 1) {
    if (masked[to] === '(') depth += 1;
    if (masked[to] === ')') depth -= 1;
    if (depth === 0) return { from, to };
  }
  throw new Error(`a parenthesis is not closed: ${text}`);
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
