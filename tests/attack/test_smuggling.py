"""No message is smuggled in behind another, no command is injected before TLS."""
import re
import socket
import ssl

import pytest

from harness.raw import Raw
from harness.sink import Sink

ENDS = {
    "lf dot lf": b"\n.\n",
    "lf dot crlf": b"\n.\r\n",
    "crlf dot lf": b"\r\n.\n",
    "cr dot cr": b"\r.\r",
    "cr dot crlf": b"\r.\r\n",
    "crlf dot cr": b"\r\n.\r",
    "lf dot cr": b"\n.\r",
    "cr dot lf": b"\r.\n",
    "crlf dot cr cr lf": b"\r\n.\r\r\n",
    "crlf nul dot crlf": b"\r\n\0.\r\n",
    "crlf dot nul crlf": b"\r\n.\0\r\n",
    "lf lf dot lf lf": b"\n\n.\n\n",
    "cr cr lf dot cr cr lf": b"\r\r\n.\r\r\n",
    "lf cr dot lf cr": b"\n\r.\n\r",
    "crlf lf dot crlf": b"\r\n\n.\r\n",
    "crlf dot blank crlf": b"\r\n. \r\n",
    "crlf dot tab crlf": b"\r\n.\t\r\n",
    "crlf dot vt crlf": b"\r\n.\v\r\n",
    "crlf dot ff crlf": b"\r\n.\f\r\n",
    "vt dot vt": b"\v.\v",
    "nel dot nel": b"\xc2\x85.\xc2\x85",
    "c1 nel dot nel": b"\x85.\x85",
    "ls dot ls": b"\xe2\x80\xa8.\xe2\x80\xa8",
    "crlf sub crlf": b"\r\n\x1a\r\n",
    "crlf two dots crlf": b"\r\n..\r\n",
}
SMUGGLED = (b"MAIL FROM:<admin@office.lan>\r\nRCPT TO:<anna@office.lan>\r\nDATA\r\n"
            b"Subject: smuggled\r\n\r\nsmuggled\r\n.\r\n")


@pytest.fixture(scope="module")
def office(make_shared):
    return make_shared(users=["ivan", "anna"])


def begin(port):
    raw = Raw(port)
    assert raw.ask(b"EHLO pc.office.lan").startswith(b"250")
    return raw


def begin_data(raw, recipient=b"ivan@office.lan"):
    assert raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"250")
    assert raw.ask(b"RCPT TO:<" + recipient + b">").startswith(b"250")
    assert raw.ask(b"DATA").startswith(b"354")


def has_bare_end(data):
    return re.search(rb"(?<!\r)\n|\r(?!\n)", data) is not None


@pytest.mark.parametrize("in_pieces", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_only_crlf_dot_crlf_ends_a_message(office, end, in_pieces):
    raw = begin(office.smtp_port)
    begin_data(raw)
    data = b"Subject: carrier\r\n\r\ntext" + end + SMUGGLED
    raw.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in [data[n:n + 1] for n in range(len(data))] if in_pieces else [data]:
        raw.send(piece)
    reply = raw.reply()
    assert reply.startswith(b"550 5.6.11") if has_bare_end(end) else reply.startswith((b"250", b"550")), reply
    assert raw.ask(b"NOOP").startswith(b"250")  # one reply for one message, nothing more
    assert raw.ask(b"QUIT").startswith(b"221")
    assert office.files("anna") == []


CHUNKS = {
    "negative": b"BDAT -1 LAST", "hex": b"BDAT 0x10 LAST", "plus": b"BDAT +5 LAST", "beyond 2^64": b"BDAT 18446744073709551617 LAST",
    "last twice": b"BDAT 5 LAST LAST", "tab": b"BDAT 5\tLAST", "none": b"BDAT", "word": b"BDAT five LAST", "another word": b"BDAT 5 FIRST",
    "two sizes": b"BDAT 5 6 LAST", "fraction": b"BDAT 5.0 LAST", "exponent": b"BDAT 1e1 LAST", "nul": b"BDAT 5\0 LAST",
}


@pytest.mark.parametrize("command", CHUNKS.values(), ids=CHUNKS.keys())
def test_a_chunk_of_no_clear_size_ends_the_connection(office, command):
    """For the client the following bytes belong to the message: they must never be taken for commands."""
    raw = begin(office.smtp_port)
    assert raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"250")
    assert raw.ask(b"RCPT TO:<ivan@office.lan>").startswith(b"250")
    raw.send(command + b"\r\n" + SMUGGLED)
    replies = raw.rest()
    assert not re.search(rb"(?m)^(354|250 )", replies), replies
    assert office.files("anna") == []


def test_an_end_within_a_chunk_is_none(office):
    raw = begin(office.smtp_port)
    before = len(office.files("ivan"))
    assert raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"250")
    assert raw.ask(b"RCPT TO:<ivan@office.lan>").startswith(b"250")
    chunk = b"Subject: chunk\r\n\r\nx\r\n.\r\n" + SMUGGLED
    raw.send(b"BDAT %d LAST\r\n" % len(chunk) + chunk)
    assert raw.reply().startswith(b"250")
    assert raw.ask(b"NOOP").startswith(b"250")
    assert office.mailbox_when("ivan", before + 1)[-1].endswith(chunk)
    assert office.files("anna") == []


@pytest.mark.parametrize("commands", [[b"BDAT 2 LAST\r\nx\r\n"], [b"MAIL FROM:<ivan@office.lan>", b"BDAT 2 LAST\r\nx\r\n"],
                                      [b"MAIL FROM:<ivan@office.lan>", b"RCPT TO:<ivan@office.lan>", b"BDAT 3\r\nx\r\n", b"DATA"]],
                         ids=["before MAIL", "before RCPT", "then DATA"])
def test_a_chunk_out_of_turn_is_no_message(office, commands):
    raw = begin(office.smtp_port)
    before = len(office.files("ivan"))
    for command in commands:
        raw.send(command if command.endswith(b"\n") else command + b"\r\n")
    raw.send(b"QUIT\r\n")
    assert re.search(rb"(?m)^503", raw.rest())
    assert len(office.files("ivan")) == before


def test_the_connection_goes_on_after_a_refused_message(office):
    before = len(office.files("ivan"))
    raw = begin(office.smtp_port)
    begin_data(raw)
    raw.send(b"Subject: bare\r\n\r\na\nb\r\n.\r\n")
    assert raw.reply().startswith(b"550 5.6.11")
    begin_data(raw)
    raw.send(b"Subject: good\r\n\r\n..\r\n.\r\n")
    assert raw.reply().startswith(b"250")
    assert office.mailbox_when("ivan", before + 1)[-1].endswith(b"Subject: good\r\n\r\n.\r\n")


def test_nothing_injected_before_starttls_is_run_inside(office):
    raw = begin(office.submission_port)
    raw.send(b"STARTTLS\r\nMAIL FROM:<evil@office.lan>\r\nRCPT TO:<anna@office.lan>\r\n")
    assert raw.reply().startswith(b"220")
    try:
        raw.start_tls()
    except (ssl.SSLError, OSError):
        return  # hung up: just as well
    # Inside, nobody has said MAIL.
    assert raw.ask(b"EHLO pc").startswith(b"250")
    assert raw.ask(b"DATA").startswith(b"503")


def test_nothing_injected_before_stls_is_run_inside(office):
    before = len(office.files("ivan"))
    office.send("ivan@office.lan", ["ivan@office.lan"], b"Subject: x\r\n\r\nx\r\n")
    raw = Raw(office.pop3_port)
    raw.send(b"STLS\r\nUSER ivan\r\nPASS geheim-42\r\nDELE 1\r\nQUIT\r\n")
    assert raw.line().startswith(b"+OK")
    try:
        raw.start_tls()
        raw.send(b"STAT\r\n")
        assert raw.line().startswith(b"-ERR")
    except (ssl.SSLError, OSError):
        pass
    assert len(office.files("ivan")) == before + 1


def test_what_leaves_has_only_crlf_and_stuffed_dots(make_gateway):
    """Mail fetched from outside may hold bare LF; forwarding it must not end a message early."""
    from harness.misbehaving import MisbehavingPop3
    sink = Sink()
    hostile = b"Subject: forward me\r\n\r\nline\n.\nMAIL FROM:<evil@x>\r\n\r.\rdot\r\n"
    server = MisbehavingPop3([hostile])
    office = make_gateway(
        users={"ivan": {"external_alias": "ivan@example.ru"}},
        rules={"away": {"when": "always", "forward": "other@bank.ru"}},
        accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y"}},
        smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none", "user": ""}})
    office.session()
    office.session("--send-only")  # at the latest
    server.stop()
    sink.stop()
    assert len(sink.letters) == 1
    content = sink.letters[0].content.replace(b"\r\n", b"")
    assert b"\n" not in content and b"\r" not in content
