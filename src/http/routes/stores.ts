import type { Clock } from '../../core/clock.ts';
import { performanceOf } from '../../stores/recommendations/performance/performance.ts';
import { computeOutcomes, evaluateDue, saveRun, type StoreSystem } from '../../system/index.ts';
import type { App } from '../app.ts';
import { routeCache } from './cache.ts';
import { routeContext } from './context.ts';
import { routeLevels } from './levels.ts';
import { routeLlmCosts } from './llm-costs.ts';
import { routeMarket } from './market.ts';
import { routeMemory } from './memory.ts';
import { routePerformance } from './performance.ts';
import { routePickLog } from './pick-log.ts';
import { routePolicies } from './policies.ts';
import { routePrices } from './prices.ts';
import { routeRecommendations } from './recommendations.ts';
import { routeScores } from './scores.ts';
import { routeTopPicks } from './top-picks.ts';

/** The routes of every store. */
export function routeStores(app: App, system: StoreSystem, clock: Clock | undefined): void {
  const { stores, durable, calendar } = system;
  routeLlmCosts(app, stores.llmCosts);
  routePerformance(app, (query) => performanceOf(durable, query));
  routeRecommendations(app, stores.recommendations, (options) => evaluateDue(system, options));
  routeTopPicks(app, stores.topPicks, { saveRun: (payload, options) => saveRun(system, payload, options) });
  routeContext(app, stores.context);
  routePickLog(app, stores.pickLog, (input, watch) => computeOutcomes(system, input, watch));
  routePolicies(app, stores.pickLog.policies);
  routeLevels(app, stores.supportResistance);
  routePrices(app, stores.priceHistory);
  routeScores(app, stores.scores);
  routeCache(app, stores.marketCache);
  routeMarket(app, calendar, clock === undefined ? {} : { clock });
  routeMemory(app, stores.agentMemory);
}
