/** A command line of a page: its words, and where its output goes. */
export interface Command {
  readonly line: string;
  readonly words: readonly string[];
  /** The file behind `>`. */
  readonly into: string | undefined;
}

/** Words with spaces, some in quotes, as a shell splits them; what stands behind a # is a comment. */
export const wordsOf = (line: string): string[] =>
  [...line.replace(/\s+# .*$/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain!,
  );

/** The blocks of a page that have no language: commands, or what a command prints. */
export function plainBlocks(page: string): string[] {
  const blocks: string[] = [];
  let open: { language: string; lines: string[] } | undefined;
  for (const line of page.split('\n')) {
    if (!line.startsWith('```')) open?.lines.push(line);
    else if (open === undefined) open = { language: line.slice(3), lines: [] };
    else {
      if (open.language === '') blocks.push(open.lines.join('\n'));
      open = undefined;
    }
  }
  return blocks;
}

/** Every line of the plain blocks, without the comment at its end. */
export const shellLinesOf = (page: string): string[] =>
  plainBlocks(page)
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+# .*$/, '').trim())
    .filter((line) => line !== '');

/** The lines of the plain blocks that begin with one of the programs, in order. */
export function commandsOf(page: string, programs: readonly string[]): Command[] {
  return plainBlocks(page)
    .flatMap((block) => block.split(/\n| && /))
    .map((line) => line.replace(/^\$ /, '').replace(/^(?:[A-Z_]+=\S+ )+/, ''))
    .filter((line) => programs.includes(line.split(' ', 1)[0]!))
    .map((line) => {
      const words = wordsOf(line);
      const at = words.indexOf('>');
      return at === -1
        ? { line, words, into: undefined }
        : { line, words: words.slice(0, at), into: words[at + 1] };
    });
}
