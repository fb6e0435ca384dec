import { archivePayload, runPayload } from './payload.ts';
import { RECOMMENDATIONS_FILE, RecommendationsDatabase } from './recommendations.ts';
import { makeRuns, runCount, type Run } from './runs.ts';
import type { Sample } from './sample.ts';
import { fileStamp, indiaDate } from './times.ts';
import { TOP_PICKS_FILE, TopPicksDatabase } from './top-picks.ts';

const ARCHIVED_RUNS = 12;
/** Every so many archived runs, one is the whole payload of its day under `data/top_picks`. */
const DAILY_EVERY = 4;

/** Archives what a run showed: every so many runs, so that the number of files grows slowly. */
function archive(sample: Sample, run: Run, ordinal: number): void {
  const daily = ordinal % DAILY_EVERY === DAILY_EVERY - 1;
  const file = daily
    ? `data/top_picks/picks_${indiaDate(run.generated)}.json`
    : `data/top_picks_intraday/picks_${run.universe}_${run.mode}_${fileStamp(run.stored)}.json`;
  sample.writeJson(file, daily ? runPayload(run) : archivePayload(run));
  sample.count('pick_archive', file, 1);
}

async function writeBoth(
  sample: Sample,
  runs: TopPicksDatabase,
  log: RecommendationsDatabase,
): Promise<void> {
  const archived = ARCHIVED_RUNS + 4 * Math.floor(Math.log2(sample.settings.scale));
  const every = Math.floor(runCount(sample) / archived);
  for (const run of makeRuns(sample)) {
    runs.writeRun(run);
    log.writeRun(run);
    if (run.index % every === 0 && run.index / every < archived) archive(sample, run, run.index / every);
    if (log.db.batchFull) {
      await runs.db.commitBatch();
      await log.db.commitBatch();
      sample.progress(RECOMMENDATIONS_FILE);
    }
  }
  runs.writeLevels();
  log.writePolicies();
  runs.db.finish();
  log.db.finish();
  sample.progress(TOP_PICKS_FILE);
  sample.progress(RECOMMENDATIONS_FILE);
}

/**
 * Everything that comes of the engine's runs, in one pass: the runs, the recommendations and picks they gave, and the
 * archive files. Written together they agree with one another without being held in memory.
 */
export async function writeRuns(sample: Sample): Promise<void> {
  const runs = new TopPicksDatabase(sample);
  try {
    const log = new RecommendationsDatabase(sample);
    try {
      await writeBoth(sample, runs, log);
    } finally {
      log.db.close();
    }
  } finally {
    runs.db.close();
  }
}
