import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { registerHotStats } from './hot-stats.ts';
import { registerHotRebuild, registerHotVerify } from './hot-views.ts';

export function registerHot(program: Command, context: Context): void {
  const hot = program.command('hot').description('the hot tier: Redis, or the process itself');
  registerHotStats(hot, context);
  registerHotRebuild(hot, context);
  registerHotVerify(hot, context);
}
