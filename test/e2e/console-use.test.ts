import { gzipSync } from 'node:zlib';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, open, type Served, serveConsole, settled, violations } from './console-support.ts';

const FIRST_LOAD_MAX_BYTES = 200_000;

/** A store on its way, as /v1/stages describes one. */
const topPicks = {
  store: 'top-picks',
  stage: 'dual-write',
  state: 'given',
  authority: 'old',
  epoch: 3,
  ramp: 0,
  directory: '/old',
  lag: { old: 120, new: 0, oldest_ms: null, refused: 0 },
  shadow: { match: 9, mismatch: 1, missing: 0, extra: 0, error: 0, timeout: 0, in_flight: 2 },
  mismatches: 1,
  moves: [
    {
      from: 'legacy',
      to: 'dual-write',
      at: '2026-11-29T07:00:00Z',
      outcome: 'moved',
      forced: null,
      evidence: {},
    },
  ],
  next: [
    { stage: 'shadow', gates: [{ name: 'verified', passed: true, detail: 'every row is verified' }] },
    { stage: 'live', gates: [{ name: 'lag', passed: false, detail: '120 changes wait' }] },
  ],
};

describe.skipIf(browserPath === undefined)('the console for whoever uses it', () => {
  let served: Served;
  let origin: string;
  let context: BrowserContext;
  beforeAll(async () => {
    served = await serveConsole();
    ({ origin } = served);
    context = await served.browser.newContext({ viewport: { width: 1280, height: 860 } });
  });
  afterAll(async () => {
    await context.close();
    await served.stop();
  });

  it('loads in less than 200 kB', async () => {
    const page = await context.newPage();
    const bodies: Promise<Buffer>[] = [];
    page.on('response', (response) => {
      if (!/\/(?:v1|health)/.test(response.url())) bodies.push(response.body());
    });
    await page.goto(origin);
    await settled(page);
    const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length);
    const size = sizes.reduce((sum, one) => sum + one, 0);
    expect(sizes.length).toBeGreaterThan(3);
    expect(size).toBeLessThan(FIRST_LOAD_MAX_BYTES);
    await page.close();
  });

  it('has its filters in the URL, and Back leads to the page before', async () => {
    const { page } = await open(served, context, 'spend?days=7');
    const days = page.getByRole('combobox', { name: 'Last' });
    expect(await days.inputValue()).toBe('7');
    await days.selectOption('90');
    await page.getByText('Last 90 days', { exact: true }).waitFor();
    expect(page.url()).toBe(`${origin}/#/spend?days=90`);
    await page.getByRole('link', { name: 'Scores' }).click();
    await page.getByRole('heading', { name: 'Ranking' }).waitFor();
    await page.goBack();
    await page.getByText('Last 90 days', { exact: true }).waitFor();
    await page.goBack();
    await page.getByText('Last 7 days', { exact: true }).waitFor();
    await page.close();
  });

  it('charts are read by keys, and stand there as tables', async () => {
    const { page } = await open(served, context, 'performance');
    const chart = page.getByRole('application', { name: /^Equity curve/ });
    await chart.focus();
    await page.keyboard.press('End');
    const figure = page.locator('figure').filter({ has: chart });
    const readout = await figure.locator('.readout').textContent();
    expect(readout).toMatch(/^\d{4}-\d{2}-\d{2} \d\.\d{4} \([+−]?\d+\.\d{2} %\)/);
    await figure.getByText('The figures as a table').click();
    expect(await figure.locator('tbody tr').last().textContent()).toContain(readout!.slice(0, 10));
    await page.close();
  });

  it('asks before it changes anything', async () => {
    const { page } = await open(served, context, 'cache?prefix=c:');
    await page.getByText('quote%3aTCS').waitFor();
    await page.getByLabel('Keys that begin with').fill('quote:');
    await page.getByRole('button', { name: 'Invalidate…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect((await fetch(`${origin}/v1/cache/quote:TCS`)).status).toBe(200);
    await page.getByRole('button', { name: 'Invalidate…' }).click();
    await dialog.getByRole('button', { name: 'Invalidate' }).click();
    await page.getByText(/^Invalidated prefix quote:/).waitFor();
    expect((await fetch(`${origin}/v1/cache/quote:TCS?allow_stale=false`)).status).toBe(404);
    await page.close();
  });

  it('moves a store to its next stage', async () => {
    const { page } = await open(served, context, 'migration?store=llm-costs');
    await page.getByRole('button', { name: 'Move to dual-write…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Move', exact: true }).click();
    await page.getByRole('heading', { name: 'LLM costs: dual-write' }).waitFor();
    await page.getByText('Writes go to the old files').waitFor();
    const moves = page.getByRole('region', { name: 'Moves so far' });
    await moves.getByRole('row', { name: /legacy\s*dual-write\s*moved\s*no/ }).waitFor();
    const answer = await fetch(`${origin}/v1/stages`);
    const { items } = (await answer.json()) as { items: { store: string; stage: string }[] };
    expect(items.find(({ store }) => store === 'llm-costs')).toMatchObject({ stage: 'dual-write' });
    await page.close();
  });

  it('forces a move past a closed gate with a reason alone', async () => {
    const { page } = await open(served, context, 'migration?store=top-picks');
    const asked: unknown[] = [];
    await page.route('**/v1/stages/top-picks', async (route) => {
      asked.push(route.request().postDataJSON());
      await route.fulfill({ json: topPicks });
    });
    await page.route('**/v1/stages', (route) => route.fulfill({ json: { items: [topPicks] } }));
    await page.reload();
    await page.getByRole('button', { name: 'Move to shadow…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Move' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Move to live…' }).click();
    const force = dialog.getByRole('button', { name: 'Force the move' });
    await dialog.getByText('120 changes wait').waitFor();
    await dialog.getByLabel('Share of the reads').fill('10');
    expect(await force.isDisabled()).toBe(true);
    await dialog.getByLabel('Type top-picks').fill('top-picks');
    await force.click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Why it is forced').fill('a rehearsal');
    await force.click();
    await dialog.waitFor({ state: 'detached' });
    expect(asked).toEqual([{ stage: 'shadow' }, { stage: 'live', ramp: 10, force: 'a rehearsal' }]);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  it('shows how far each source is while a run is under way', async () => {
    const { page } = await open(served, context, 'overview');
    const run = { id: 2, command: 'run', directory: 'old', started_at: '2026-11-30T07:00:00Z' };
    const begun = { ...run, finished_at: null, exit_code: null, tool_version: '0.1.0' };
    await page.route('**/v1/migration', (route) => route.fulfill({ json: { last: null, runs: [begun] } }));
    const sources = [{ id: 'llm_requests', loaded: 120, quarantined: 1 }];
    const step = { source: 'llm_requests', phase: 'copy', done: 150, total: 300 };
    await page.route('**/v1/events?*', (route) =>
      route.fulfill({
        contentType: 'text/event-stream',
        body: `event: migration\ndata: ${JSON.stringify({ run: begun, sources })}\n\nevent: progress\ndata: ${JSON.stringify(step)}\n\n`,
      }),
    );
    await page.getByRole('link', { name: 'Migration', exact: true }).click();
    const row = page.getByRole('row', { name: /llm_requests/ });
    await row.getByText('150 of 300').waitFor();
    expect(await row.textContent()).toContain('120');
    expect(await row.getByRole('progressbar').getAttribute('value')).toBe('150');
    await page.close();
  });

  it('opens a run in full from the history', async () => {
    const { page } = await open(served, context, 'picks?hm=Options');
    await page.locator('#history').waitFor();
    await page.getByRole('region', { name: 'Runs', exact: true }).getByRole('button').first().click();
    await page.getByText('What the agents said').waitFor();
    expect(page.url()).toMatch(/[?&]run=/);
    await page.close();
  });

  it('is light or dark as somebody chose, in the next tab as well', async () => {
    const { page } = await open(served, context, 'overview');
    const scheme = (of: Page) =>
      of.evaluate<string>('getComputedStyle(document.documentElement).colorScheme');
    await page.getByRole('button', { name: /^Colours: Auto/ }).click();
    expect(await scheme(page)).toBe('light');
    await page.getByRole('button', { name: /^Colours: Light/ }).click();
    expect(await scheme(page)).toBe('dark');
    const { page: other } = await open(served, context, 'cache');
    await other.getByRole('button', { name: /^Colours: Dark/ }).click();
    expect(await scheme(other)).toBe('light dark');
    await page.close();
    await other.close();
  });

  it('says what to do where there is nothing', async () => {
    const { page } = await open(served, context, 'nowhere');
    await page.getByRole('link', { name: 'Go to the overview' }).click();
    await page.getByRole('heading', { name: 'Tiers' }).waitFor();
    await page.goto(`${origin}/#/performance?symbol=NOBODY`);
    await page.getByText('No evaluated recommendation matches these filters.').waitFor();
    await page.close();
  });

  it('keeps what it knows while the service is away, and says so', async () => {
    const { page } = await open(served, context, 'overview');
    await settled(page);
    await page.route('**/health', (route) => route.abort());
    await page.getByText(/Asking again failed: The service does not answer/).waitFor();
    await page.getByRole('heading', { name: 'Tiers' }).waitFor();
    await page.unroute('**/health');
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByText(/Asking again failed/).waitFor({ state: 'detached' });
    await page.close();
  });

  it('asks for a key where one is needed', async () => {
    const page = await context.newPage();
    await page.route(/\/(?:v1\/|health)/, async (route) => {
      if (route.request().headers()['authorization'] === 'Bearer good') await route.continue();
      else {
        const body = JSON.stringify({ code: 'UNAUTHENTICATED', detail: 'A key is needed' });
        await route.fulfill({ status: 401, contentType: 'application/problem+json', body });
      }
    });
    await page.goto(`${origin}/#/spend`);
    await page.getByLabel('API key').fill('good');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('By model').waitFor();
    await page.close();
  });
});
