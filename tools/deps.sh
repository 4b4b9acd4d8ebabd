#!/bin/sh
# Installs the Debian packages of packages.txt that are not there yet, and says so. No-op when all are.
set -eu
list=$(sed 's/#.*//' "$(dirname "$0")/../packages.txt" | tr -s '[:space:]' ' ')
missing=
for package in $list; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
        *"ok installed") ;;
        *) missing="$missing $package" ;;
    esac
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
# shellcheck disable=SC2086 # the list is meant to split
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
