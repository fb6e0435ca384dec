import type { SourceDefinition } from '../source.ts';
import { agentAnalyses } from './agent-analyses.ts';
import { agentLearnings } from './agent-learnings.ts';
import { aiRecommendations } from './ai-recommendations.ts';
import { contextMemory } from './context-memory.ts';
import { generalCache } from './general-cache.ts';
import { globalScores } from './global-scores.ts';
import { llmRequests } from './llm-requests.ts';
import { memoryAnalyses } from './memory-analyses.ts';
import { memoryPreferences } from './memory-preferences.ts';
import { pickAgentContributions } from './pick-agent-contributions.ts';
import { pickArchive } from './pick-archive.ts';
import { pickEvents } from './pick-events.ts';
import { pickOutcomes } from './pick-outcomes.ts';
import { priceHistory } from './price-history.ts';
import { rlPolicies } from './rl-policies.ts';
import { supportResistanceLevels } from './support-resistance-levels.ts';
import { topPicksRuns } from './top-picks-runs.ts';
import { userPreferences } from './user-preferences.ts';

/** The sources of the old application, in the order in which they are loaded: parents before children. */
export const builtInSources: readonly SourceDefinition[] = [
  llmRequests,
  aiRecommendations,
  topPicksRuns,
  pickArchive,
  agentAnalyses,
  contextMemory,
  userPreferences,
  agentLearnings,
  pickEvents,
  pickAgentContributions,
  pickOutcomes,
  rlPolicies,
  supportResistanceLevels,
  priceHistory,
  globalScores,
  generalCache,
  memoryAnalyses,
  memoryPreferences,
];
