#!/bin/sh
# run-system.sh PYTEST PROCESSES TESTS...: the system tests, several at a time; closes with one counted line.
#
# A computer that is busy for some seconds can fail one test of 1,700. Up to three that fail are tried once more, alone:
# those that pass then are named as unsteady, with what they said the first time: repair them. What fails twice, or
# more than three, fails.
set -u
pytest=$1 processes=$2
shift 2
again_max=3
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

try() { # try NAME OPTIONS...: its output is in the log NAME
    name=$1
    shift
    # The cache, which pytest.ini turns off, keeps the names of the failed ones.
    # shellcheck disable=SC2086 # "python3 -m pytest" is three words
    $pytest -q -o addopts= -o cache_dir="$log/cache" "$@" >"$log/$name" 2>&1
    status=$?
    cat "$log/$name"
}

number_of() { # number_of NAME WORD: N of "N WORD" in the closing line
    number=$(tail -n 1 "$log/$1" | grep -oE "[0-9]+ $2" | cut -d ' ' -f 1)
    echo "${number:-0}"
}

try first -n "$processes" "$@"
passed=$(number_of first passed)
failed=$(($(number_of first failed) + $(number_of first error)))
if [ "$status" -eq 1 ] && [ "$failed" -ge 1 ] && [ "$failed" -le "$again_max" ]; then
    try again -p no:xdist --last-failed --last-failed-no-failures none "$@"
    good=$(number_of again passed)
    if [ "$good" -gt 0 ]; then
        grep -E '^(FAILED|ERROR) ' "$log/first" | sed 's/^/unsteady: /'
        passed=$((passed + good))
    fi
    failed=$(($(number_of again failed) + $(number_of again error)))
fi
[ "$status" -ne 0 ] && [ "$failed" -eq 0 ] && failed=1 # it died without counting
echo "system: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
