// Builds dist/ (TypeScript) and dist/console (the page). With --if-stale it does nothing when dist is newer than
// every source, so that `npm test` and `npm start` cost nothing on a built tree.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist', '.built');
const inputs = [
  'src',
  'sql',
  'console',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** @param {string} path @returns {number} newest modification time below path, in ms */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const below = readdirSync(path).filter((name) => name !== 'node_modules' && name !== 'dist');
  return Math.max(stat.mtimeMs, ...below.map((name) => newest(join(path, name))));
}

/** @param {string} bin @param {string[]} args */
function run(bin, ...args) {
  execFileSync(process.execPath, [join(root, 'node_modules', ...bin.split('/')), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

const fresh =
  existsSync(stamp) && inputs.every((input) => newest(join(root, input)) <= statSync(stamp).mtimeMs);
if (!process.argv.includes('--if-stale') || !fresh) {
  // Built beside and put in its place at the end: whoever runs the old one meanwhile is not disturbed.
  const next = join(root, `dist.next-${process.pid}`);
  try {
    run('typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', next);
    run('vite/bin/vite.js', 'build', 'console', '--outDir', join(next, 'console'), '--logLevel', 'warn');
    writeFileSync(join(next, '.built'), '');
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(next, join(root, 'dist'));
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}
