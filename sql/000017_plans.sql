-- Indexes for lists whose plans were found to read more than they show, once a statement is prepared and planned for any value.

-- A list of a symbol in any mode.
create index ai_recommendations_symbol_recent on ai_recommendations (symbol, generated_at desc, id desc);

-- Rows without a time are last in these orders, which an index has to say.
drop index agent_learnings_latest;
create index agent_learnings_latest on agent_learnings
  (agent_type, coalesce(last_updated, '0001-01-01T00:00:00.000000Z') desc, id desc);
create index agent_learnings_recent on agent_learnings (coalesce(last_updated, '0001-01-01T00:00:00.000000Z') desc, id desc);
drop index context_memory_latest;
create index context_memory_latest on context_memory (context_type, key, created_at desc nulls last, id desc);

-- The quarantine of one source.
create index migration_quarantine_source on migration_quarantine (source, id);
