#!/bin/sh
# Makes one Cluster of Redis servers: redis-cluster.sh HOST:PORT… Run again, it makes them known to one another by the
# addresses that they have now: containers may get others when they start again.
set -eu
REDISCLI_AUTH=$(cat "${STOCKROOM_SECRETS:-/run/secrets}/redis_admin_password")
export REDISCLI_AUTH

addresses=
for node; do
  address=$(getent ahostsv4 "${node%:*}" | awk 'NR == 1 { print $1 }')
  addresses="$addresses $address:${node##*:}"
done
# shellcheck disable=SC2086 # Addresses have no spaces.
set -- $addresses
first_host=${1%:*}
first_port=${1##*:}
first() { redis-cli --user admin -h "$first_host" -p "$first_port" "$@"; }

if first cluster info | grep -q 'cluster_slots_assigned:0'; then
  exec redis-cli --user admin --cluster create "$@" --cluster-yes
fi
for address; do
  bus=$(redis-cli --user admin -h "${address%:*}" -p "${address##*:}" config get cluster-port | sed -n 2p)
  if [ "$bus" = 0 ]; then bus=$((${address##*:} + 10000)); fi
  first cluster meet "${address%:*}" "${address##*:}" "$bus"
done
