#!/bin/sh
# Installs one Debian package for the tests without starting the service that comes with it: the tests start servers of
# their own, and a database that nobody asked for must not run afterwards.
set -eu

# One at a time: apt-get waits for the lock of the packages, and not for that of its lists.
exec 9>"${TMPDIR:-/tmp}/stockroom-apt.lock"
flock 9

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=300 update
apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$1"
