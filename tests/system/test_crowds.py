"""Nobody gets more than his share: errors, commands that do nothing, time, places."""
import socket
import time

import pytest

from harness.raw import Raw

CLIENT_HELLO = b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03" + bytes(range(64, 104))  # no line end in it


@pytest.fixture
def office(make_gateway):
    return make_gateway(users=["ivan", "anna"])


def test_guesses_of_names_are_late_and_soon_at_an_end(office):
    raw = Raw(office.smtp_port)
    raw.ask(b"EHLO pc")
    raw.ask(b"MAIL FROM:<ivan@office.lan>")
    begin, count = time.monotonic(), 0
    while raw.ask(b"RCPT TO:<annb@office.lan>") == b"550 5.1.1 <annb@office.lan>: no such user here":
        count += 1
    assert count == 20 and time.monotonic() - begin > 5
    assert Raw(office.smtp_port).greeting.startswith(b"220")


def test_a_list_with_some_old_names_gets_through_without_delay(office):
    raw = Raw(office.smtp_port)
    raw.ask(b"EHLO pc")
    raw.ask(b"MAIL FROM:<ivan@office.lan>")
    begin = time.monotonic()
    for n in range(100):
        assert raw.ask(b"RCPT TO:<%s@office.lan>" % (b"left%d" % n if n % 7 == 0 else b"anna"))[:3] in (b"250", b"550")
    assert raw.ask(b"DATA").startswith(b"354")
    assert raw.ask(b"Subject: to all\r\n\r\n.").startswith(b"250")
    assert time.monotonic() - begin < 8
    office.mailbox_when("anna", 1)


@pytest.mark.parametrize("port, line", [("smtp_port", b"NOOP"), ("smtp_port", b"RSET"), ("smtp_port", b"HELP"), ("smtp_port", b"VRFY x"),
                                        ("smtp_port", b"EHLO x"), ("smtp_port", b""), ("pop3_port", b"CAPA"), ("pop3_port", b""),
                                        ("pop3_port", b"USER ivan"), ("pop3_port", b"AUTH")])
def test_commands_that_do_nothing_end(office, port, line):
    raw = Raw(getattr(office, port))
    raw.send((line + b"\r\n") * 130)
    begin = time.monotonic()
    raw.rest()
    assert time.monotonic() - begin < 19  # the socket's own limit is 20 s of silence


@pytest.mark.parametrize("head", [b"get / http/1.1", b"TRACE / HTTP/1.1", b"OPTIONS *", b"PATCH /x", b"PRI * HTTP/2.0", b"SSH-2.0-x",
                                  b"Host: gw", b"x-own-header:x"], ids=lambda head: head.split()[0].decode())
@pytest.mark.parametrize("port", ["smtp_port", "pop3_port"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_another_protocol_ends_at_its_first_line(office, port, head, tls):
    raw = Raw(getattr(office, port))
    if tls:
        if port == "smtp_port":
            raw.ask(b"EHLO pc")
        raw.send(b"STARTTLS\r\n" if port == "smtp_port" else b"STLS\r\n")
        raw.line()
        raw.start_tls()
    raw.send(head + b"\r\n" + b"NOOP\r\nCAPA\r\n" * 3)
    assert raw.rest() in (b"421 4.7.0 This is SMTP, goodbye\r\n", b"-ERR This is POP3, goodbye\r\n")


@pytest.mark.parametrize("port", ["smtp_port", "submission_port", "pop3_port"])
def test_tls_at_a_plain_port_hears_at_once_that_it_is_wrong(office, port):
    raw = Raw(getattr(office, port))
    begin = time.monotonic()
    raw.send(CLIENT_HELLO)
    assert raw.rest() in (b"421 4.7.0 This is SMTP, goodbye\r\n", b"-ERR This is POP3, goodbye\r\n")
    assert time.monotonic() - begin < 5
    assert "event=tls-on-plain-port" in office.log()


def test_a_stop_does_not_wait_for_late_replies(office):
    raws = [Raw(office.smtp_port) for _ in range(5)]
    for raw in raws:
        raw.send(b"NONSENSE\r\n" * 19)
    begin = time.monotonic()
    office.stop()
    assert time.monotonic() - begin < 6
