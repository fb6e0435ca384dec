import type { JobDefinition } from './job.ts';

/**
 * Notes the budgets that were reached without a write of ours (a migration, a new budget), and delivers what nobody delivered yet.
 * Without STOCKROOM_ALERT_WEBHOOK alerts are only noted. A webhook that fails is no failure of the run: the alert keeps when it
 * is tried again.
 */
export const alerts: JobDefinition = {
  name: 'alerts',
  title: 'note budgets that are reached, and post the alerts that nobody has posted',
  time: { cron: '* * * * *', zone: 'UTC' },
  limitMs: 60_000,
  // The next minute is another try.
  retries: 0,
  retryDelayMs: 0,
  async run({ system }) {
    const { delivered, failed } = await system.stores.llmCosts.deliverAlerts();
    return { delivered, failed };
  },
};
