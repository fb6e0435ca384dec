import type { Report } from './answers.ts';

export interface Totals {
  read: number;
  loaded: number;
  quarantined: number;
  skipped: number;
  altered: number;
}

/** `failed` and `difference` are for red, `quarantine` for amber, `verified` for green. */
export type Tone = 'verified' | 'quarantine' | 'difference' | 'failed';

export interface Verdict {
  tone: Tone;
  /** One word, for the stamp. */
  stamp: string;
  headline: string;
  detail: string;
}

export function totalsOf(report: Report): Totals {
  const totals: Totals = { read: 0, loaded: 0, quarantined: 0, skipped: 0, altered: 0 };
  for (const source of report.sources) {
    for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] += source[name];
  }
  return totals;
}

const number = new Intl.NumberFormat('en-US');
const rows = (count: number): string => `${number.format(count)} ${count === 1 ? 'row' : 'rows'}`;

/** What became of it all, worst news first: a person reads one sentence and knows whether to worry. */
export function verdictOf(report: Report): Verdict {
  const totals = totalsOf(report);
  const unaccounted = totals.read - totals.loaded - totals.quarantined - totals.skipped;
  const unverified = report.sources.filter((source) => source.loaded > 0 && !source.verified);
  const differences = report.differences_total ?? 0;

  if (report.error !== undefined) {
    return {
      tone: 'failed',
      stamp: 'failed',
      headline: 'The migration did not finish.',
      detail: `${report.error.message} (${report.error.code})`,
    };
  }
  if (differences > 0 || report.exit === 4) {
    return {
      tone: 'difference',
      stamp: 'differs',
      headline:
        differences > 0
          ? `${rows(differences)} differ from the source.`
          : 'What is loaded differs from the source.',
      detail:
        'If the old application still writes there, run “stockroom migrate run” again: it applies what changed at the source.',
    };
  }
  if (unaccounted !== 0) {
    return {
      tone: 'failed',
      stamp: 'short',
      headline:
        unaccounted > 0
          ? `${rows(unaccounted)} ${unaccounted === 1 ? 'is' : 'are'} not accounted for.`
          : `${rows(-unaccounted)} more than were read.`,
      detail: 'What was read is not what was loaded, quarantined and skipped. Nothing may rely on this run.',
    };
  }
  if (unverified.length > 0) {
    return {
      tone: 'difference',
      stamp: 'unproven',
      headline: 'Every row is loaded, but not every row is verified.',
      detail: `Not verified: ${unverified.map(({ id }) => id).join(', ')}.`,
    };
  }
  return proven(report, totals);
}

function proven(report: Report, totals: Totals): Verdict {
  const { length: unreadable } = report.unreadable;
  if (totals.quarantined === 0 && unreadable === 0) {
    return {
      tone: 'verified',
      stamp: 'verified',
      headline: 'Every row is accounted for and verified.',
      detail: `${rows(totals.loaded)} loaded, each compared with its source.`,
    };
  }
  const set = [
    ...(totals.quarantined > 0 ? [`${rows(totals.quarantined)} in quarantine`] : []),
    ...(unreadable > 0 ? [`${unreadable} ${unreadable === 1 ? 'file' : 'files'} unreadable`] : []),
  ];
  return {
    tone: 'quarantine',
    stamp: totals.quarantined > 0 ? 'quarantine' : 'incomplete',
    headline: `Verified, with ${set.join(' and ')}.`,
    detail: `${rows(totals.loaded)} loaded, each compared with its source. What is set aside is kept with its bytes and a reason below.`,
  };
}
