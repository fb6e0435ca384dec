import type { Command } from 'commander';
import { act, type Context, openHotTier } from '../context.ts';
import { Flag, jsonFlag, wholeNumber } from '../flags.ts';
import { explain } from '../help.ts';
import { hotStatistics } from '../hot-statistics.ts';
import { writeJson, writeLines } from '../io.ts';
import { withProgress } from '../progress.ts';
import { renderHot } from '../render/hot.ts';
import { configOf, hotSettings, SettingFlag } from '../settings.ts';

const SCAN_DEFAULT = 100_000;
/** Their names are held in memory. */
const SCAN_MAX = 1_000_000;
/** A person waits longer than a service does, and wants the figures of a slow server most of all. */
const PATIENCE_MS = 5_000;

const NOT_CONFIGURED = [
  'No Redis is configured: the hot tier of a service is then the service itself, which nobody else can look into, and what it',
  'holds ends with it. GET /health and GET /metrics of the service tell of it.',
];
const HOW_TO_CONFIGURE = 'Set REDIS_URL=redis://host:6379, or --redis-url, to have one: Redis 7 or newer.';

export function registerHotStats(parent: Command, context: Context): void {
  const command = parent
    .command('stats')
    .description('memory, hit rate and connections of Redis, and its keys by family')
    .addOption(
      new Flag('--scan-max <n>', 'STOCKROOM_SCAN_MAX', `keys that are counted (default ${SCAN_DEFAULT})`),
    )
    .addOption(jsonFlag());
  for (const variable of hotSettings) command.addOption(new SettingFlag(variable));
  explain(command, {
    examples: [
      { line: 'stockroom hot stats --redis-url redis://localhost:6379', does: 'a Redis on this machine' },
      { line: 'stockroom hot stats --json', does: 'of REDIS_URL, for a program' },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async () => {
    const { io, colors } = context;
    const { scanMax: given } = command.opts<{ scanMax?: string }>();
    const scanMax = wholeNumber('--scan-max', given, 1, SCAN_MAX) ?? SCAN_DEFAULT;
    const config = configOf(command, io.env);
    if (config.redis === undefined) {
      const detail = [...NOT_CONFIGURED, HOW_TO_CONFIGURE];
      if (context.json)
        writeJson(io.stdout, { ok: true, exit: 0, kind: 'in-process', detail: detail.join(' ') });
      else writeLines(io.stdout, detail);
      return 0;
    }
    const patience = { timeoutMs: PATIENCE_MS, slowMs: PATIENCE_MS, heartbeatMs: PATIENCE_MS };
    const hot = await openHotTier(context, config, patience);
    const found = await withProgress(context, (show) =>
      hotStatistics(hot, scanMax, (keys) =>
        show({ name: 'keys', phase: 'scan', done: keys, total: undefined }),
      ),
    );
    if (context.json) writeJson(io.stdout, found);
    else writeLines(io.stdout, renderHot(found, colors));
    return 0;
  });
}
