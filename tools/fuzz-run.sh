#!/bin/sh
# fuzz-run.sh BUILD TARGET SECONDS: fuzzes one target from its seeds; new inputs stay in the build folder.
set -eu
corpus=$1/corpus/$2
mkdir -p "$corpus" "tests/fuzz/corpus/$2"
dict=tests/fuzz/$2.dict
[ -e "$dict" ] && dict="-dict=$dict" || dict=
log=$1/fuzz-$2.log
# shellcheck disable=SC2086 # an empty $dict must vanish
if "$1/tests/fuzz/run_$2" -max_total_time="$3" -timeout=10 -rss_limit_mb=1024 -max_len=65536 $dict \
    -artifact_prefix="$1/crash-$2-" "$corpus" "tests/fuzz/corpus/$2" >"$log" 2>&1; then
    echo "fuzz $2: $(grep -o 'Done.*' "$log" | tail -n 1)"
else
    tail -n 40 "$log"
    echo "fuzz $2: FAILED, input kept as $1/crash-$2-*"
    exit 1
fi
