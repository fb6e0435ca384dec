-- Who subscribes to saved runs looks for new ones by their id; migrated rows are nobody's news.
create index top_picks_runs_saved on top_picks_runs (id) where legacy_source is null;

-- The history of a symbol, whatever the agent; those of one time in the order in which they were written.
create index agent_analyses_history on agent_analyses (symbol, created_at desc, id);

-- The learning that an outcome is counted in.
create index agent_learnings_pattern on agent_learnings (agent_type, md5(pattern_recognized));

-- Rows of the memory that are over and may go.
create index context_memory_over on context_memory (expires_at) where legacy_source is null;

-- Learnings are counted up, so that the same outcome given twice has to be known again.
create table context_learning_keys (
  idempotency_key text collate "C" primary key,
  idempotency_hash bytea not null,
  result jsonb not null,
  created_at timestamptz not null default now()
);
create index context_learning_keys_created_at on context_learning_keys (created_at);
