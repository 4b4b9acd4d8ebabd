#!/bin/sh
# Installs the Debian packages of packages.txt that are not there yet, and says so. No-op when all are.
# "one|other" is whichever this Debian has: some names hold a version.
set -eu
list=$(sed 's/#.*//' "$(dirname "$0")/../packages.txt" | tr -s '[:space:]' ' ')

alternatives() { echo "$1" | tr '|' ' '; }

is_installed() {
    for name in $(alternatives "$1"); do
        case $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null || true) in
            *"ok installed") return 0 ;;
        esac
    done
    return 1
}

# The first that can be had; where none can, the first, so that apt-get says what is wrong.
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
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -q
chosen=
for package in $missing; do chosen="$chosen $(choose "$package")"; done
# shellcheck disable=SC2086 # the list is meant to split
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $chosen
