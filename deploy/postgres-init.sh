#!/bin/sh
# Runs once, when the database is made: the owner of Stockroom's data, who is no superuser, and one who only reads.
set -eu
secrets=${STOCKROOM_SECRETS:-/run/secrets}
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=owner="$(cat "$secrets/database_password")" \
  --set=reader="$(cat "$secrets/reader_password")" <<'SQL'
SET log_min_duration_statement = -1;
SET log_statement = 'none';
CREATE ROLE stockroom LOGIN PASSWORD :'owner';
CREATE DATABASE stockroom OWNER stockroom;
REVOKE ALL ON DATABASE stockroom FROM PUBLIC;
-- /metrics and `doctor` tell of the whole server: transactions of others, replicas, costly statements.
GRANT pg_read_all_stats TO stockroom;
-- Grafana: reads, within bounds.
CREATE ROLE reader LOGIN PASSWORD :'reader' CONNECTION LIMIT 10;
ALTER ROLE reader SET default_transaction_read_only = on;
ALTER ROLE reader SET statement_timeout = '15s';
GRANT CONNECT ON DATABASE stockroom TO reader;
GRANT pg_read_all_data TO reader;
SQL
