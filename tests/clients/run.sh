#!/bin/sh
# Real mail programs that are too heavy for `make test`: Thunderbird on a screen of its own sends and receives over TLS.
# Installs what is missing, or says what it leaves out. `make clients` builds first and runs this.
set -u
cd "$(dirname "$0")" || exit 1
LANPOST_BUILD=${LANPOST_BUILD:-$(cd ../.. && pwd)/build}
export LANPOST_BUILD
missing=
command -v thunderbird >/dev/null || missing="$missing thunderbird"
command -v Xvfb >/dev/null || missing="$missing xvfb"
if [ -n "$missing" ]; then
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root='sudo -n'
    echo "clients: installing$missing"
    # shellcheck disable=SC2086 # names of packages are words
    $as_root apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || {
        echo "clients:$missing not installed and not to be had; left out"
        exit 0
    }
fi
thunderbird --version 2>/dev/null
"$LANPOST_BUILD/lanpost" --version
exec "${PYTHON:-/usr/bin/python3}" -m pytest -v -p no:cacheprovider . "$@"
