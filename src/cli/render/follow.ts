import type { FollowedFile, FollowReport, FollowStatus } from '../../migration/index.ts';
import type { Colors, Io, Output } from '../io.ts';
import { warningLines, unreadableLines } from './sections.ts';
import { count, counted, duration, plain, shorten } from './text.ts';

/** A log should hold how it went on, not every round. */
const LINE_PAUSE_MS = 5000;
/** A terminal is drawn anew so often at the most. */
const DRAW_PAUSE_MS = 100;
/** Files that a terminal shows; the others are counted. */
const MAX_FILES = 12;
const NAME_WIDTH = 34;
const WIDEST_NAME = 60;
const LINE_WIDTH = 110;

export interface FollowView {
  show(status: FollowStatus): void;
  /** Leaves what was shown last. */
  stop(): void;
}

/** Completed stores' files that are named. */
const MAX_SKIPPED = 3;

/** Files that are not followed, and why: no line, or one. */
function skippedLines({ skipped }: Pick<FollowStatus, 'skipped'>): string[] {
  if (skipped.length === 0) return [];
  const named = skipped.slice(0, MAX_SKIPPED).map(plain).join(', ');
  const more = skipped.length > MAX_SKIPPED ? ' …' : '';
  const are = skipped.length === 1 ? 'is' : 'are';
  return [`${counted(skipped.length, 'file')} of complete stores ${are} not followed: ${named}${more}`];
}

/** Shows on stderr how far following is: live on a terminal, else a line now and then. */
export function createFollowView(
  { stderr }: Pick<Io, 'stderr'>,
  now: () => number = () => performance.now(),
): FollowView {
  return stderr.isTTY === true ? new Live(stderr, now) : new Lines(stderr, now);
}

const ageOf = (ms: number | null): string => (ms === null ? '' : `, the oldest for ${duration(ms)}`);

function summary(status: FollowStatus): string {
  if (status.waiting_for !== null) return `waiting: ${plain(status.waiting_for)}`;
  const { lag, oldest_ms: oldest, changes, changes_per_second: rate } = status;
  const behind = lag === 0 ? 'up to date' : `${counted(lag, 'change')} waiting${ageOf(oldest)}`;
  return `${behind}; ${counted(changes, 'change')} applied, ${count(rate)}/s`;
}

function fileLine(
  { file, waiting, oldest_ms: oldest, changes, kept_here: kept, away }: FollowedFile,
  width: number = NAME_WIDTH,
): string {
  const name = plain(file).padEnd(width);
  if (away !== null) return `${name} away: ${plain(away)}`;
  const keptHere = kept === 0 ? '' : `  ${count(kept)} kept as here`;
  const behind = waiting === 0 ? 'up to date' : `${count(waiting)} waiting${ageOf(oldest)}`;
  return `${name} ${count(changes).padStart(10)} applied  ${behind}${keptHere}`;
}

/** Redraws its lines in place. */
class Live implements FollowView {
  private readonly output: Output;
  private readonly now: () => number;
  private drawn = 0;
  private lastMs = Number.NEGATIVE_INFINITY;
  private pending: FollowStatus | null = null;

  constructor(output: Output, now: () => number) {
    this.output = output;
    this.now = now;
  }

  show(status: FollowStatus): void {
    const now = this.now();
    if (now - this.lastMs < DRAW_PAUSE_MS) {
      this.pending = status;
      return;
    }
    this.lastMs = now;
    this.draw(status);
  }

  stop(): void {
    if (this.pending !== null) this.draw(this.pending);
    this.drawn = 0;
  }

  private draw(status: FollowStatus): void {
    this.pending = null;
    const files = [...status.files].sort((a, b) => b.waiting - a.waiting || (a.file < b.file ? -1 : 1));
    const more = files.length - MAX_FILES;
    const lines = [
      summary(status),
      ...files.slice(0, MAX_FILES).map((file) => `  ${fileLine(file)}`),
      ...(more > 0 ? [`  and ${counted(more, 'file')} more`] : []),
      ...skippedLines(status),
    ].map((line) => shorten(line, LINE_WIDTH));
    const up = this.drawn === 0 ? '' : `\u001B[${this.drawn}A\u001B[0J`;
    this.drawn = lines.length;
    this.output.write(`${up}${lines.join('\n')}\n`);
  }
}

/** Lines for a log or a pipe. */
class Lines implements FollowView {
  private readonly output: Output;
  private readonly now: () => number;
  private lastMs = Number.NEGATIVE_INFINITY;
  private last = '';
  private skipped = '';

  constructor(output: Output, now: () => number) {
    this.output = output;
    this.now = now;
  }

  show(status: FollowStatus): void {
    const now = this.now();
    this.tellSkipped(status);
    const away = status.files.filter((file) => file.away !== null);
    const state = JSON.stringify([status.waiting_for, away.map(({ file }) => file)]);
    const isNews = state !== this.last;
    if (!isNews && now - this.lastMs < LINE_PAUSE_MS) return;
    this.last = state;
    this.lastMs = now;
    this.output.write(`follow  ${summary(status)}\n`);
    if (isNews) for (const file of away) this.output.write(`follow  ${fileLine(file)}\n`);
  }

  stop(): void {
    this.last = '';
  }

  /** At the start, and when a store was completed since. */
  private tellSkipped(status: FollowStatus): void {
    const lines = skippedLines(status);
    if (lines.join() === this.skipped) return;
    this.skipped = lines.join();
    for (const line of lines) this.output.write(`follow  ${line}\n`);
  }
}

/** What following did, for its end. */
export function followLines(report: FollowReport, colors: Colors): string[] {
  const { inserted, updated, removed, quarantined, kept_here: kept, elapsed_ms: elapsed } = report;
  const verdicts = {
    0: colors.green('Caught up: nothing waits.'),
    3: colors.yellow(`Caught up, but ${problems(report)}.`),
    4: colors.red(`${counted(report.differences_total, 'row')} not as they were written.`),
  } as const;
  const verdict = verdicts[report.exit as keyof typeof verdicts];
  const rows = `${counted(inserted, 'row')} added, ${count(updated)} changed, ${count(removed)} removed`;
  return [
    `${verdict} ${rows} (${duration(elapsed)})`,
    ...(kept === 0 ? [] : [`${counted(kept, 'row')} changed at the source and here: kept as here`]),
    ...(quarantined === 0 ? [] : ['`stockroom migrate quarantine` shows the rows in quarantine']),
    ...skippedLines(report),
    ...fileLines(report.files),
    ...unreadableLines(report.unreadable),
    ...warningLines(report.warnings),
  ];
}

/** A line a file, by name, their figures below one another. */
function fileLines(files: readonly FollowedFile[]): string[] {
  const width = Math.min(WIDEST_NAME, Math.max(NAME_WIDTH, ...files.map(({ file }) => plain(file).length)));
  return [...files].sort((a, b) => (a.file < b.file ? -1 : 1)).map((file) => `  ${fileLine(file, width)}`);
}

function problems({ quarantined, unreadable }: FollowReport): string {
  return [
    ...(quarantined > 0 ? [`${counted(quarantined, 'row')} in quarantine`] : []),
    ...(unreadable.length > 0 ? [`${counted(unreadable.length, 'file')} could not be read`] : []),
  ].join(' and ');
}
