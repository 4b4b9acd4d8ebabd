#!/bin/sh
# All tests, after `make deps all`. Each step prints its counts in a line; the last line is the total.
# LANPOST_TEST_STEPS chooses some: "lint headers unit replay asan clang fuzz tsan documents system attack install soak"; documents is a part of system.
#
# Lanes side by side: steps that mostly wait (for deadlines of the gateway, for processes); steps that compute, which leave the
# processor to those that wait; and the soak, a light load for LANPOST_SOAK_MINUTES, 10 by default, as long as the others take
# on two cores. Within a lane one step follows the other.
set -u
cd "$(dirname "$0")/.." || exit 1
steps=${LANPOST_TEST_STEPS:-lint headers unit replay asan clang fuzz tsan system attack install soak}
MAKE=${MAKE:-make}
JOBS=${JOBS:-$(nproc)}
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
: >"$log/counts"

count() { # count STEP PASSED FAILED
    echo "$2 $3" >>"$log/counts"
    printf '%-8s %4d passed, %d failed  (%d s)\n' "$1" "$2" "$3" "$(($(date +%s) - began))"
}

# number_of STEP WORD: N of the "N WORD" in the last line of the step's log that has a count.
number_of() {
    number=$(grep -oE "[0-9]+ $2" "$log/$1" | tail -n 1 | cut -d ' ' -f 1)
    echo "${number:-0}"
}

# whole STEP COMMAND...: a step that is one test; its output shows when it fails.
whole() {
    step=$1
    shift
    if "$@" >"$log/$step" 2>&1; then
        count "$step" 1 0
    else
        tail -n 60 "$log/$step"
        count "$step" 0 1
    fi
}

# counted STEP COMMAND...: a step that says "N passed" and "N failed" itself.
counted() {
    step=$1
    shift
    "$@" >"$log/$step" 2>&1
    status=$?
    good=$(number_of "$step" passed) bad=$(number_of "$step" failed)
    [ "$status" -ne 0 ] && bad=$((bad + $(number_of "$step" error)))
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1 # it died without counting
    { [ "$status" -ne 0 ] || grep -q '^unsteady: ' "$log/$step"; } && tail -n 200 "$log/$step"
    count "$step" "$good" "$bad"
}

quiet_make() {
    "$MAKE" --no-print-directory -j"$JOBS" "$@"
}

# Each header compiles alone; the compiler has shown that of one which its own file includes first.
headers() {
    flags=$(sed -n 's/^CFLAGS_LIBS = //p' build/detect.mk)
    good=0 bad=0
    for header in */*.h */*/*.h; do
        case $header in tests/* | bench/* | build*) continue ;; esac
        [ -e "$header" ] || continue
        if grep -s -m 1 '^#include' "${header%.h}.c" | grep -qF "\"$header\""; then
            good=$((good + 1))
            continue
        fi
        # shellcheck disable=SC2086 # flags are words
        if printf '#include "%s"\n' "$header" | "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -I. $flags -Wall -Wextra -Werror \
            -fsyntax-only -x c -; then
            good=$((good + 1))
        else
            bad=$((bad + 1))
        fi
    done
    echo "headers: $good passed, $bad failed"
}

# Two seconds for each target, from its seeds alone and with the same inputs each time: finds new breakage quickly, and a run that
# was good stays good; `make fuzz TIME=` digs deeper.
fuzz() {
    rm -rf build-fuzz/brief
    LANPOST_FUZZ_SEED="${LANPOST_FUZZ_SEED:-1}" LANPOST_FUZZ_RUNS="${LANPOST_FUZZ_RUNS:-20000}" \
        quiet_make fuzz TIME="${LANPOST_FUZZ_SECONDS:-2}" JOBS="$JOBS" FUZZ_CORPUS=build-fuzz/brief || return
    set -- tests/fuzz/*/fuzz_*.c
    echo "fuzz: $# passed, 0 failed"
}

# The README's install in a clean system; reports why it cannot be tried here.
install_as_written() {
    tests/install/try_install.py --quick >"$log/install" 2>&1
    case $? in
    0) count install 1 0 ;;
    77) echo "install: left out: $(tail -n 1 "$log/install")" ;;
    *) tail -n 60 "$log/install"; count install 0 1 ;;
    esac
}

has_pytest() {
    command -v pytest-3 >/dev/null || python3 -c 'import pytest, xdist' 2>/dev/null || { echo "documents: no pytest here, left out"; return 1; }
}

has_clang() {
    command -v clang >/dev/null || { echo "$1: no clang here, left out"; return 1; }
}

run() {
    began=$(date +%s)
    case $1 in
    lint) whole lint python3 tests/lint.py ;;
    headers) counted headers headers ;;
    unit) counted unit quiet_make unit ;;
    replay) whole replay quiet_make replay ;;
    asan) counted asan quiet_make asan ;;
    clang) has_clang clang && whole clang quiet_make clang ;;
    fuzz) has_clang fuzz && counted fuzz fuzz ;;
    tsan) counted tsan quiet_make tsan ;;
    documents) has_pytest && counted documents quiet_make SYSTEM=tests/system/admin/test_documents.py system ;;
    system) counted system quiet_make system ;;
    attack) counted attack quiet_make attack ;;
    install) install_as_written ;;
    soak) counted soak quiet_make soak MINUTES="${LANPOST_SOAK_MINUTES:-10}" ;;
    esac
}

waiting='' computing='' soak=''
for step in $steps; do
    case $step in
    documents | system | attack | install) waiting="$waiting $step" ;;
    lint | headers | unit | replay | asan | clang | fuzz | tsan) computing="$computing $step" ;;
    soak) soak=soak ;;
    *) echo "test.sh: there is no step $step" >&2; exit 2 ;;
    esac
done

trap 'trap "" TERM; kill 0' INT TERM HUP # a lane behind would go on
behind() { # behind STEP...: in a lane that leaves the processor to others
    sh -c 'renice -n 10 -p "$PPID"' >/dev/null
    for step in "$@"; do run "$step"; done
}

# shellcheck disable=SC2086 # steps are words
(behind $computing) &
(behind $soak) &
for step in $waiting; do run "$step"; done
wait
awk '{ passed += $1; failed += $2 } END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }' "$log/counts"
