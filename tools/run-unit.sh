#!/bin/sh
# Runs the cmocka programs given, shows the output of those that fail, and closes with one counted line.
passed=0 failed=0
for program in "$@"; do
    output=$("$program" 2>&1)
    status=$?
    ok=$(printf '%s\n' "$output" | grep -c '^\[       OK \]')
    bad=$(printf '%s\n' "$output" | grep -c '^\[  FAILED  \] [^0-9]')
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1 # died without saying
    passed=$((passed + ok))
    if [ "$status" -ne 0 ]; then
        failed=$((failed + bad))
        printf '%s failed (status %d):\n%s\n' "$program" "$status" "$output"
    fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
