#!/bin/sh
# Sorting: lanpost, and beside it in the same run Pigeonhole's sieve-filter, fdm and maildrop, where they are installed
# (Debian: dovecot-sieve fdm maildrop). Prints the median of RUNS for each, in messages a second.
#
# usage: bench/sort/run.sh            (after make; RUNS=5 MESSAGES=5000 RULES="10 1000" WORK=/tmp/lanpost-bench-sort)
# Nothing is removed before the end: for some minutes ext4 looks twice at each inode that was freed, and file creation takes
# three times as long for any program.
# As root the peers run as OWNER (daemon): they refuse to sort mail for root.
set -eu
umask 077
cd "$(dirname "$0")/../.."
runs=${RUNS:-5} messages=${MESSAGES:-5000} work=${WORK:-/tmp/lanpost-bench-sort} owner=${OWNER:-daemon}
make -s build/bench/sort/sort_bench
bench=$PWD/build/bench/sort/sort_bench generate=$PWD/bench/sort/generate.py
[ ! -e "$work" ] || { echo "$work is there already: remove it, and wait five minutes" >&2; exit 1; }
mkdir -p "$work"

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# $peer: the source Maildir by hard links, and empty mailboxes.
fresh() {
    peer=$set/$1.$run
    mkdir -p "$peer/in" "$peer/out" "$peer/home"
    cp -al "$set/mail/new" "$set/mail/cur" "$set/mail/tmp" "$peer/in/"
    for box in $(cut -d' ' -f1 "$set/expected"); do
        mkdir -p "$peer/out/$box/new" "$peer/out/$box/cur" "$peer/out/$box/tmp"
    done
    as=
    if [ "$(id -u)" = 0 ]; then
        chown -R "$owner:" "$peer" "$set/mail/new"
        chmod 755 "$work" "$set"
        as="setpriv --reuid $owner --regid $(id -g "$owner") --clear-groups"
    fi
}

check() {
    while read -r box count; do
        got=$(find "$1$box/new" "$1$box/cur" -type f 2>/dev/null | wc -l)
        [ "$got" = "$count" ] || { echo "$2: $box has $got messages, not $count" >&2; return; }
    done < "$set/expected"
}

now() { date +%s.%N; }
rate() { awk -v a="$1" -v b="$2" -v n="$messages" 'BEGIN { printf "%.0f\n", n / (b - a) }'; }

peer_sieve() {
    {
        printf 'base_dir = %s\nlog_path = %s\nssl = no\n' "$peer/run" "$peer/log"
        printf 'mail_location = maildir:%s\nmail_home = %s\nfirst_valid_uid = 0\n' "$peer/in" "$peer/home"
        printf 'postmaster_address = postmaster@example.org\nplugin {\n  sieve_max_script_size = 10M\n}\n'
        printf 'namespace inbox {\n  inbox = yes\n'
        for box in $(cut -d' ' -f1 "$set/expected"); do printf '  mailbox %s {\n    auto = create\n  }\n' "$box"; done
        printf '}\n'
    } > "$peer/dovecot.conf"
    cp "$set/rules.sieve" "$peer/"
    sievec -c "$peer/dovecot.conf" "$peer/rules.sieve"
    [ -z "$as" ] || chown -R "$owner:" "$peer"
    start=$(now)
    $as sieve-filter -c "$peer/dovecot.conf" -e -W "$peer/rules.sieve" INBOX > "$peer/trace" 2>&1
    rate "$start" "$(now)"
    check "$peer/in/." sieve-filter
}
peer_fdm() {
    { printf 'set lock-file "%s"\n' "$peer/lock"; cat "$set/rules.fdm"; } > "$peer/rc"
    [ -z "$as" ] || chown "$owner" "$peer/rc"
    chmod 600 "$peer/rc"
    start=$(now)
    HOME="$peer/home" USER=$owner $as fdm -q -f "$peer/rc" -D "\$dest=$peer/out" -D "\$source=$peer/in" \
        -u "$owner" -a in fetch
    rate "$start" "$(now)"
    check "$peer/out/" fdm
}
# A process a message, as it is used; a tenth of the mail is enough to see its speed.
peer_maildrop() {
    cp "$set/rules.maildrop" "$peer/rc"
    chmod 600 "$peer/rc"
    few=$((messages / 10))
    find "$set/mail/new" -type f | head -n "$few" > "$peer/list"
    start=$(now)
    while read -r file; do
        DEST="$peer/out" HOME="$peer/home" maildrop "$peer/rc" < "$file"
    done < "$peer/list"
    end=$(now)
    awk -v a="$start" -v b="$end" -v n="$few" 'BEGIN { printf "%.0f\n", n / (b - a) }'
}

for rules in ${RULES:-10 1000}; do
    set=$work/$rules
    "$generate" "$set" "$messages" "$rules"
    sync
    for what in memory deliver sieve fdm maildrop; do : > "$set/$what.rates"; done
    for run in $(seq "$runs"); do
        "$bench" memory "$set" | cut -f2 >> "$set/memory.rates"
        "$bench" deliver "$set" "$set/spool.$run" | cut -f2 >> "$set/deliver.rates"
        if command -v sieve-filter > /dev/null; then fresh sieve; peer_sieve >> "$set/sieve.rates"; fi
        if command -v fdm > /dev/null; then fresh fdm; peer_fdm >> "$set/fdm.rates"; fi
        if command -v maildrop > /dev/null; then fresh maildrop; peer_maildrop >> "$set/maildrop.rates"; fi
        echo "rules=$rules run=$run done" >&2
    done
    for what in memory deliver sieve fdm maildrop; do
        [ ! -s "$set/$what.rates" ] || printf '%s\t%s rules\t%s messages/s\n' "$what" "$rules" "$(median < "$set/$what.rates")"
    done
done
rm -rf "$work"
