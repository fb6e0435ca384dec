import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { writeSample } from '../../src/legacy/sample/index.ts';
import { builtInSources } from '../../src/migration/index.ts';
import { testIo, type TestIo } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { ROOT } from '../support/source-files.ts';
import { codeBlocks, linksOf, rowsUnder } from './markdown.ts';
import { wordsOf } from './shell.ts';

const PAGE = join(ROOT, 'docs/migration-guide.md');
const text = readFileSync(PAGE, 'utf8');

/** A command of the page, and what the page says that it prints. */
interface Shown {
  readonly line: string;
  readonly output: readonly string[];
}

/** The commands of the page's consoles, in order. */
function commandsOf(page: string): Shown[] {
  const commands: { line: string; output: string[] }[] = [];
  for (const line of codeBlocks(page, 'console').join('').split('\n')) {
    if (line.startsWith('$ ')) commands.push({ line: line.slice(2), output: [] });
    else if (line.trim() !== '' && line !== '…') commands.at(-1)!.output.push(line);
  }
  return commands;
}

/** What differs from run to run becomes the same: numbers, times, sizes, the width of columns. */
const settled = (printed: string): string =>
  printed
    .replace(/\d{4}-\d\d-\d\dT[\d:.-]+Z/g, 'TIME')
    .replace(/\d[\d,.]*( (ms|s|B|[KMG]iB)\b)?/g, (_, unit?: string) => (unit === undefined ? 'N' : 'N UNIT'))
    .replace(/-{2,}/g, '-')
    .replace(/ +/g, ' ')
    .trim();

const isBackground = ({ line }: Shown): boolean => line.includes('# in a terminal of its own');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('docs/migration-guide.md', () => {
  let scratch: string;
  let old: string;
  let database: TestDatabase;
  let port: number;
  const inTheBackground = new Map<string, { io: TestIo; ended: Promise<number> }>();

  beforeAll(async () => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'stockroom-guide-')));
    old = join(scratch, 'old-app');
    await writeSample(old);
    database = await freshDatabase();
    port = await freePort();
  });
  afterAll(async () => {
    await Promise.all([...inTheBackground.keys()].map(stop));
    await database?.drop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const archives = (): string => join(scratch, 'data/archive/legacy');
  /** The page's names become those of this run. */
  const here = (word: string): string =>
    word
      .replace('../old-app', old)
      .replace('127.0.0.1:4100', `127.0.0.1:${port}`)
      .replace(/^\.stockroom\/archive\/legacy\/.*/, () => join(archives(), readdirSync(archives())[0]!));
  /** And those of this run the page's. */
  const there = (printed: string): string =>
    settled(
      printed
        .replaceAll(archives(), '.stockroom/archive/legacy')
        .replaceAll(old, '../old-app')
        .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:4100'),
    );
  const start = (argv: readonly string[]): { io: TestIo; ended: Promise<number> } => {
    const io = testIo({
      DATABASE_URL: database.url,
      STOCKROOM_DATA_DIR: join(scratch, 'data'),
      PORT: String(port),
      LOG_LEVEL: 'silent',
    });
    return { io, ended: run(argv, io) };
  };
  /** Ctrl-C in the terminal of its own. */
  const stop = async (command: string): Promise<void> => {
    const { io, ended } = inTheBackground.get(command)!;
    inTheBackground.delete(command);
    io.events.emit('SIGINT');
    expect([command, await ended, io.err()]).toEqual([command, 130, expect.anything()]);
  };
  const said = (io: TestIo): string[] => `${io.out()}\n${io.err()}`.split('\n').map(there);

  /** @returns the lines that the command printed */
  async function carryOut(shown: Shown): Promise<string[]> {
    const [program, ...argv] = wordsOf(shown.line).map(here);
    if (program === 'curl') return [there(await curl(argv))];
    expect(program).toBe('stockroom');
    const { io, ended } = start(argv);
    if (!isBackground(shown)) {
      const exit = await ended;
      const refused = shown.output.some((line) => line.startsWith('stockroom: '));
      expect(
        refused ? [1] : [0, 3],
        `${shown.line}
${io.err()}`,
      ).toContain(exit);
      return said(io);
    }
    inTheBackground.set(argv[0]!, { io, ended });
    const failed = ended.then((exit) =>
      Promise.reject(new Error(`${shown.line} ended with ${exit}: ${io.err()}`)),
    );
    failed.catch(() => undefined);
    const printed = vi.waitFor(() => expect(missing(shown, said(io))).toEqual([]), { timeout: 40_000 });
    await Promise.race([printed, failed]);
    return said(io);
  }

  /** Lines of the page that were not printed; behind a … anything may come. */
  function missing({ output }: Shown, printed: readonly string[]): string[] {
    return output.filter((line) => {
      const [start, rest] = [settled(line.split('…')[0]!), line.includes('…')];
      return !printed.some((one) => (rest ? one.startsWith(start) : one === start));
    });
  }

  async function curl(argv: readonly string[]): Promise<string> {
    const url = argv.find((word) => word.startsWith('http'))!;
    const valuesOf = (flag: string): string[] =>
      argv.flatMap((word, at) => (word === flag ? [argv[at + 1]!] : []));
    const headers = valuesOf('-H').map((header): [string, string] => {
      const [name, value] = header.split(': ');
      return [name!, value!];
    });
    const [body] = valuesOf('-d');
    const answer = await fetch(url, { headers, ...(body === undefined ? {} : { method: 'POST', body }) });
    return answer.text();
  }

  /** Runs the page's example once. @returns which side took the row */
  async function logOnce(): Promise<string> {
    const file = join(scratch, 'log_request.py');
    writeFileSync(
      file,
      `${codeBlocks(text, 'python')[0]!}
connection = sqlite3.connect(${JSON.stringify(join(old, 'cache/llm_costs.db'))}, timeout=15)
print(log_request(connection, "http://127.0.0.1:${port}", "gpt-4o", 12, 3, 0.0006))
`,
    );
    const { stdout } = await promisify(execFile)('python3', [file]);
    return stdout.trim();
  }

  it('prints what it says, command after command, and its program writes where it should', async (context) => {
    const commands = commandsOf(text);
    expect(commands.length).toBeGreaterThan(25);
    const hasPython = await promisify(execFile)('python3', ['--version']).then(
      () => true,
      () => false,
    );
    const took: string[] = [];
    for (const shown of commands) {
      if (shown.line.startsWith('stockroom cleanup') && inTheBackground.has('follow')) await stop('follow');
      const printed = await carryOut(shown);
      expect(missing(shown, printed), `${shown.line}\n${printed.join('\n')}`).toEqual([]);
      const [, stage] = /stage set llm-costs (\S+)/.exec(shown.line) ?? [];
      if (hasPython && stage !== undefined) took.push(`${stage}: ${await logOnce()}`);
    }
    expect(readdirSync(archives())).toHaveLength(1);
    if (!hasPython) return context.skip('python3 is not installed');
    expect(took).toEqual([
      'dual-write: old',
      'shadow: old',
      'live: stockroom',
      'live: stockroom',
      'legacy: old',
      // Refused: the store stays in legacy.
      'live: old',
      'dual-write: old',
      'shadow: old',
      'live: stockroom',
      'ramp-down: stockroom',
      'complete: stockroom',
      // Refused as well.
      'legacy: stockroom',
    ]);
  }, 180_000);

  it('has every source in its list of what can go', () => {
    const row = new Map(rowsUnder(text, 'fetch) stays').map(([store, ...rest]) => [store!, rest.join(' ')]));
    expect([...row.keys()]).toEqual([...new Set(builtInSources.map(({ store }) => store))]);
    const tables = builtInSources.flatMap(({ store, shapes = [] }) =>
      shapes.map((shape) => [store, (shape as { table: string }).table] as const),
    );
    expect(tables.length).toBeGreaterThan(10);
    expect(tables.filter(([store, table]) => !row.get(store)!.includes(`\`${table}\``))).toEqual([]);
  });

  it('has links that lead somewhere, and is linked', () => {
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!.toLowerCase().replaceAll(' ', '-'),
    );
    const broken = linksOf(text).filter(({ target }) =>
      target.startsWith('#')
        ? !headings.includes(target.slice(1))
        : !existsSync(join(dirname(PAGE), target.split('#')[0]!)),
    );
    expect(broken).toEqual([]);
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('(docs/migration-guide.md)');
    expect(readFileSync(join(ROOT, 'docs/migration.md'), 'utf8')).toContain('(migration-guide.md)');
  });
});
