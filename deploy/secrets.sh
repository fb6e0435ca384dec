#!/bin/sh
# Makes the secrets of compose.yaml: secrets.sh [DIRECTORY]. What is there already stays, so it can be run again.
set -eu
here=$(dirname "$0")
out=${1:-$here/secrets}

# Compose hands a file on with its owner and mode, and each container has a user of its own that has to read it. Nobody
# else gets through the directory.
umask 077
mkdir -p "$out"
chmod 700 "$out"
umask 022

random() { [ -s "$out/$1" ] || openssl rand -hex 32 >"$out/$1"; }
content() { tr -d '\n' <"$out/$1"; }
sha256() { content "$1" | openssl dgst -sha256 -r | cut -d ' ' -f 1; }
# Comments are no part of a file of users, and a user is one line there.
users() {
  sed -e '/^#/d' \
    -e "s/{stockroom}/#$(sha256 redis_password)/" \
    -e "s/{admin}/#$(sha256 redis_admin_password)/" \
    -e "s/{replica}/#$(sha256 redis_replica_password)/" \
    -e "s/{sentinel}/#$(sha256 redis_sentinel_password)/" "$here/$1" |
    awk '/^ / { sub(/^ +/, " "); line = line $0; next } { if (line) print line; line = $0 } END { if (line) print line }'
}

for name in postgres_password database_password reader_password grafana_password \
  redis_password redis_admin_password redis_replica_password redis_sentinel_password \
  api_key_app api_key_admin api_key_metrics; do
  random "$name"
done

printf 'postgresql://stockroom:%s@postgres:5432/stockroom\n' "$(content database_password)" >"$out/database_url"
printf 'app:read+write:%s,admin:read+write+admin:%s,metrics:read:%s\n' \
  "$(sha256 api_key_app)" "$(sha256 api_key_admin)" "$(sha256 api_key_metrics)" >"$out/api_keys"
users redis.users >"$out/redis_users"
users sentinel.users >"$out/sentinel_users"
echo "the secrets are in $out; the key of the application is in api_key_app, that of administrators in api_key_admin"
