"""A line that is thin, slow, lossy, cut at any byte or behind a proxy that dies, with TLS: each message arrives whole and once."""
import base64
import random
import re

import pytest

from harness.bad_line import BadLine
from harness.certificates import authority
from harness.letters import letter
from harness.line import Line
from harness.misbehaving import MisbehavingSmtp
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


def large(number, size):
    return letter(number=number, body=base64.encodebytes(random.Random(number).randbytes(size * 3 // 4)).decode())


def office_at(make_gateway, dovecot, scheme, port, sections=None, **keys):
    return make_gateway(users=IVAN, sections=sections, accounts={"a": {
        "url": f"{scheme}://127.0.0.1:{port}", "user": "office", "password": "provider-pw", "ca_file": dovecot.ca, "give_up_after": 0, **keys}})


def delivered(office):
    """What arrived, without the header fields that the gateway adds."""
    return sorted(message[message.index(b"From: client@bank.ru"):] for message in office.mailbox("ivan"))


def expect_no_wrong_reason(office):
    """A connection that is lost in a TLS handshake says nothing about ports and certificates."""
    told = b" ".join(office.mailbox("postmaster"))
    assert b"certificate" not in told and b"encryption" not in told, told[-2000:]


def until_all_came(office, dovecot, sessions):
    for _ in range(sessions):
        if not dovecot.left("office"):
            return
        office.cli("session", timeout=300)
    assert not dovecot.left("office"), office.log()[-3000:]


# --- 9.6 kbit/s, a round trip of 1200 ms, hung up after four minutes

def test_a_thin_line_that_dies_brings_a_large_message_whole(make_gateway, dovecot):
    """One life carries 288,000 bytes, of 3 MiB: that is counted here; bench/line --slow has the line itself, in real time."""
    message = large(1, 3 << 20)
    dovecot.deliver("office", message)
    line = BadLine(dovecot.imaps_port, delay=0.6, life_bytes=288_000, pace=0.01, comes_back=True)
    office = office_at(make_gateway, dovecot, "imaps", line.port, compress="no")
    until_all_came(office, dovecot, 20)
    line.stop()
    assert delivered(office) == [message]
    assert not list((office.spool / "partial").iterdir())
    expect_no_wrong_reason(office)
    assert office.log().count("event=message-continued") >= 6


# --- cut at each class of bytes

def records(stream):
    """Where each TLS record begins, and its length."""
    at = 0
    while at + 5 <= len(stream):
        length = 5 + int.from_bytes(stream[at + 3:at + 5])
        yield at, length
        at += length


def cuts_of(heard):
    """In turns: nothing of a record, its first byte, its head, its middle, all but its last byte, all of it. Both directions."""
    def places(stream):
        for number, (at, length) in enumerate(records(stream)):
            yield at + (0, 1, 5, length // 2, length - 1, length)[number % 6]
    return [*places(heard["down"]), *(("up", place) for place in places(heard["up"]))]


@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
def test_each_message_comes_once_wherever_the_connection_is_cut(make_gateway, dovecot, scheme):
    line = Line(dovecot.imaps_port if scheme == "imaps" else dovecot.tls_port)
    office = office_at(make_gateway, dovecot, scheme, line.port)
    total = 0

    def three_more():
        nonlocal total
        for size in (100, 20000, 100):
            total += 1
            dovecot.deliver("office", large(total, size))

    three_more()
    office.session()
    cuts = cuts_of(line.heard)
    assert len(cuts) > 20
    for cut in cuts:
        three_more()
        line.cuts = [None] * line.accepted + [cut]
        office.cli("session")
        until_all_came(office, dovecot, 3)
        found = in_mailbox(office, "ivan")
        assert sorted(found.elements()) == list(range(1, total + 1)), f"cut at {cut}\n{office.log()[-3000:]}"
    line.stop()
    expect_no_wrong_reason(office)
    assert delivered(office) == sorted(large(n + 1, (100, 20000, 100)[n % 3]) for n in range(total))


def test_each_message_leaves_wherever_the_connection_is_cut(make_gateway):
    """A server that accepted a message whose reply was lost gets it again (RFC 1047): one per cut at most."""
    server = MisbehavingSmtp(certificate=authority().server("smarthost"), tls_from_start=True)
    line = Line(server.port)
    office = make_gateway(users=IVAN, smarthosts={"out": {"url": f"smtps://127.0.0.1:{line.port}", "ca_file": authority().ca, "retry": "1s"}})
    total = 0

    def session(cut):
        nonlocal total
        client = office.smtp()
        for size in (100, 20000):
            total += 1
            client.sendmail("ivan@example.ru", ["client@bank.ru"], large(total, size))
        client.quit()
        line.cuts = [None] * line.accepted + [cut]
        office.cli("session")
        for _ in range(5):
            if not office.queued_files():
                break
            office.cli("queue", "flush")

    session(None)
    cuts = cuts_of(line.heard)
    assert len(cuts) > 20
    for cut in cuts:
        before = len(server.letters)
        session(cut)
        came = [int(re.search(rb"Message-ID: <(\d+)\.", got.content)[1]) for got in server.letters[before:]]
        assert set(came) == {total - 1, total} and len(came) <= 3, f"cut at {cut}\n{office.log()[-3000:]}"
    line.stop()
    server.stop()
    assert office.files("ivan") == []  # no bounce
    expect_no_wrong_reason(office)


# --- loss, delay, a proxy that dies

@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
@pytest.mark.parametrize("kind", ["loss", "delay"])
def test_loss_and_delay_cost_time_alone(make_gateway, dovecot, scheme, kind):
    """A minute in which nine of ten packets are lost, and a round trip of 1200 ms, in a fiftieth of the time."""
    messages = [large(number, 4000) for number in range(1, 31)]
    for message in messages:
        dovecot.deliver("office", message)
    quality = {"rate": 10000, "delay": 0.1, "loss": [(3, 63, 0.9)]} if kind == "loss" else {"delay": 0.6}
    line = BadLine(dovecot.imaps_port if scheme == "imaps" else dovecot.tls_port, pace=0.02, **quality)
    office = office_at(make_gateway, dovecot, scheme, line.port)
    line.up()
    until_all_came(office, dovecot, 5)
    line.stop()
    assert delivered(office) == sorted(messages)


@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
def test_a_proxy_that_dies_costs_no_message(make_gateway, dovecot, scheme):
    messages = [large(number, 20000) for number in range(1, 31)]
    for message in messages:
        dovecot.deliver("office", message)
    proxy = BadLine(life_bytes=100_000, as_proxy=True, comes_back=True)
    office = office_at(make_gateway, dovecot, scheme, dovecot.imaps_port if scheme == "imaps" else dovecot.tls_port,
                       sections={"line": {"proxy": f"http://127.0.0.1:{proxy.port}"}})
    until_all_came(office, dovecot, 20)
    proxy.stop()
    expect_no_wrong_reason(office)
    assert delivered(office) == sorted(messages)
