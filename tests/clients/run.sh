#!/bin/sh
# Real mail programs that are too heavy for `make test`: Thunderbird on a screen of its own, and Roundcube in Chromium.
# Installs what is missing (packages.txt), or says that it cannot: then the tests of what is not there are left out.
# `make clients` builds first and runs this.
set -u
cd "$(dirname "$0")" || exit 1
LANPOST_BUILD=${LANPOST_BUILD:-$(cd ../.. && pwd)/build}
export LANPOST_BUILD
../../tools/deps.sh drive || echo "clients: not all could be installed; the tests of what is missing are left out"
thunderbird --version 2>/dev/null
chromium --version 2>/dev/null
dpkg-query -W -f '${Package} ${Version}\n' roundcube-core 2>/dev/null
"$LANPOST_BUILD/lanpost" --version
exec "${PYTHON:-/usr/bin/python3}" -m pytest -v -p no:cacheprovider . "$@"
