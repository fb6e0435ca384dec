import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, open, type Served, serveConsole, settled, violations } from './console-support.ts';

/** What a page is known by, once what it is for is there. */
const pages = [
  { hash: 'overview', title: 'Overview', shows: ['Tiers', 'Hit rates', 'Spend today', 'Everything, today'] },
  { hash: 'migration', title: 'Migration', shows: ['Verified, with', 'Sources', 'Quarantine', 'Stages'] },
  { hash: 'spend', title: 'Spend', shows: ['By day', 'gpt-4o-mini', 'scanner', 'Unpriced requests'] },
  { hash: 'picks', title: 'Picks', shows: ['Latest', 'Run history', 'Agents’ contributions'] },
  {
    hash: 'performance',
    title: 'Performance',
    shows: ['Equity curve', 'Hit rate', 'Calibration', 'By mode'],
  },
  {
    hash: 'prices?symbol=RELIANCE',
    title: 'Prices',
    shows: ['RELIANCE', 'Coverage', 'Levels', 'TradingView'],
  },
  { hash: 'scores', title: 'Scores', shows: ['Ranking', 'WIPRO'] },
  {
    hash: 'memory?session=nightly',
    title: 'Memory',
    shows: ['nightly', 'plan', 'regime', 'What was learnt'],
  },
  { hash: 'cache', title: 'Cache', shows: ['Hot tier', 'Market cache', 'Keys', 'Invalidate'] },
];
const looks = [
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 400, scheme: 'light' },
  { width: 400, scheme: 'dark' },
] as const;

/** With STOCKROOM_SCREENSHOTS=1 the pictures of the documentation are taken anew. */
const pictures =
  process.env['STOCKROOM_SCREENSHOTS'] === '1'
    ? fileURLToPath(new URL('../../docs/screenshots', import.meta.url))
    : undefined;

async function takePictures(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 820 });
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    const file = colorScheme === 'light' ? `${name}.png` : `${name}-dark.png`;
    if (colorScheme === 'light' || name === 'overview')
      await page.screenshot({ path: join(pictures!, file) });
  }
  if (name !== 'overview' && name !== 'prices') return;
  await page.setViewportSize({ width: 400, height: 860 });
  await settled(page);
  await page.screenshot({ path: join(pictures!, `${name}-narrow.png`) });
}

/** A picture has nothing of the machine that it was taken on. */
async function hideScratch({ scratch }: Served, context: BrowserContext): Promise<void> {
  await context.route(/\/(?:health|v1\/migration(?:\/quarantine.*)?)$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replaceAll(scratch, '/srv/stockroom') });
  });
}

describe.skipIf(browserPath === undefined)('the pages of the console', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served.stop());

  it.each(pages)('$title is readable, light and dark, wide and narrow', async ({ hash, title, shows }) => {
    const context = await served.browser.newContext();
    if (pictures !== undefined) await hideScratch(served, context);
    const { page, faults } = await open(served, context, hash);
    for (const { width, scheme } of looks) {
      await page.setViewportSize({ width, height: 860 });
      await page.emulateMedia({ colorScheme: scheme });
      for (const text of shows) await page.locator('main').getByText(text).first().waitFor();
      await settled(page);
      expect(await page.title()).toBe(`${title} · Stockroom`);
      expect(await page.locator('nav [aria-current]').textContent()).toBe(title);
      const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect([width, Math.max(0, beyond)]).toEqual([width, 0]);
      expect([width, scheme, await violations(page)]).toEqual([width, scheme, []]);
    }
    expect(faults).toEqual([]);
    if (pictures !== undefined) await takePictures(page, title.toLowerCase());
    await context.close();
  });
});
