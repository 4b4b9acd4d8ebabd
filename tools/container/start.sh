#!/bin/sh
# The entrypoint of the container. `run`: the gateway, with a first configuration if there is none; anything else is a command of lanpost:
# `podman exec -it office lanpost-container user add ivan`.
set -eu
config=${LANPOST_CONFIG:-/data/config/lanpost.conf}
folder=$(dirname "$config")
umask 077

first_configuration() {
    mkdir -p "$folder"
    cat > "$config" <<END
[gateway]
local_domain = ${LANPOST_DOMAIN:-office.lan}
spool = $(dirname "$folder")/spool

[lan]
smtp_port = 2525
submission_port = 2587
smtps_port = 2465
pop3_port = 2110
pop3s_port = 2995
imap_port = 2143
imaps_port = 2993
END
}

if [ "${1:-run}" = run ]; then
    [ -e "$config" ] || first_configuration
    exec lanpostd -c "$config"
fi
exec lanpost -c "$config" "$@"
