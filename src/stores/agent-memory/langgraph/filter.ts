import { jsonText } from '../../../tiers/state/json.ts';
import type { Statement } from './statement.ts';
import { refused } from './namespaces.ts';

const OPERAND_MAX_CHARACTERS = 100_000;
const comparisons: Readonly<Record<string, string>> = { $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' };
const operators: ReadonlySet<string> = new Set([...Object.keys(comparisons), '$eq', '$ne', '$in', '$nin']);

/**
 * Conditions on members of the value, as the store in memory has them: `===` for values, `Number()` for what is compared by size, an
 * absent member differs from everything. Beyond it, arrays and objects are equal when what they hold is.
 *
 * @throws StockroomError INVALID_INPUT for an operator that is not known, or an operand that is no JSON
 */
export function filterConditions(filter: Readonly<Record<string, unknown>>, statement: Statement): string[] {
  return Object.entries(filter).flatMap(([name, wanted]) => {
    const member = `(value -> ${statement.text(jsonName(name))})`;
    const given = operatorsOf(name, wanted);
    if (given === undefined) return [equals(member, wanted, `filter.${name}`, statement)];
    return given.map(([operator, operand]) =>
      condition(member, operator, operand, `filter.${name}.${operator}`, statement),
    );
  });
}

function operatorsOf(name: string, wanted: unknown): [string, unknown][] | undefined {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) return undefined;
  const members = Object.entries(wanted);
  if (!members.every(([member]) => member.startsWith('$'))) return undefined;
  const unknown = members.find(([member]) => !operators.has(member));
  if (unknown === undefined) return members;
  throw refused(`filter.${name}`, `one of ${[...operators].join(', ')}`, unknown[0]);
}

function condition(
  member: string,
  operator: string,
  operand: unknown,
  at: string,
  statement: Statement,
): string {
  const comparison = comparisons[operator];
  if (comparison !== undefined) {
    // Of NaN, which nothing compares with, null.
    return `coalesce(${numberOf(member)} ${comparison} ${statement.numeric(Number(operand))}, false)`;
  }
  if (operator === '$eq') return equals(member, operand, at, statement);
  if (operator === '$ne') return `not ${equals(member, operand, at, statement)}`;
  if (!Array.isArray(operand)) throw refused(at, 'an array', typeof operand);
  const equal = operand.map((one, index) => equals(member, one, `${at}[${index}]`, statement));
  // Of an empty list nothing is one; the member is named so that its parameter has a type.
  const any = equal.length === 0 ? `(${member} is null and false)` : `(${equal.join(' or ')})`;
  return operator === '$in' ? any : `not ${any}`;
}

/** True or false, never null. */
function equals(member: string, wanted: unknown, at: string, statement: Statement): string {
  if (wanted === undefined) return `(${member} is null)`;
  return `(${member} is not distinct from ${statement.json(jsonText(wanted, at, OPERAND_MAX_CHARACTERS))})`;
}

/** As `Number()` reads it, of numbers in decimal form; null of what is none. */
function numberOf(member: string): string {
  const text = `btrim(${member} #>> '{}', E' \\t\\n\\r')`;
  const decimal = String.raw`'^[+-]?([0-9]{1,255}\.?[0-9]{0,255}|\.[0-9]{1,255})([eE][+-]?[0-9]{1,3})?$'`;
  return `(case jsonb_typeof(${member})
    when 'number' then (${member})::numeric
    when 'string' then case when ${text} = '' then 0 when ${text} ~ ${decimal} then (${text})::numeric end
    when 'boolean' then case when (${member})::boolean then 1 else 0 end
    when 'null' then 0 end)`;
}

function jsonName(name: string): string {
  jsonText(name, 'the name of a filter', OPERAND_MAX_CHARACTERS);
  return name;
}
