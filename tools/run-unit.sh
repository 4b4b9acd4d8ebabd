#!/bin/sh
# Runs the cmocka programs given, several at a time (those that wait leave the processor to others), shows the output of those
# that fail, and closes with one counted line.
set -u
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
export log
# shellcheck disable=SC2016 # for the inner shell
printf '%s\n' "$@" | xargs -P $((2 * $(nproc))) -I{} sh -c '
    name=$(basename "{}")
    "{}" >"$log/$name.out" 2>&1
    echo $? >"$log/$name.status"'
passed=0 failed=0
for program in "$@"; do
    out=$log/$(basename "$program").out
    status=$(cat "$log/$(basename "$program").status" 2>/dev/null || echo 127)
    ok=$(grep -c '^\[       OK \]' "$out")
    # cmocka names each failed test twice: when it fails and at the end
    bad=$(grep '^\[  FAILED  \] [^0-9]' "$out" | grep -v ' listed below:$' | sort -u | wc -l)
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1 # died without saying
    passed=$((passed + ok))
    if [ "$status" -ne 0 ]; then
        failed=$((failed + bad))
        printf '%s failed (status %d):\n' "$program" "$status"
        cat "$out"
    fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
