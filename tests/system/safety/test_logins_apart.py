"""Passwords are checked in a process of its own: what happens when it dies, and what outlives it."""
import base64
import os
import poplib
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from harness.gateway import BUILD, PASSWORD
from harness.raw import Raw
from harness.waiting import until


def process(office, name):
    """The newest process of that name, by the log; it must live."""
    pids = [int(pid) for pid in re.findall(rf" {name}\[(\d+)\]: event=sandbox", office.log())]
    return pids[-1] if pids and Path(f"/proc/{pids[-1]}").exists() else None


def new_password(office, user, password):
    subprocess.run([BUILD / "lanpost", "-c", office.conf, "user", "passwd", user], input=password, check=True, capture_output=True, timeout=90)


@pytest.fixture
def office(make_gateway):
    gateway = make_gateway(start=False, users={"ivan": {}, "anna": {}})
    for user in ("ivan", "anna"):
        new_password(gateway, user, PASSWORD.encode())
    gateway.start()
    until(lambda: process(gateway, "auth"), 15, "the auth process")
    return gateway


def salt(office, name):
    raw = Raw(office.pop3_port)
    raw.send(b"AUTH SCRAM-SHA-256 " + base64.b64encode(b"n,,n=" + name + b",r=nonce") + b"\r\n")
    reply = base64.b64decode(raw.line().split()[1])
    raw.close()
    return reply.split(b"s=")[1].split(b",")[0]


def test_it_dies_during_logins(office):
    """A client in the middle of a login gets a temporary error; the next attempt works, and the sessions continue."""
    replies, stop = [], threading.Event()
    with office.smtp() as bystander:
        bystander.ehlo()
        bystander.docmd("MAIL", "FROM:<ivan@office.lan>")

        def log_in_and_again():
            while not stop.is_set():
                with socket.create_connection(("127.0.0.1", office.pop3_port), 90) as client:
                    file = client.makefile("rb")
                    file.readline()
                    client.sendall(b"USER ivan\r\nPASS " + PASSWORD.encode() + b"\r\n")
                    file.readline()
                    replies.append(file.readline())

        threads = [threading.Thread(target=log_in_and_again) for _ in range(4)]
        for thread in threads:
            thread.start()
        killed = set()
        for _ in range(2):
            until(lambda: process(office, "auth") not in {None, *killed}, 30, "the auth process to be back")
            enough = len(replies) + 20
            until(lambda: len(replies) >= enough, 30, "logins")
            victim = process(office, "auth")
            killed.add(victim)
            os.kill(victim, signal.SIGKILL)
        until(lambda: process(office, "auth") not in {None, *killed}, 30, "the auth process to be back")
        enough = len(replies) + 20
        until(lambda: len(replies) >= enough, 30, "logins after it was killed")
        stop.set()
        for thread in threads:
            thread.join(90)
        assert bystander.docmd("RCPT", "TO:<anna@office.lan>")[0] == 250
    wrong = {line for line in replies if not line.startswith((b"+OK", b"-ERR [SYS/TEMP]", b"-ERR [IN-USE]"))}
    assert not wrong and any(line.startswith(b"+OK") for line in replies[-20:]), wrong
    assert office.pop3("ivan").stat()[0] == 0


def test_made_up_salts_outlive_all_of_it(office):
    before = [salt(office, name) for name in (b"ivan", b"nobody", b"somebody")]
    assert len(set(before)) == 3
    os.kill(process(office, "auth"), signal.SIGKILL)
    office.cli("reload")
    assert [salt(office, name) for name in (b"ivan", b"nobody", b"somebody")] == before
    office.stop()
    office.start()
    assert [salt(office, name) for name in (b"ivan", b"nobody", b"somebody")] == before
    key = office.spool / "login-salt.key"
    assert key.stat().st_mode & 0o777 == 0o600 and key.stat().st_size == 32


def test_a_reload_brings_new_passwords_and_forgets_no_failures(office):
    def guess():
        with pytest.raises(poplib.error_proto):
            office.pop3("anna", "wrong")

    threads = [threading.Thread(target=guess) for _ in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    new_password(office, "ivan", b"another-word-1")
    office.cli("reload")
    server = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
    server.user("ivan")
    with pytest.raises(poplib.error_proto, match="Too many failed logins"):
        server.pass_("another-word-1")
    server.close()
    assert office.log().count("event=login-shut-out ip=127.0.0.1 ") == 1


def test_new_password_counts_from_the_reload_on(office):
    assert office.pop3("ivan").stat()[0] == 0
    new_password(office, "ivan", b"another-word-1")
    office.cli("reload")
    with pytest.raises(poplib.error_proto):
        office.pop3("ivan")
    assert office.pop3("ivan", "another-word-1").stat()[0] == 0


def test_a_crash_is_reported_and_the_new_one_has_the_same_users(office):
    os.kill(process(office, "auth"), signal.SIGKILL)
    until(lambda: any("process that checks passwords" in file.read_text(errors="replace") for file in office.files("postmaster")), 20,
          "the report of the crash")
    assert office.pop3("ivan").stat()[0] == 0


# --- who is known, and who is shut out, over a restart


def guesses(office, count):
    """An attacker at the address of all of us; each guess is of another name, side by side, since replies are late."""
    def guess(n):
        server = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
        server.user(f"nobody{n}")
        with pytest.raises(poplib.error_proto):
            server.pass_("wrong")
        server.close()

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)


def kill_auth(office):
    victim = process(office, "auth")
    os.kill(victim, signal.SIGKILL)
    until(lambda: process(office, "auth") not in (None, victim), 20, "the new auth process")


def restart(office):
    office.stop()
    office.start()


def kill_all(office):
    # What has come is on the disk a second later, whatever dies then.
    until(lambda: "ivan" in (office.spool / "login-notes").read_text(), 10, "the notes on the disk")
    os.kill(office.process.pid, signal.SIGKILL)
    office.process.wait()
    office.start()


@pytest.mark.parametrize("end", [kill_auth, restart, kill_all], ids=["auth is killed", "restart", "all are killed"])
def test_who_is_known_stays_known_and_who_is_shut_out_stays_out(office, end):
    assert office.pop3("ivan").stat()[0] == 0
    until(lambda: (office.spool / "login-notes").exists(), 10, "the notes")
    end(office)
    guesses(office, 22)
    assert office.log().count("event=login-shut-out ip=127.0.0.1 ") == 1
    assert office.pop3("ivan").stat()[0] == 0, "ivan was here before the attacker"
    with pytest.raises(poplib.error_proto, match="Too many failed logins"):
        office.pop3("anna")
    until(lambda: "address 127.0.0.1" in (office.spool / "login-notes").read_text(), 10, "the ban on the disk")
    end(office)
    with pytest.raises(poplib.error_proto, match="Too many failed logins"):
        office.pop3("anna")
    assert office.pop3("ivan").stat()[0] == 0
    notes = office.spool / "login-notes"
    assert notes.stat().st_mode & 0o777 == 0o600 and len(notes.read_text().splitlines()) == 2


@pytest.mark.parametrize("text", [b"", b"\0\xff" * 1000, b"known 127.0.0.1\nknown 127.0.0.1 99 x y\nnetwork ::1 x\n", b"known 127.0.0.1 1 ivan\n" * 200000],
                         ids=["empty", "bytes", "cut", "long"])
def test_damaged_notes_keep_nobody_out(office, text):
    office.stop()
    (office.spool / "login-notes").write_bytes(text)
    office.start()
    assert office.pop3("ivan").stat()[0] == 0
    until(lambda: b" ivan\n" in (office.spool / "login-notes").read_bytes()[-40:] and (office.spool / "login-notes").stat().st_size < 100, 10, "new notes")


# --- one that hangs


def test_one_that_hangs_is_replaced(office):
    """A login meanwhile is delayed, or gets a temporary error; then everything is as before."""
    assert office.pop3("ivan").stat()[0] == 0
    hung = process(office, "auth")
    os.kill(hung, signal.SIGSTOP)
    server = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
    server.user("anna")
    try:
        server.pass_(PASSWORD)
    except poplib.error_proto as error:
        assert b"[SYS/TEMP]" in error.args[0]
    server.close()
    until(lambda: process(office, "auth") not in (None, hung), 45, "the new process")
    assert not Path(f"/proc/{hung}").exists()
    assert office.pop3("anna").stat()[0] == 0
    assert office.log().count("event=auth-hangs") == 1
    until(lambda: any("did not answer" in file.read_text(errors="replace") for file in office.files("postmaster")), 20, "the report")
