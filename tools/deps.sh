#!/bin/sh
# deps.sh SECTION...: installs the missing Debian packages of these sections of packages.txt, and reports them.
# No-op when all are. "one|other" is whichever this Debian has: some names hold a version.
#
# The tests' peers are mail servers, and Debian starts and enables what it installs: they would take the ports of the
# gateway. So nothing starts while packages are installed here, and what was enabled by it is disabled again.
set -eu

# The packages of the sections named "To $1", "To $2", ...
list=
for section in "$@"; do
    list="$list $(sed -n "/^# To $section\$/,/^#/p; /^# To $section /,/^#/p" "$(dirname "$0")/../packages.txt" | sed 's/#.*//')"
done

alternatives() { echo "$1" | tr '|' ' '; }

is_installed() {
    for name in $(alternatives "$1"); do
        case $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null || true) in
            *"ok installed") return 0 ;;
        esac
    done
    return 1
}

# The first available one; if none is, the first, so that apt-get reports the error.
choose() {
    for name in $(alternatives "$1"); do
        if apt-cache show "$name" >/dev/null 2>&1; then echo "$name"; return; fi
    done
    alternatives "$1" | cut -d ' ' -f 1
}

missing=
for package in $list; do
    is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "deps: installing with apt-get:$missing"
run=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "deps: not root and no sudo; please install by hand:$missing" >&2; exit 1; }
    run=sudo
fi

policy=/usr/sbin/policy-rc.d # invoke-rc.d and deb-systemd-invoke ask it: 101 is "no"
enabled() { ls /etc/systemd/system/*.wants 2>/dev/null | grep -E '\.(service|socket|timer)$' | sort -u; }
before=$(enabled)
ours=
restore() {
    trap '' INT TERM HUP
    [ -z "$ours" ] || $run rm -f "$policy"
    for unit in $(enabled); do
        echo "$before" | grep -qxF "$unit" || $run systemctl --quiet disable "$unit" || true
    done
}
trap restore EXIT
trap 'exit 1' INT TERM HUP

$run apt-get update -q
chosen=
for package in $missing; do chosen="$chosen $(choose "$package")"; done
if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' | $run tee "$policy" >/dev/null
    $run chmod 755 "$policy"
fi
# shellcheck disable=SC2086 # the list is meant to split
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $chosen
