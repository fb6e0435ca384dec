// Builds dist/ (TypeScript) and dist/console (the page). With --if-stale it does nothing when dist is newer than
// every source, so that `npm test` and `npm start` cost nothing on a built tree.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run('typescript/bin/tsc', '-p', 'tsconfig.build.json');
  if (existsSync(join(root, 'console', 'index.html'))) {
    run('vite/bin/vite.js', 'build', 'console', '--logLevel', 'warn');
  }
  writeFileSync(stamp, '');
}
