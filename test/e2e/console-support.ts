import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { browserBinary } from '../support/binaries.ts';
import { requireBuilt } from './process.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const BOUND_MS = 30_000;

/** Chromium or Chrome, where there is one. */
export const browserPath = browserBinary();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Served {
  readonly scratch: string;
  readonly origin: string;
  readonly browser: Browser;
  stop(): Promise<void>;
}

/** The built service over the sample, with what the sample lacks, and a browser. */
export async function serveConsole(): Promise<Served> {
  requireBuilt();
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-console-'));
  const [service, origin] = await start(scratch);
  const put = (path: string, body: unknown): Promise<void> => send(origin, 'PUT', path, body);
  await put('/v1/llm/budgets', { scope: 'all', daily_usd: '5', monthly_usd: '25' });
  await send(origin, 'POST', '/v1/llm/requests', {
    model: 'gpt-4o-mini',
    tokens_input: 900,
    tokens_output: 300,
    cost_usd: '0.42',
    tags: ['scanner'],
  });
  await put('/v1/memory/sessions/nightly/plan', { value: { step: 'rank' } });
  await put('/v1/memory/working/regime', { value: { trend: 'up' } });
  await put('/v1/cache/quote:TCS', { value: 1, exchange: 'XNSE', ttl_seconds: 600 });
  const browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] });
  const stop = async (): Promise<void> => {
    await browser.close();
    await end(service);
    rmSync(scratch, { recursive: true, force: true });
  };
  return { scratch, origin, browser, stop };
}

async function send(origin: string, method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${origin}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect([path, answer.ok]).toEqual([path, true]);
}

/** Serves the sample. @returns the process and its URL */
async function start(scratch: string): Promise<[ChildProcess, string]> {
  const child = spawn(process.execPath, [MAIN, 'start', '--demo', '--port', '0'], {
    cwd: scratch,
    env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'warn', STOCKROOM_DATA_DIR: 'data' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    out += String(text);
    const url = /console\s+(http:\S+?)\/\s/.exec(out)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return [child, url];
    }
  }
  throw new Error(`It ended before it served: ${out}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

interface Seen {
  page: Page;
  /** Errors of the console and of scripts, and requests to anybody else. */
  faults: string[];
}

/** A key may end while it is looked at. */
const mayBeMissing = /\/v1\/hot\/keys\//;

export async function open({ origin }: Served, context: BrowserContext, hash: string): Promise<Seen> {
  const page = await context.newPage();
  page.setDefaultTimeout(BOUND_MS);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    const bad = message.type() === 'error' || message.type() === 'warning';
    if (bad && !mayBeMissing.test(message.location().url)) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) faults.push(`a request to ${request.url()}`);
  });
  await page.goto(`${origin}/#/${hash}`);
  return { page, faults };
}

export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').waitFor();
  await page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
}

/** What axe has to say against a page by WCAG 2.1 A and AA. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] }>;
      };
    };
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
    const found = await checker.run({ runOnly: { type: 'tag', values } });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
    );
  });
}
