"""No client gets more than its share: errors, commands that do nothing, time, places."""
import base64
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.gateway import PASSWORD, Gateway
from harness.raw import Raw
from harness.waiting import until

CLIENT_HELLO = b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03" + bytes(range(64, 104))  # no line end in it


@pytest.fixture
def office(make_gateway):
    return make_gateway(users=["ivan", "anna"])


def test_guesses_of_names_are_late_and_soon_at_an_end(office):
    raw = Raw(office.smtp_port)
    raw.ask(b"EHLO pc")
    raw.ask(b"MAIL FROM:<ivan@office.lan>")
    begin, count = time.monotonic(), 0
    while raw.ask(b"RCPT TO:<annb@office.lan>") == b"550 5.1.1 <annb@office.lan>: no such user":
        count += 1
    assert count == 20 and time.monotonic() - begin > 4
    assert Raw(office.smtp_port).greeting.startswith(b"220")


def test_who_guesses_names_again_is_late_from_the_first(office):
    def guess(source):
        caller = Caller(office.smtp_port, source)
        caller.ask(b"EHLO pc")
        caller.ask(b"MAIL FROM:<ivan@office.lan>")
        count = 0
        while caller.ask(b"RCPT TO:<annb@office.lan>").startswith(b"550") and count < 14:
            count += 1
        caller.send(b"QUIT\r\n")
        caller.rest()  # it is counted when the session ends
        return count
    assert [guess("127.0.5.1") for _ in range(2)] == [14, 14]
    begin = time.monotonic()
    assert guess("127.0.5.1") < 12 and time.monotonic() - begin > 5  # a second and more for each
    assert guess("127.0.5.2") == 14


def test_a_list_with_some_old_names_gets_through_without_delay(office):
    raw = Raw(office.smtp_port)
    raw.ask(b"EHLO pc")
    raw.ask(b"MAIL FROM:<ivan@office.lan>")
    for n in range(100):
        assert raw.ask(b"RCPT TO:<%s@office.lan>" % (b"left%d" % n if n % 7 == 0 else b"anna"))[:3] in (b"250", b"550")
    assert raw.ask(b"DATA").startswith(b"354")
    assert raw.ask(b"Subject: to all\r\n\r\n.").startswith(b"250")
    office.mailbox_when("anna", 1)


def test_refused_messages_come_to_an_end(office):
    """Else each is a line in the log, for no more than its own bytes."""
    raw = Raw(office.smtp_port)
    raw.ask(b"EHLO pc")
    count = 0
    while raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"250") and count < 40:
        raw.ask(b"RCPT TO:<anna@office.lan>")
        raw.ask(b"DATA")
        count += raw.ask(b"Subject: x\n\r\n.").startswith(b"550")
    assert count == 20 and office.log().count("event=smtp-refused") == 20


@pytest.mark.parametrize("port, line", [("smtp_port", b"NOOP"), ("smtp_port", b"RSET"), ("smtp_port", b"HELP"), ("smtp_port", b"VRFY x"),
                                        ("smtp_port", b"EHLO x"), ("smtp_port", b""), ("pop3_port", b"CAPA"), ("pop3_port", b""),
                                        ("pop3_port", b"USER ivan"), ("pop3_port", b"AUTH"), ("imap_port", b"a NOOP"),
                                        ("imap_port", b"a CAPABILITY"), ("imap_port", b"a ID NIL"), ("imap_port", b"")])
def test_commands_that_do_nothing_end(office, port, line):
    raw = Raw(getattr(office, port))
    raw.send((line + b"\r\n") * 130)
    raw.rest()  # the socket's own limit is 20 s of silence


FOREIGN = (b"421 4.7.0 Not an SMTP command, closing connection\r\n", b"-ERR Not a POP3 command, closing connection\r\n",
           b"* BYE Not an IMAP command, closing connection\r\n")


@pytest.mark.parametrize("head", [b"get / http/1.1", b"TRACE / HTTP/1.1", b"OPTIONS *", b"PATCH /x", b"PRI * HTTP/2.0", b"SSH-2.0-x",
                                  b"Host: gw", b"x-own-header:x"], ids=lambda head: head.split()[0].decode())
@pytest.mark.parametrize("port", ["smtp_port", "pop3_port", "imap_port"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_another_protocol_ends_at_its_first_line(office, port, head, tls):
    raw = Raw(getattr(office, port))
    if tls:
        if port == "smtp_port":
            raw.ask(b"EHLO pc")
        raw.send({"smtp_port": b"STARTTLS\r\n", "pop3_port": b"STLS\r\n", "imap_port": b"a STARTTLS\r\n"}[port])
        raw.line()
        raw.start_tls()
    raw.send(head + b"\r\n" + b"NOOP\r\nCAPA\r\n" * 3)
    assert raw.rest() in FOREIGN


@pytest.mark.parametrize("port", ["smtp_port", "submission_port", "pop3_port", "imap_port"])
def test_tls_at_a_plain_port_hears_at_once_that_it_is_wrong(office, port):
    raw = Raw(getattr(office, port))
    raw.send(CLIENT_HELLO)
    assert raw.rest() in FOREIGN  # within the silence that the socket bears
    assert "event=tls-on-plain-port" in office.log()


def test_a_stop_does_not_wait_for_late_replies(office):
    raws = [Raw(office.smtp_port) for _ in range(5)]
    for raw in raws:
        raw.send(b"NONSENSE\r\n" * 19)
    begin = time.monotonic()
    office.stop()
    assert time.monotonic() - begin < 6


# --- places


class Caller(Raw):
    """A client with an address of its own."""

    def __init__(self, port, source, host="127.0.0.1"):
        self.sock = socket.create_connection((host, port), 20, source_address=(source, 0))
        self.file = self.sock.makefile("rb")
        self.greeting = self.line()

    def is_in(self):
        return self.greeting.startswith((b"220", b"+OK", b"* OK"))

    def hears(self):
        """What has come in the meantime: nothing, or last words."""
        self.sock.setblocking(False)
        try:
            return self.sock.recv(4096)
        except BlockingIOError:
            return None
        finally:
            self.sock.settimeout(90)


@pytest.fixture
def hall(make_gateway):
    """20 places, the last 2 for newcomers, 4 for an address."""
    gateway = make_gateway(users=["ivan", "anna"], sections={"lan": {"max_sessions": 20, "max_sessions_per_ip": 4}})
    until(lambda: gateway.cli("who").stdout.count("127.0.0.1") == 0, 10, "the fixture's own connections to end")
    return gateway


def crowd(hall, count, port="smtp_port"):
    callers = [Caller(getattr(hall, port), f"127.0.1.{n // 4 + 1}") for n in range(count)]
    assert all(caller.is_in() for caller in callers)
    return callers


def test_idle_strangers_make_room_for_who_comes(hall):
    idle = crowd(hall, 18)
    newcomers = [Caller(hall.pop3_port, f"127.0.2.{n}") for n in range(1, 6)]
    assert all(caller.is_in() for caller in newcomers)
    gone = until(lambda: [heard for heard in [caller.hears() for caller in idle] if heard is not None], 10, "last words")
    assert all(heard.startswith(b"421 4.3.2 ") for heard in gone)
    until(lambda: "event=client-evicted" in hall.log(), what="a line in the log")
    for n, caller in enumerate(newcomers):
        assert caller.ask(b"CAPA").startswith(b"+OK"), n


def test_the_bytes_of_a_literal_make_no_stranger_a_sender(hall):
    """Else a byte now and then would keep a place for hours."""
    idle = crowd(hall, 18, "imap_port")
    for caller in idle:
        assert caller.ask(b"a LOGIN {5}").startswith(b"+ ")
        caller.send(b"iv")
    newcomers = [Caller(hall.pop3_port, f"127.0.2.{n}") for n in range(1, 6)]
    assert all(caller.ask(b"CAPA").startswith(b"+OK") for caller in newcomers)


def test_a_late_reply_to_a_login_ends_with_an_eviction(hall):
    """Threads that wait on would pile up, until nobody can be let in."""
    guessers = crowd(hall, 18, "pop3_port")
    for caller in guessers:
        caller.send(b"USER ivan\r\nPASS wrong\r\nUSER ivan\r\nPASS wrong\r\nUSER ivan\r\nPASS wrong\r\n")
    until(lambda: hall.log().count("event=login-failed") >= 30, 15, "the first answers")  # those that follow take longer
    newcomers = [Caller(hall.pop3_port, f"127.0.2.{n}") for n in range(1, 6)]
    assert all(caller.is_in() for caller in newcomers)
    gone = set()
    def are_gone():
        gone.update(n for n, caller in enumerate(guessers) if n not in gone and b"closing" in (caller.hears() or b""))
        return len(gone) >= 3
    until(are_gone, 1, "last words")


def test_who_is_logged_in_or_sends_stays(hall):
    user = Caller(hall.pop3_port, "127.0.3.1")
    assert user.ask(b"USER ivan") and user.ask(b"PASS " + PASSWORD.encode()).startswith(b"+OK")
    sender = Caller(hall.submission_port, "127.0.3.2")
    sender.ask(b"EHLO pc")
    assert sender.ask(b"AUTH PLAIN " + base64.b64encode(b"\0anna\0" + PASSWORD.encode())).startswith(b"235")
    writer = Caller(hall.smtp_port, "127.0.3.3")
    for line in (b"EHLO pc", b"MAIL FROM:<anna@office.lan>", b"RCPT TO:<ivan@office.lan>", b"DATA"):
        answer = writer.ask(line)
    assert answer.startswith(b"354")
    writer.send(b"Subject: begun before the crowd\r\n\r\n")
    others = crowd(hall, 15)
    for n in range(1, 40):
        others.append(Caller(hall.smtp_port, f"127.0.2.{n}"))
        assert others[-1].is_in()
    assert writer.ask(b"and ended after it\r\n.").startswith(b"250")
    assert sender.ask(b"NOOP").startswith(b"250") and user.ask(b"STAT").startswith(b"+OK")


@pytest.mark.parametrize("last", [b"DATA\r\nSubject: never ended\r\n", b"BDAT 900000000\r\nSubject: never ended\r\n"], ids=["DATA", "BDAT"])
def test_messages_that_do_not_come_make_room(hall, last):
    """All places are taken by senders who have begun a message and say no more."""
    senders = crowd(hall, 18) + [Caller(hall.smtp_port, f"127.0.4.{n}") for n in (1, 2)]
    for caller in senders:
        for line in (b"EHLO pc", b"MAIL FROM:<a@b.example>", b"RCPT TO:<ivan@office.lan>"):
            assert caller.ask(line).startswith(b"250")
        caller.send(last)
    assert not Caller(hall.pop3_port, "127.0.2.1").is_in()  # they had no time yet

    def somebody_is_let_in():
        senders[-1].send(b"X: " + b"y" * 8192 + b"\r\n")  # this one goes on
        return Caller(hall.pop3_port, "127.0.2.1").is_in()
    until(somebody_is_let_in, 20, "a place")
    assert senders[-1].hears() in (None, b"354 End data with <CR><LF>.<CR><LF>\r\n")
    until(lambda: "event=client-evicted" in hall.log(), what="a line in the log")


def test_an_address_that_has_its_places_waits_for_its_own(hall):
    held = crowd(hall, 4)
    assert Caller(hall.smtp_port, "127.0.1.1").greeting.startswith(b"421")
    assert Caller(hall.smtp_port, "127.0.1.2").is_in()
    assert all(caller.hears() is None for caller in held)


def test_in_a_crowd_strangers_have_seconds(hall):
    idle = crowd(hall, 16)
    begin = time.monotonic()
    late = Caller(hall.smtp_port, "127.0.2.1")
    assert late.rest().startswith(b"421 4.4.2")
    assert 8 < time.monotonic() - begin  # 10 s; within the 90 s that the socket bears, not 3 minutes
    assert all(caller.hears() is None for caller in idle[:8])  # they came when there was room


def test_in_a_crowd_words_without_use_buy_no_time(hall):
    """Nor do the bytes of a login that does not end."""
    idle = crowd(hall, 16)
    late = {Caller(hall.pop3_port, "127.0.2.1"): b"CAPA\r\n", Caller(hall.imap_port, "127.0.2.2"): b"x {1+}\r\n"}
    list(late)[1].send(b"a LOGIN {1+}\r\n")
    begin, ended = time.monotonic(), []
    while len(ended) < 2 and time.monotonic() - begin < 120:
        for caller in set(late) - set(ended):
            try:
                caller.send(late[caller])
                if caller.hears() == b"":
                    raise ConnectionError
            except OSError:
                ended.append(caller)
                assert 20 < time.monotonic() - begin
        time.sleep(3)  # clients that say something now and then
    assert len(ended) == 2 and len(idle) == 16


def in_one_network(folder):
    """Within a network namespace: 20 addresses of a /64 idle in all places that they get, then somebody else comes."""
    subprocess.run("ip link set lo up; for i in $(seq 1 21); do ip -6 addr add fd00::$i/128 dev lo nodad; done; "
                   "ip -6 addr add fd00:0:0:1::1/128 dev lo nodad", shell=True, check=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    office = Gateway(folder, users=["ivan"], sections={"lan": {"listen": "127.0.0.1, ::", "max_sessions": 200, "max_sessions_per_ip": 10}})
    office.start()
    try:
        held = [Caller(office.smtp_port, f"fd00::{i}", "fd00::21") for i in range(1, 21) for _ in range(10)]
        inside = sum(caller.is_in() for caller in held)
        assert inside >= 100, f"{inside} of 200 are in"
        for caller in held:
            if caller.is_in():
                caller.send(b"NOOP\r\n")
        for source, host in (("127.0.0.1", "127.0.0.1"), ("fd00:0:0:1::1", "fd00::21"), ("fd00::21", "fd00::21")):
            caller = Caller(office.pop3_port, source, host)
            assert caller.is_in(), f"{source}: {caller.greeting}"
        open_now = sum(caller.hears() in (None, b"250 2.0.0 OK\r\n") for caller in held if caller.is_in())
        assert open_now <= 102, f"one network holds {open_now} places"
    finally:
        office.stop()


def test_one_network_does_not_keep_all_others_out(folder):
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(["unshare", "-rn", sys.executable, __file__, folder], capture_output=True, text=True, timeout=120, env=paths)
    if "unshare" in done.stderr:
        pytest.skip("no network namespaces here")
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    in_one_network(Path(sys.argv[1]))
