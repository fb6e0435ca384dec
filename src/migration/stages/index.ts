export type { Gate } from './gates.ts';
export { setStage } from './move.ts';
export type { MoveOptions, MoveReport } from './mover.ts';
export { parseStage, type Stage, STAGES } from './stage.ts';
export { type ReadRoute, routeRead } from './route.ts';
export { showStages, type StageMove, type StoreStage } from './show.ts';
