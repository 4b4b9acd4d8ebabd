#!/bin/sh
# Runs fuzz targets; `make fuzz` and `make fuzz-merge` call it. docs/fuzzing.md describes it.
#
# fuzz.sh run BUILD CORPUS SECONDS JOBS TARGET...: each target this many seconds, JOBS at a time, until one fails. What it finds stays in CORPUS.
#   LANPOST_FUZZ_SEED and LANPOST_FUZZ_RUNS: the same inputs in each run, and at most this many (default: random, without end).
# fuzz.sh one BUILD CORPUS SECONDS RUNNING TARGET: one of them. RUNNING is a folder with the processes of its brothers.
# fuzz.sh merge BUILD CORPUS TARGET...: takes inputs of CORPUS that cover more than the seeds into the seeds, and drops those that became needless.
set -eu

seeds=tests/fuzz/seeds
seed_size=2048       # bytes: what covers something new only when it is larger stays in the corpus
seeds_total=2097152  # bytes of all seeds: they are part of every copy of the source

dictionary() { # the option for a target that has one
    [ ! -e "tests/fuzz/dictionaries/$1.dict" ] || echo "-dict=tests/fuzz/dictionaries/$1.dict"
}

tell_crash() { # tell_crash BUILD CORPUS TARGET
    crash=$(find "$2/crashes" -name "$3-*" -newer "$2/crashes/.$3" | head -n 1)
    echo "fuzz $3: FAILED. The input is ${crash:-not kept: see $1/fuzz-$3.log}"
    [ -z "$crash" ] || echo "To run it again: $1/tests/fuzz/run_$3 $crash
or without clang: make build/tests/fuzz/replay_$3 && build/tests/fuzz/replay_$3 $crash"
}

one() {
    build=$1 corpus=$2 seconds=$3 running=$4 target=$5
    [ ! -e "$running/stop" ] || return 0
    log=$build/fuzz-$target.log
    mkdir -p "$corpus/$target" "$corpus/crashes" "$seeds/$target"
    touch "$corpus/crashes/.$target"
    # shellcheck disable=SC2046 # no dictionary is no word
    "$build/tests/fuzz/run_$target" -seed="${LANPOST_FUZZ_SEED:-0}" -runs="${LANPOST_FUZZ_RUNS:--1}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 \
        $(dictionary "$target") -artifact_prefix="$corpus/crashes/$target-" "$corpus/$target" "$seeds/$target" >"$log" 2>&1 &
    pid=$!
    echo "$pid" >"$running/$target"
    if wait "$pid"; then
        rm -f "$running/$target"
        runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log") rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
        echo "fuzz $target: $runs runs, ${rate:-?}/s"
        return 0
    fi
    rm -f "$running/$target"
    mkdir "$running/stop" 2>/dev/null || return 255 # a brother has failed, and ended this one
    for brother in "$running"/*; do
        [ ! -f "$brother" ] || kill "$(cat "$brother")" 2>/dev/null || true
    done
    tail -n 40 "$log"
    tell_crash "$build" "$corpus" "$target"
    return 255 # xargs begins nothing more
}

run() {
    build=$1 corpus=$2 seconds=$3 jobs=$4
    shift 4
    running=$(mktemp -d)
    trap 'rm -rf "$running"' EXIT
    printf '%s\n' "$@" | xargs -P "$jobs" -I{} "$0" one "$build" "$corpus" "$seconds" "$running" {} && return
    [ -e "$running/stop" ] || echo "fuzz: interrupted"
    return 1
}

# Names of 40 hexadecimal digits are libFuzzer's; all others were written by people, and stay.
merge() {
    found='.*/[0-9a-f]{40}'
    build=$1 corpus=$2
    shift 2
    for target in "$@"; do
        fresh=$(mktemp -d)
        grown=$(mktemp -d)
        find "$seeds/$target" -regextype posix-extended -type f ! -regex "$found" -exec cp -t "$fresh" {} +
        find "$seeds/$target" "$corpus/$target" -regextype posix-extended -type f -regex "$found" -size -"$seed_size"c -exec cp -t "$grown" {} + 2>/dev/null || true
        before=$(find "$seeds/$target" -type f | wc -l)
        "$build/tests/fuzz/run_$target" -merge=1 -rss_limit_mb=1024 "$fresh" "$grown" >"$build/fuzz-$target.log" 2>&1 ||
            { tail -n 20 "$build/fuzz-$target.log"; exit 1; }
        find "$seeds/$target" -regextype posix-extended -type f -regex "$found" -delete
        find "$fresh" -type f -exec cp -n -t "$seeds/$target" {} +
        rm -rf "$fresh" "$grown"
        echo "merge $target: $before seeds, now $(find "$seeds/$target" -type f | wc -l)"
    done
    total=$(find "$seeds" -type f -printf '%s\n' | awk '{sum += $1} END {print sum + 0}')
    echo "merge: $total bytes of seeds"
    [ "$total" -le "$seeds_total" ] || { echo "merge: that is too much, at most $seeds_total"; exit 1; }
}

command=$1
shift
"$command" "$@"
