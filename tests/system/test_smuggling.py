"""No message is smuggled in behind another, no command is injected before TLS."""
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
}
SMUGGLED = (b"MAIL FROM:<admin@office.lan>\r\nRCPT TO:<anna@office.lan>\r\nDATA\r\n"
            b"Subject: smuggled\r\n\r\nsmuggled\r\n.\r\n")


@pytest.fixture
def office(make_gateway):
    return make_gateway(users=["ivan", "anna"])


def begin(port):
    raw = Raw(port)
    assert raw.ask(b"EHLO pc.office.lan").startswith(b"250")
    return raw


def begin_data(raw, recipient=b"ivan@office.lan"):
    assert raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"250")
    assert raw.ask(b"RCPT TO:<" + recipient + b">").startswith(b"250")
    assert raw.ask(b"DATA").startswith(b"354")


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_only_crlf_dot_crlf_ends_a_message(office, end):
    raw = begin(office.smtp_port)
    begin_data(raw)
    raw.send(b"Subject: carrier\r\n\r\ntext" + end + SMUGGLED)
    reply = raw.reply()
    if b"\0" not in end:
        assert reply.startswith(b"550 5.6.11"), reply
    assert raw.ask(b"NOOP").startswith(b"250")  # one reply for one message, nothing more
    assert raw.ask(b"QUIT").startswith(b"221")
    assert office.files("anna") == []
    for path in office.files("ivan"):
        assert b"\0" in end and b"smuggled" in path.read_bytes()


def test_the_connection_goes_on_after_a_refused_message(office):
    raw = begin(office.smtp_port)
    begin_data(raw)
    raw.send(b"Subject: bare\r\n\r\na\nb\r\n.\r\n")
    assert raw.reply().startswith(b"550 5.6.11")
    begin_data(raw)
    raw.send(b"Subject: good\r\n\r\n..\r\n.\r\n")
    assert raw.reply().startswith(b"250")
    message, = office.mailbox_when("ivan", 1)
    assert message.endswith(b"Subject: good\r\n\r\n.\r\n")


@pytest.mark.parametrize("gap", [b"", b"a"], ids=["at once", "byte by byte"])
def test_the_end_is_found_wherever_packets_are_cut(office, gap):
    raw = begin(office.smtp_port)
    begin_data(raw)
    data = b"Subject: x\r\n\r\n.\r.\r\n.\r\n".replace(b".\r.\r\n", b"..a\r\n")
    for n in range(len(data)) if gap else [None]:
        raw.send(data[n:n + 1] if gap else data)
    assert raw.reply().startswith(b"250")
    assert office.mailbox_when("ivan", 1)[0].endswith(b"\r\n\r\n.a\r\n")


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
    assert len(office.mailbox("ivan")) == 1


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


@pytest.mark.parametrize("recipient", [
    b"user%outside.ru@office.lan", b"@office.lan:user@outside.ru", b'"user@outside.ru"@office.lan',
    b"outside.ru!user@office.lan", b"../../etc@office.lan", b"a/b@office.lan", b".hidden@office.lan",
    b"x" * 300 + b"@office.lan", b"iv\xe2\x80\xaean@office.lan", b"daemon/../ivan@office.lan",
], ids=range(10))
def test_tricks_in_addresses_reach_nobody(office, recipient):
    raw = begin(office.smtp_port)
    assert raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"250")
    reply = raw.ask(b"RCPT TO:<" + recipient + b">")
    if recipient == b"@office.lan:user@outside.ru":  # a source route: RFC 5321 lets one ignore it
        assert reply[:1] in (b"2", b"5")
    else:
        assert reply[:1] == b"5", reply
    assert raw.ask(b"QUIT").startswith(b"221")
    assert not [path for path in office.spool.rglob("*") if "etc" in path.name or "hidden" in path.name]
