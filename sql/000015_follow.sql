-- How far an old file was followed while its application goes on writing it: written in the transaction that applies its
-- changes, so that what is applied and how far it reaches are kept or lost together.
create table migration_follow (
  -- The legacy_source of the file's rows: its path, see migration_directories.
  file text collate "C" primary key,
  -- With capture: the token of its installation, and the last change that was applied.
  token text,
  seq bigint not null default 0,
  -- Without: what the file looked like when it was last read (inode, size, time of change; of its -wal too). Null: to be read again.
  fingerprint text,
  applied bigint not null default 0,
  kept_here bigint not null default 0,
  updated_at timestamptz not null default now()
);
