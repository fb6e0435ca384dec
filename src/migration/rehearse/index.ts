export type { OtherForm, ReturnExample, TableReturn } from './compare.ts';
export { rehearse, type RehearsalOptions } from './rehearse.ts';
export type { LeftOut, Phase, PhaseName, Prediction, Rehearsal } from './report.ts';
export type { OnStep } from './snapshot.ts';
