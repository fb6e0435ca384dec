#!/bin/sh
# Installs one Debian package for the tests without starting the service that comes with it: the tests start servers of
# their own, and a database that nobody asked for must not run afterwards.
#   apt-install.sh PACKAGE
# Or takes one program out of it and installs nothing, for a package of which the tests need no more than that:
#   apt-install.sh PACKAGE usr/bin/PROGRAM DIRECTORY
set -eu

# One at a time: apt-get waits for the lock of the packages, and not for that of its lists.
exec 9>"${TMPDIR:-/tmp}/stockroom-apt.lock"
flock 9

export DEBIAN_FRONTEND=noninteractive
if [ $# -eq 3 ]; then
  program=$3/${2##*/}
  # Somebody else had the lock, for the same program.
  [ ! -x "$program" ] || exit 0
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  cd "$scratch"
  apt-get -o DPkg::Lock::Timeout=300 update
  apt-get -o APT::Sandbox::User=root download "$1"
  dpkg-deb -x ./*.deb files
  mkdir -p "$3"
  # Whole or not at all: it may be another file system.
  mv "files/$2" "$program.new"
  mv "$program.new" "$program"
  exit 0
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

apt-get -o DPkg::Lock::Timeout=300 update
apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$1"
