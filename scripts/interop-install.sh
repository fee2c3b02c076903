#!/bin/sh
# Installs the daemons and tools that the interop suite uses, from Debian, without starting any of them.
set -eu

packages='bird2 frr gobgpd exabgp openbgpd stayrtr openssl keepalived iputils-arping traceroute iproute2 tcpdump'

complain() {
  echo "interop:install: $1" >&2
  exit 1
}

[ "$(uname -s)" = Linux ] || complain 'this works on Debian and its kin only'
command -v apt-get >/dev/null 2>&1 || complain "there is no apt-get here; install these by other means: $packages"
[ "$(id -u)" = 0 ] || complain 'this must run as root (it installs packages)'

missing=''
for package in $packages; do
  case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" in
    'install ok installed') ;;
    *) missing="$missing $package" ;;
  esac
done
if [ -z "$missing" ]; then
  echo 'interop:install: everything is there already'
  exit 0
fi

# Debian asks this script whether a package may start its service: 101 is no.
policy=/usr/sbin/policy-rc.d
saved=$policy.before-virtual-router
restore() {
  rm -f "$policy"
  if [ -e "$saved" ] || [ -L "$saved" ]; then mv "$saved" "$policy"; fi
}
# One that an interrupted run left behind is not what was there before.
if [ -e "$policy" ] && ! grep -q 'virtual-router interop:install' "$policy"; then mv "$policy" "$saved"; fi
trap restore EXIT
trap 'exit 1' HUP INT TERM
printf '#!/bin/sh\n# virtual-router interop:install\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086
apt-get install -q -y --no-install-recommends $missing

# Nor at the next boot: the suite starts what it needs by itself.
if [ -d /run/systemd/system ]; then
  for package in $missing; do
    case $package in
      bird2) systemctl disable bird >/dev/null 2>&1 || true ;;
      frr | gobgpd | exabgp | openbgpd | stayrtr | keepalived) systemctl disable "$package" >/dev/null 2>&1 || true ;;
    esac
  done
fi
echo "interop:install: installed$missing"
