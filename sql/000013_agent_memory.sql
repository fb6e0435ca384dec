-- What a session is, decided here: two processes that start one at once start the same one, and one that was ended stays ended.
-- Whether it still lives after its first life, only its short-lived state says. A row is of no use a day after `sure_until`.
create table agent_sessions (
  session text collate "C" primary key,
  -- Rises with every change.
  revision bigint not null default 1,
  -- Null: ended.
  record jsonb,
  -- Until then it lives, unless it was ended.
  sure_until timestamptz not null
);
create index agent_sessions_sure_until on agent_sessions (sure_until);

-- Items of a LangGraph store. Below "C" a namespace and everything under it are one range of the array's own order.
create table agent_store_items (
  namespace text[] collate "C" not null check (cardinality(namespace) > 0),
  key text collate "C" not null,
  -- Its first version, by which items stand in the order of their insertion.
  id bigint not null,
  value jsonb not null check (jsonb_typeof(value) = 'object'),
  -- From one sequence for all items, so that one never comes back, also when an item is deleted and made anew.
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (namespace, key)
);
create index agent_store_items_search on agent_store_items (namespace, id);
create sequence agent_store_versions owned by agent_store_items.version;

alter table memory_analyses
  add column idempotency_key text collate "C",
  add column idempotency_hash bytea;
create unique index memory_analyses_idempotency on memory_analyses (idempotency_key) where idempotency_key is not null;
create index memory_analyses_page on memory_analyses (symbol, created_at desc, id desc);
create index memory_analyses_agent on memory_analyses (symbol, agent_type, created_at desc, id desc);
