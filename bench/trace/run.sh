#!/bin/sh
# bench/trace/run.sh [MESSAGES]: `lanpost trace` and the journal's writing and pruning at size (250,000 messages are a
# million events). Prints the figures for docs/performance.md. Put TMPDIR on a real disk.
set -eu
cd "$(dirname "$0")/../.."
messages=${1:-250000}
make -s build/bench/trace/journal_bench all
spool=$(mktemp -d)
trap 'rm -rf "$spool"' EXIT
conf=$spool/lanpost.conf
printf '[gateway]\nhostname = gw.office.lan\nlocal_domain = office.lan\nspool = %s\n' "$spool" > "$conf"
bench=build/bench/trace/journal_bench

echo "writing, journal empty: $($bench write "$spool" 20000)"
rm -f "$spool"/state.db*
$bench fill "$spool" "$messages" 90
echo "state.db: $(du -m "$spool/state.db" | cut -f1) MiB for $messages messages, $((messages * 4)) events"
echo "writing, journal full: $($bench write "$spool" 20000)"

ask() { # WHAT ARGUMENT...: median of three, in ms
    what=$1
    shift
    for _ in 1 2 3; do
        begin=$(date +%s%N)
        build/lanpost -c "$conf" trace "$@" > "$spool/out" 2>&1 || true
        echo $((($(date +%s%N) - begin) / 1000000))
    done | sort -n | sed -n 2p | { read -r ms; echo "$what: $ms ms, $(wc -l < "$spool/out") lines"; }
}
one=$(build/lanpost -c "$conf" trace --json "№123456" | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -1)
address=$(build/lanpost -c "$conf" trace --json "$one" | sed -n 's/.*"recipients": *"\([^"]*\)".*/\1/p' | head -1)
session=$(build/lanpost -c "$conf" trace --json "$one" | sed -n 's/.*"session": *"\([^"]*\)".*/\1/p' | head -1)
known=$(build/lanpost -c "$conf" trace --json "$one" | sed -n 's/.*"message_id": *"\([^"]*\)".*/\1/p' | head -1)
ask "id" "$one"
ask "id of a session" "$session"
ask "Message-ID" "$known"
ask "part of a Message-ID" ".123456@"
ask "address" "$address"
ask "domain" "@FIRM17.example"
ask "words of the subject" "СЧЁТ на ОПЛАТУ склад"
ask "a word that nobody wrote" "нигденет"
ask "a number in the subject" "№123456"
ask "words since yesterday" "счёт" --since 1d
dd of="$spool/state.db" oflag=nocache conv=notrunc,fdatasync count=0 status=none # forgets what is cached of it
begin=$(date +%s%N)
build/lanpost -c "$conf" trace "№123456" > "$spool/out"
echo "a number in the subject, nothing cached: $((($(date +%s%N) - begin) / 1000000)) ms"
ask "all since an hour" --since 1h
ask "all of a day" --since "$(date -d '40 days ago' +%F)" --until "$(date -d '39 days ago' +%F)"
echo "pruning half: $($bench prune "$spool" 45)"
