import { format } from 'node:util';

/** The code blocks of a page in one language, in order. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code!);
}

/** What its calls of console.log print, by the comments behind them. */
export function expectedOutput(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, printed]) => printed!);
}

/**
 * The rows of the first table behind the line that begins so, without its head.
 * @throws when there is none
 */
export function rowsUnder(page: string, beginning: string): string[][] {
  const lines = page.split('\n');
  const from = lines.findIndex((line) => line.startsWith(beginning));
  const head = lines.findIndex((line, at) => at > from && line.startsWith('|'));
  if (from === -1 || head === -1) throw new Error(`no table after a line that begins with ${beginning}`);
  const end = lines.findIndex((line, at) => at > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The names in the first column; one cell may have several. */
export function namesOf(rows: readonly string[][]): string[] {
  return rows.flatMap(([cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
}

/** `name: value` of rows that begin with a name and its default. */
export function defaultsOf(rows: readonly string[][]): string[] {
  return rows.map(
    ([name, value]) =>
      `${shown(name)}: ${shown(value)
        .replace(/(\d),(?=\d{3})/g, '$1')
        .replaceAll("'", '')}`,
  );
}

export function linesOf(defaults: object): string[] {
  return Object.entries(defaults).map(([name, value]) => `${name}: ${String(value)}`);
}

/** A cell without its marks; any other value as console.log has it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll('`', '') : format(value);
}

export interface Link {
  readonly label: string;
  readonly target: string;
  readonly picture: boolean;
}

/** Links to this repository and within the page. */
export function linksOf(page: string): Link[] {
  return [...page.matchAll(/(!?)\[([^\]]+)\]\(([^)]+)\)/g)]
    .map(([, mark, label, target]) => ({ label: label!, target: target!, picture: mark === '!' }))
    .filter(({ target }) => !/^\w+:/.test(target));
}
