import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { utcDay } from '../../core/iso-time.ts';
import { pause } from '../../core/wait.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { raiseAlerts } from './alerts.ts';

/** The bounds of the delivery of alerts. */
export const alertDefaults = Object.freeze({
  /** How long the webhook may take to answer. */
  timeoutMs: 5_000,
  /** How often is looked for what nobody delivered: of a process that died, or that failed before. */
  everyMs: 30_000,
  /** The time after the first failure; it doubles with each. */
  retryMinMs: 1_000,
  retryMaxMs: 3_600_000,
  triesMax: 20,
  /** What is older is news no more. */
  ageMaxMs: 86_400_000,
  /** Alerts that one process has in hand. */
  batchMax: 20,
});

export type AlertSettings = { [Name in keyof typeof alertDefaults]: number };

export interface AlertOptions {
  /** http or https; gets a POST with the alert as JSON, its id as `Idempotency-Key`, and answers with a status below 300. */
  readonly webhookUrl: string;
  /** What differs from `alertDefaults`. */
  readonly settings?: Partial<AlertSettings>;
}

interface Alert {
  id: bigint;
  scope: string;
  period: 'day' | 'month';
  period_start: string;
  threshold: number;
  budget_usd: string;
  spent_usd: string;
  created_at: string;
  attempts: number;
}

const words: Readonly<Record<number, string>> = { 50: 'CAUTION', 80: 'WARNING', 100: 'EXCEEDED' };

export interface Delivered {
  readonly delivered: number;
  /** Tried again later. */
  readonly failed: number;
}

/**
 * Delivers what was noted. An alert is leased to one process at a time; a process that dies between the answer of the webhook and
 * its note of that makes another deliver it again, with the same id.
 */
export class AlertSender {
  readonly #durable: DurableTier;
  readonly #clock: Clock;
  readonly #url: string | undefined;
  readonly #settings: AlertSettings;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #wake: AbortController = new AbortController();

  constructor(durable: DurableTier, clock: Clock, options: AlertOptions | undefined) {
    this.#durable = durable;
    this.#clock = clock;
    this.#url = options?.webhookUrl;
    this.#settings = { ...alertDefaults, ...options?.settings };
    this.#running = this.#url === undefined ? Promise.resolve() : this.#run();
  }

  /** Something was noted. */
  wake(): void {
    this.#wake.abort();
  }

  /**
   * Notes what was reached without our own writes (a migration, a new budget), and delivers what is due.
   * @throws StockroomError DATABASE_UNREACHABLE
   */
  async deliver(): Promise<Delivered> {
    await raiseAlerts(this.#durable, this.#clock, undefined, [utcDay(this.#clock())]);
    const sum = { delivered: 0, failed: 0 };
    if (this.#url === undefined) return sum;
    for (;;) {
      const alerts = await this.#lease();
      const outcomes = await Promise.all(alerts.map((alert) => this.#send(alert, this.#url!)));
      sum.delivered += outcomes.filter(Boolean).length;
      sum.failed += outcomes.filter((outcome) => !outcome).length;
      if (alerts.length < this.#settings.batchMax || this.#closing.signal.aborted) return sum;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await pause(this.#settings.everyMs, this.#wake.signal);
      if (signal.aborted) return;
      this.#wake = new AbortController();
      try {
        await this.deliver();
      } catch {
        // PostgreSQL is away, which its own callers learn; the next round finds the same alerts.
      }
    }
  }

  async #lease(): Promise<Alert[]> {
    const { retryMinMs, retryMaxMs, timeoutMs, triesMax, ageMaxMs, batchMax } = this.#settings;
    const { rows } = await this.#durable.query<Alert>(
      `update llm_budget_alerts as alert set attempts = attempts + 1,
         next_attempt_at = $1::timestamptz + make_interval(secs =>
           ($2::float8 + least($3::float8, $4::float8 * 2 ^ least(attempts, 40))) / 1000)
       where id in (
         select id from llm_budget_alerts
         where delivered_at is null and next_attempt_at <= $1 and attempts < $5
           and created_at > $1::timestamptz - make_interval(secs => $6::float8 / 1000)
         order by next_attempt_at, id limit $7 for update skip locked)
       returning id, scope, period, period_start, threshold, trim_scale(budget_usd) as budget_usd,
         trim_scale(spent_usd) as spent_usd, created_at, attempts`,
      [this.#clock(), timeoutMs, retryMaxMs, retryMinMs, triesMax, ageMaxMs, batchMax],
    );
    return rows;
  }

  async #send(alert: Alert, url: string): Promise<boolean> {
    const fault = await this.#post(alert, url);
    await this.#durable.query(
      fault === undefined
        ? 'update llm_budget_alerts set delivered_at = $2, last_error = null where id = $1'
        : 'update llm_budget_alerts set last_error = $2 where id = $1',
      [alert.id, fault ?? this.#clock()],
    );
    return fault === undefined;
  }

  /** @returns what went wrong */
  async #post(alert: Alert, url: string): Promise<string | undefined> {
    const { attempts: _, id, threshold, ...about } = alert;
    const body = { type: 'llm-budget', id: String(id), threshold, status: words[threshold], ...about };
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `llm-budget-alert:${id}` },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(this.#settings.timeoutMs), this.#closing.signal]),
      });
      await answer.body?.cancel();
      return answer.ok ? undefined : `the webhook answered ${answer.status}`;
    } catch (error) {
      // Kept in the row, for whoever asks why nothing arrived.
      return messageOf(error).slice(0, 500).replaceAll('\0', '');
    }
  }
}
