import type { JobName } from '../core/config-values.ts';
import { alerts } from './alerts.ts';
import type { JobDefinition } from './job.ts';
import { outcomes } from './outcomes.ts';
import { refresh } from './refresh.ts';
import { retention } from './retention.ts';

const byName: { readonly [Name in JobName]: JobDefinition } = { outcomes, retention, alerts, refresh };

/** Every job of the service. */
export const definitions: readonly JobDefinition[] = Object.values(byName);
