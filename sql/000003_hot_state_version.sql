-- State is written to Redis first and here behind: the higher version wins, so that an older write that arrives late never
-- overwrites a newer one. Microseconds since 1970, 0 for rows that were migrated. A deleted row stays for a while, so that
-- nothing older brings its value back.
alter table hot_state
  add column version bigint not null default 0,
  add column deleted boolean not null default false;
