import { z } from 'zod';
import { cursorInput, limitInput, textInput, timeInput } from '../../core/inputs.ts';
import { documentField, textField } from './fields.ts';

export const policyStates = ['DRAFT', 'ACTIVE', 'RETIRED'] as const;

const description = textField(10_000).nullish();

const idExpected = 'an id of 1 to 100 letters, digits or . _ : -';

export const policyInput = z.strictObject({
  policy_id: z
    .string(idExpected)
    .regex(/^[\w.:-]{1,100}$/, idExpected)
    .optional()
    .describe('Made when it is not given'),
  name: textField(200),
  description,
  config: documentField,
  metrics: documentField.nullish(),
});

export const policyPatch = z
  .strictObject({
    name: textField(200).optional(),
    description,
    metrics: documentField.nullish().describe('Replaces the metrics as a whole'),
    config: documentField.optional().describe('Of a DRAFT alone'),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
    message: 'at least one of name, description, metrics, config',
  });

export const policyParams = z.strictObject({ id: textInput });

export const policiesQuery = z.strictObject({
  status: z
    .string()
    .transform((text) => text.toUpperCase())
    .pipe(z.enum(policyStates, `one of ${policyStates.join(', ')}`))
    .optional()
    .meta({ description: policyStates.join(', ') }),
  limit: limitInput,
  cursor: cursorInput.optional(),
});

export const activeQuery = z.strictObject({
  as_of: timeInput.optional().describe('Which one was active at this time; now by default'),
});

export const policy = z.object({
  policy_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  status: z.string(),
  config: z.unknown(),
  metrics: z.unknown(),
  created_at: z.string(),
  updated_at: z.string(),
  activated_at: z.string().nullable(),
  deactivated_at: z.string().nullable(),
});

export const policiesPage = z.object({ items: z.array(policy), next_cursor: z.string().nullable() });

export type PolicyInput = z.output<typeof policyInput>;
export type PolicyPatch = z.output<typeof policyPatch>;
export type PoliciesQuery = z.output<typeof policiesQuery>;
export type Policy = z.output<typeof policy>;
