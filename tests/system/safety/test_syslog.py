"""[log] syslog: every process speaks to syslogd, also to one that is started anew while all of them are confined."""
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.gateway import Gateway
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.waiting import until

# A /dev of our own, in which we are syslogd.
OWN_DEV = """
mount -t tmpfs tmpfs "$0" || exit 77
for name in null zero full random urandom tty ptmx; do [ -e /dev/$name ] && : > "$0/$name" && mount --bind /dev/$name "$0/$name"; done
mkdir "$0/shm" "$0/pts" && mount --bind /dev/shm "$0/shm" && ln -s /proc/self/fd "$0/fd"
mount --rbind "$0" /dev || exit 77
exec "$@"
"""


class Syslogd:
    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.lines = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while line := self.sock.recv(65536):
            self.lines.append(line.decode())

    def end(self):
        os.unlink("/dev/log")
        self.sock.shutdown(socket.SHUT_RD)
        self.thread.join(90)
        self.sock.close()

    def wait_for(self, process, event):
        until(lambda: any(re.search(rf" {process}\[\d+\]: event={event}", line) for line in self.lines), 20, f"{event} of {process}")


def in_own_dev(folder):
    server = MisbehavingPop3([letter(number=1, to="ivan@example.ru")])
    try:
        follow(folder, server)
    finally:
        server.stop()


def follow(folder, server):
    first = Syslogd()
    office = Gateway(folder, users={"ivan": {"external_alias": "ivan@example.ru"}}, sections={"log": {"syslog": "yes", "level": "debug"}},
                     accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "me", "password": "x"}})
    office.start()
    try:
        first.wait_for("lan", "lan-ready")
        first.wait_for("auth", "sandbox")
        pattern = r"^<\d+>[A-Z][a-z]{2} [ 0-9][0-9] \d\d:\d\d:\d\d lanpost\[\d+\]: \w+ lan\[\d+\]: event=lan-ready"
        assert any(re.match(pattern, line) for line in first.lines), first.lines
        first.end()
        assert office.pop3("ivan").stat()[0] == 0  # nobody takes the lines: that stops nothing
        second = Syslogd()
        office.pop3("ivan").quit()
        second.wait_for("lan", "pop3-login")
        office.session()
        second.wait_for("supervisor", "child-started")
        second.wait_for("session", "account-done")
        second.wait_for("sorter", "sandbox")
        assert office.cli("reload").returncode == 0
        second.wait_for("supervisor", "reloaded")
        assert len(office.files("ivan")) == 1
        second.end()
    finally:
        office.stop()


def test_a_syslogd_that_is_started_anew_is_followed(folder):
    (folder / "dev").mkdir()
    done = subprocess.run(["unshare", "-m", "sh", "-c", OWN_DEV, folder / "dev", sys.executable, __file__, folder], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})
    if "unshare" in done.stderr or done.returncode == 77:
        pytest.skip("no mount namespaces here")
    assert done.returncode == 0, done.stderr + done.stdout


if __name__ == "__main__":
    in_own_dev(Path(sys.argv[1]))
