import { StockroomError } from '../../core/errors.ts';
import type { Session } from '../../tiers/durable/index.ts';
import { quoted } from './fingerprint.ts';

/** Objects that are told. */
const SHOWN_MAX = 3;

/** What lies in the schema $1, each with its name as it is without that schema. */
const IN_SCHEMA = `
  select d.classid, d.objid, i.type, i.identity,
    replace(i.identity, quote_ident($1) || '.', '') as name
  from pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
  where d.refclassid = 'pg_namespace'::regclass and d.refobjid = quote_ident($1)::regnamespace and d.deptype = 'n'`;

/**
 * Removes a schema without rows that stood in the place of one that is restored by now: and with it nothing that Stockroom did not make.
 *
 * @throws StockroomError TARGET_EXISTS when it holds what the restored one does not, or something outside of it hangs on it
 */
export async function dropAside(session: Session, schema: string, aside: string): Promise<void> {
  const foreign = [...(await inOneAlone(session, aside, schema)), ...(await hangingOn(session, aside))];
  if (foreign.length > 0) {
    const shown = foreign.slice(0, SHOWN_MAX).map((one) => one.replaceAll(`${aside}.`, `${schema}.`));
    const more = foreign.length > SHOWN_MAX ? ` and ${foreign.length - SHOWN_MAX} more` : '';
    throw occupied(schema, `what Stockroom did not make, or what uses it: ${shown.join(', ')}${more}`);
  }
  await session.query(`drop schema ${quoted(aside)} cascade`);
}

/** Removes what is in a schema, and leaves the schema itself with its owner and its rights. */
export async function emptySchema(session: Session, schema: string): Promise<void> {
  const { rows } = await session.query<{ type: string; identity: string }>(IN_SCHEMA, [schema]);
  // Those of an identity go with their tables, and cannot go before them.
  const last = rows.filter(({ type }) => type === 'sequence');
  const ordered = [...rows.filter(({ type }) => type !== 'sequence'), ...last];
  for (const { type, identity } of ordered) await session.query(`drop ${type} if exists ${identity} cascade`);
}

/** Tables, types, functions, views, extensions that one schema has and another one has not, for people. */
async function inOneAlone(session: Session, schema: string, other: string): Promise<string[]> {
  const found: { type: string; name: string }[][] = [];
  for (const one of [schema, other])
    found.push((await session.query<{ type: string; name: string }>(IN_SCHEMA, [one])).rows);
  const [here = [], there = []] = found.map((rows) => rows.map(({ type, name }) => `${type} ${name}`));
  const known = new Set(there);
  return here.filter((one) => !known.has(one));
}

/** What lies outside of a schema and would be lost with it: views, columns, foreign keys, functions. For people. */
async function hangingOn(session: Session, schema: string): Promise<string[]> {
  const { rows } = await session.query<{ text: string }>(
    `with members as (${IN_SCHEMA}),
       with_types as (
         select classid, objid from members
         union select 'pg_type'::regclass, t.oid from pg_catalog.pg_type t where t.typnamespace = quote_ident($1)::regnamespace)
     select distinct i.type || ' ' || i.identity as text
     from with_types m join pg_catalog.pg_depend d on d.refclassid = m.classid and d.refobjid = m.objid and d.deptype in ('n', 'a'),
       pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
     where case when i.schema is null then strpos(' ' || i.identity, ' ' || quote_ident($1) || '.') = 0 else i.schema <> $1 end
     order by 1`,
    [schema],
  );
  return rows.map(({ text }) => text);
}

export function occupied(schema: string, what: string): StockroomError {
  return new StockroomError(
    'TARGET_EXISTS',
    `The schema ${schema}: expected no rows, found ${what}. A backup is restored into an empty place: ` +
      'name another database (DATABASE_URL) or data directory, or remove that schema yourself. Nothing was changed.',
    { details: { schema, found: what } },
  );
}
