"""No form of a login lets anybody in who does not show the password, and nobody writes under another's name."""
import base64
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.utils import getaddresses

import pytest

from harness.gateway import PASSWORD
from harness.raw import Raw

WORD = PASSWORD.encode()
b64 = base64.b64encode
PLAIN = [
    b"\0ivan\0wrong", b"\0ivan\0", b"\0\0" + WORD, b"\0ivan", b"ivan", b"", b"\0", b"\0\0", b"\0\0\0", b"\0ivan\0" + WORD + b"\0", b"\0ivan\0" + WORD + b"\0x",
    b"anna\0ivan\0" + WORD, b"admin\0ivan\0" + WORD, b"postmaster\0ivan\0" + WORD, b"\0ivan\0\0" + WORD, b"\0ivan\0" + WORD[:-1], b"\0ivan\0" + WORD + b" ",
    b"\0daemon\0", b"\0postmaster\0", b"\0daemon\0" + WORD, b"\0postmaster\0" + WORD, b"\0../ivan\0" + WORD, b"\0ivan/\0" + WORD, b"\0all\0" + WORD,
    b"\0ivan\0" + WORD + b"x" * 9000,
]
LINES = [b"AUTH PLAIN " + b64(text) for text in PLAIN] + [
    b"AUTH PLAIN " + b64(b"\0ivan\0" + WORD).rstrip(b"=") + b"*", b"AUTH PLAIN =" + b64(b"\0ivan\0" + WORD), b"AUTH PLAIN " + b64(b"\0ivan\0" + WORD)[:-4],
    b"AUTH PLAIN " + b64(b"\0ivan\0" + WORD) + b"====", b"AUTH PLAIN \0", b"AUTH XOAUTH2 " + b64(b"user=ivan\1auth=Bearer x\1\1"), b"AUTH EXTERNAL aXZhbg==",
    b"AUTH ANONYMOUS", b"AUTH", b"AUTH PLAIN PLAIN PLAIN", b"AUTH SCRAM-SHA-256 " + b64(b"p=tls-unique,,n=ivan,r=x"),
    b"AUTH SCRAM-SHA-256 " + b64(b"n,a=anna,n=ivan,r=x"), b"AUTH SCRAM-SHA-256 " + b64(b"n,,m=x,n=ivan,r=x"),
]


@pytest.fixture(scope="module")
def office(make_shared):
    return make_shared(users={"ivan": {}, "anna": {}}, sections={"lan": {"require_auth": "yes", "check_from": "yes", "allow_empty_password": "yes"}})


addresses = itertools.cycle(range(2, 250))


def from_elsewhere(port, host):
    """From an address of its own: failed logins of one are held against it."""
    raw = Raw.__new__(Raw)
    import socket
    raw.sock = socket.create_connection(("127.0.0.1", port), 60, source_address=(f"127.0.1.{host}", 0))
    raw.file = raw.sock.makefile("rb")
    raw.greeting = raw.line()
    return raw


def try_smtp(office, line, host):
    raw = from_elsewhere(office.smtp_port, host)
    raw.ask(b"EHLO pc")
    raw.send(line + b"\r\n")
    for _ in range(4):
        reply = raw.reply()
        if not reply.startswith(b"334"):
            break
        raw.send(b"\r\n")
    after = raw.ask(b"MAIL FROM:<ivan@office.lan>")
    return (line, reply) if reply.startswith(b"235") or after.startswith(b"250") else None


def try_pop3(office, line, host):
    if line == b"AUTH":
        return None  # asks for the list
    raw = from_elsewhere(office.pop3_port, host)
    raw.send(line + b"\r\n")
    for _ in range(4):
        reply = raw.line()
        if not reply.startswith(b"+ "):
            break
        raw.send(b"\r\n")
    raw.send(b"STAT\r\n")
    after = raw.line()
    return (line, reply) if reply.startswith(b"+OK") or after.startswith(b"+OK") else None


def try_imap(office, line, host):
    if line == b"AUTH":
        return None  # no mechanism
    raw = from_elsewhere(office.imap_port, host)
    raw.send(b"a " + line.replace(b"AUTH ", b"AUTHENTICATE ") + b"\r\n")
    for _ in range(4):
        reply = raw.line()
        if not reply.startswith(b"+ "):
            break
        raw.send(b"\r\n")
    raw.send(b"b SELECT INBOX\r\n")
    after = raw.line()
    refused = after == b"" or after.startswith((b"b BAD", b"* BYE"))
    return (line, reply) if reply.startswith(b"a OK") or not refused else None


@pytest.mark.parametrize("attempt", [try_smtp, try_pop3, try_imap], ids=["smtp", "pop3", "imap"])
def test_no_form_of_a_login_goes_round_the_password(office, attempt):
    with ThreadPoolExecutor(len(LINES)) as pool:
        let_in = [found for found in pool.map(lambda line: attempt(office, line, next(addresses)), LINES) if found]
    assert let_in == []
    raw = from_elsewhere(office.pop3_port, 251)  # the right one still is
    raw.send(b"AUTH PLAIN " + b64(b"\0ivan\0" + WORD) + b"\r\n")
    assert raw.line().startswith(b"+OK")


@pytest.mark.parametrize("commands", [[b"USER ivan", b"PASS "], [b"USER ivan", b"PASS"], [b"PASS " + WORD], [b"USER anna", b"USER ivan", b"PASS wrong"],
                                      [b"USER ivan", b"NOOP", b"STAT"], [b"APOP ivan 0123456789abcdef0123456789abcdef"], [b"USER daemon", b"PASS "],
                                      [b"USER postmaster", b"PASS "], [b"USER ivan\0", b"PASS " + WORD + b"\0x"]], ids=range(9))
def test_user_and_pass_let_nobody_in_by_halves(office, commands):
    raw = from_elsewhere(office.pop3_port, next(addresses))
    for command in [*commands, b"STAT"]:
        raw.send(command + b"\r\n")
        reply = raw.line()
    assert not reply.startswith(b"+OK"), reply


FROM = [
    b"From: anna@office.lan", b"From: Anna <anna@office.lan>", b"From: <anna@office.lan>, <ivan@office.lan>", b"From: ivan@office.lan, anna@office.lan",
    b"From: anna@office.lan:ivan@office.lan;", b"From: ivan@office.lan:anna@office.lan;", b"From: ivan@office.lan\r\nFrom: anna@office.lan",
    b"From: anna@office.lan\r\nFrom: ivan@office.lan", b"FROM: anna@office.lan", b"From : anna@office.lan", b"From\t: anna@office.lan",
    b"From:\r\n anna@office.lan", b"From: (ivan@office.lan) anna@office.lan", b"From: anna@office.lan (ivan@office.lan)", b"From: <ivan@office.lan> <anna@office.lan>",
    b"From: \"ivan@office.lan\" <anna@office.lan>", b"From: =?utf-8?q?anna=40office=2Elan?=", b"From: =?utf-8?q?anna?=@office.lan", b"From: @ivan@office.lan:anna@office.lan",
    b"From: <@office.lan:anna@office.lan>", b"From: anna @ office.lan", b"From: anna@office.lan.", b"From: ANNA@OFFICE.LAN", b"From: anna", b"From: \"anna\"@office.lan",
    b"From: an(x)na@office.lan", b"From: anna@office.lan\0ivan@office.lan", b"From: ;ivan@office.lan, anna@office.lan", b"From:", b"From: ,", b"From: <>",
    b"From: x: ;", b"X: y", b"From: anna@office.lan\r\nSender: ivan@office.lan", b"Resent-From: ivan@office.lan\r\nFrom: anna@office.lan",
    b"Subject: x\r\nfrom: anna@office.lan", b"From: ivan@office.lan <anna@office.lan>", b"From: <ivan@office.lan>anna@office.lan",
]


@pytest.mark.parametrize("field", FROM, ids=range(len(FROM)))
def test_who_is_logged_in_as_one_writes_as_no_other(office, field):
    """Refused, or the delivered message names only the user as its author."""
    before = len(office.files("anna"))
    with office.smtp() as smtp:
        smtp.login("ivan", PASSWORD)
        smtp.mail("ivan@office.lan")
        smtp.rcpt("anna@office.lan")
        code, _ = smtp.data(field + b"\r\nTo: x@y.z\r\n\r\ntext\r\n")
    if code != 250:
        assert 500 <= code < 600
        return
    office.mailbox_when("anna", before + 1)
    text = office.files("anna")[-1].read_bytes()
    message = message_from_bytes(text)
    authors = {address.lower() for _, address in getaddresses(message.get_all("From", []))}
    assert authors == {"ivan@office.lan"}, text
    assert len(re.findall(rb"(?mi)^from[ \t]*:", text.split(b"\r\n\r\n")[0])) == 1
