"""In no phase of a dialogue does a client that says nothing more keep its place for long."""
import select
import socket
import ssl
import time

import pytest

from harness.raw import Raw
from harness.waiting import PATIENCE

TIMEOUT = 2  # seconds, in [lan]
HELLO = [b"EHLO pc\r\n"]
MAIL = [*HELLO, b"MAIL FROM:<ivan@office.lan>\r\n", b"RCPT TO:<ivan@office.lan>\r\n"]
PHASES = {
    "smtp greeting": ("smtp_port", []), "smtp half a line": ("smtp_port", [b"EHL"]), "smtp after EHLO": ("smtp_port", HELLO),
    "smtp login": ("smtp_port", [*HELLO, b"AUTH PLAIN\r\n"]), "smtp after RCPT": ("smtp_port", MAIL),
    "smtp header": ("smtp_port", [*MAIL, b"DATA\r\n", b"Subject: x\r\n"]), "smtp body": ("smtp_port", [*MAIL, b"DATA\r\n", b"Subject: x\r\n\r\nhalf a li"]),
    "smtp chunk": ("smtp_port", [*MAIL, b"BDAT 1000\r\nhalf"]), "smtp starttls": ("smtp_port", [*HELLO, b"STARTTLS\r\n"]),
    "pop3 greeting": ("pop3_port", []), "pop3 half a line": ("pop3_port", [b"USE"]), "pop3 after USER": ("pop3_port", [b"USER ivan\r\n"]),
    "pop3 login": ("pop3_port", [b"AUTH PLAIN\r\n"]), "pop3 stls": ("pop3_port", [b"STLS\r\n"]),
    "imap greeting": ("imap_port", []), "imap half a line": ("imap_port", [b"a LOG"]), "imap login": ("imap_port", [b"a AUTHENTICATE PLAIN\r\n"]),
    "imap literal": ("imap_port", [b"a LOGIN {5}\r\n"]), "imap half a literal": ("imap_port", [b"a LOGIN {5}\r\n", b"iv"]),
    "imap starttls": ("imap_port", [b"a STARTTLS\r\n"]), "imaps no hello": ("imaps_port", None),
    "smtps no hello": ("smtps_port", None), "pop3s no hello": ("pop3s_port", None),
}


@pytest.fixture(scope="module")
def office(make_shared):
    return make_shared(users=["ivan"], sections={"lan": {"timeout": f"{TIMEOUT}s", "require_auth": "no"}})


def begin(office, port, said):
    if said is None:  # TLS begins: half of a record
        sock = socket.create_connection(("127.0.0.1", getattr(office, port)), 30)
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        return sock
    raw = Raw(getattr(office, port))
    for piece in said:
        raw.send(piece)
        if piece.endswith(b"\r\n") and not piece.startswith((b"BDAT", b"Subject")):
            raw.reply()
    return raw.sock


def closed_within(sock, seconds):
    """Reads, and throws away, until the other side hangs up."""
    sock.settimeout(seconds)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if sock.recv(65536) == b"":
                return True
    except TimeoutError:
        return False
    except (ConnectionError, ssl.SSLError):
        return True
    return False


def test_a_silent_client_is_let_go_in_each_phase(office):
    """All at once: they cost the test one deadline."""
    socks = {name: begin(office, port, said) for name, (port, said) in PHASES.items()}
    kept = [name for name, sock in socks.items() if not closed_within(sock, PATIENCE)]
    assert kept == []
    assert office.files("ivan") == []  # half a message is not delivered


def test_a_byte_now_and_then_does_not_buy_time(office):
    """The deadline is that of the line, not of the byte."""
    raw = Raw(office.smtp_port)
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        try:
            raw.sock.send(b"x")
        except OSError:
            break
        if select.select([raw.sock], [], [], 0.5)[0] and raw.sock.recv(100) == b"":
            break
    assert time.monotonic() - begun < PATIENCE  # it was let go


def test_small_chunks_do_not_buy_time(office):
    """Each is in time; what counts is the message."""
    raw = Raw(office.smtp_port)
    for line in MAIL:
        raw.ask(line.rstrip())
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        try:
            raw.send(b"BDAT 1\r\n")
            time.sleep(TIMEOUT * 0.7)  # a slow client
            raw.send(b"x")
            if not raw.reply().startswith(b"250"):
                break
        except OSError:
            break
    assert time.monotonic() - begun < PATIENCE  # it was let go


def test_a_client_that_does_not_read_is_let_go(office):
    office.send("ivan@office.lan", ["ivan@office.lan"], b"Subject: x\r\n\r\n" + b"line of text\r\n" * 400_000)
    office.mailbox_when("ivan", 1)
    raw = Raw(office.pop3_port)
    raw.send(b"USER ivan\r\n")
    raw.line()
    raw.send(b"PASS geheim-42\r\n")
    raw.line()
    raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.send(b"RETR 1\r\n")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:  # while it hangs there the mailbox is locked
        other = Raw(office.pop3_port)
        other.send(b"USER ivan\r\nPASS geheim-42\r\nQUIT\r\n")
        other.line()
        is_free = other.line().startswith(b"+OK")
        other.close()
        if is_free:
            return
        time.sleep(0.5)
    pytest.fail("the mailbox is still locked by a client that does not read")
