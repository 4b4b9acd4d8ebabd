"""A message whose transfer is cut is continued where it was cut (IMAP), and never put together from what does not belong together."""
import base64
import collections
import random
import re
import time

import pytest

from harness.letters import letter
from harness.line import Line
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox
from harness.waiting import until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


def large(number, size, seed=1):
    """Bytes that no compression makes shorter, and that differ everywhere."""
    return letter(number=number, body=base64.encodebytes(random.Random(seed).randbytes(size * 3 // 4)).decode())


def office_at(make_gateway, port, scheme="imap", **keys):
    return make_gateway(users=IVAN, accounts={"a": {"url": f"{scheme}://127.0.0.1:{port}", "tls": "none", "user": "office",
                                                    "password": "provider-pw", **keys}})


def delivered(office):
    """What arrived, without the header fields that the gateway adds."""
    return [message[message.index(b"From: client@bank.ru"):] for message in office.mailbox("ivan")]


def kept(office):
    folder = office.spool / "partial"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def rests(server):
    return [line for line in server.commands if b"BODY.PEEK[]<" in line]


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_ten_cuts_in_a_message_cost_five_percent_at_most(make_gateway, dovecot, scheme):
    size = 20 << 20
    messages = [letter(number=1), large(2, size), letter(number=3)]
    for message in messages:
        dovecot.deliver("office", message)
    line = Line(dovecot.imaps_port if scheme == "imaps" else dovecot.imap_port, cuts=[1_700_000 + 13_579 * n for n in range(10)])
    office = office_at(make_gateway, line.port, scheme, ca_file=dovecot.ca, compress="no")
    office.session()
    line.stop()
    assert line.accepted == 11
    assert line.down < 1.05 * sum(map(len, messages)), line.down
    assert sorted(delivered(office)) == sorted(messages)
    assert dovecot.left("office") == [] and kept(office) == []
    assert office.log().count("event=message-continued") == 10
    assert "problem" not in " ".join(office.cli("status").stdout.split()) and office.mailbox("postmaster") == []


def test_a_line_that_lives_short_brings_a_message_over_many_sessions(make_gateway, dovecot):
    """Each session has one connection, which lasts for 300 KiB: an office whose line is hung up every few minutes."""
    message = large(1, 3 << 20)
    dovecot.deliver("office", message)
    line = Line(dovecot.imap_port, cuts=[None] * 1000)
    office = office_at(make_gateway, line.port, compress="no")
    for turn in range(14):
        line.cuts = [None] * line.accepted + [300_000] + [1500] * 1000  # the next connections end before the message
        office.cli("session")
        if office.files("ivan"):
            break
    line.stop()
    assert delivered(office) == [message] and kept(office) == []
    assert 10 <= turn <= 12


class Stalls:
    """Sends the first bytes of message 101, and then nothing more; the next time all that is requested."""

    def __init__(self, server, send):
        self.server, self.send, self.stalls = server, send, True
        server.misdeed = self

    def __call__(self, event, argument, connection):
        if not self.stalls or not self.server.fetches(event, argument, 101):
            return None
        message = self.server.messages[101]
        connection.raw(b"* 1 FETCH (UID 101 BODY[] {%d}\r\n" % len(message) + message[:self.send])
        self.server.hang()
        return True


@pytest.fixture
def stalled(make_gateway):
    """An office that was killed in the middle of the only message, and the provider."""
    message = large(1, 1_000_000)
    server = MisbehavingImap([message])
    provider = Stalls(server, 700_000)
    office = office_at(make_gateway, server.port, timeout="120s")
    office.cli("session", "--no-wait")
    until(lambda: sum(path.stat().st_size for path in kept(office)) > 500_000, 30, "the kept pieces")
    office.kill_all()
    provider.stalls = False
    office.start()
    yield office, server, message
    server.stop()


def first_rest(server):
    return int(re.search(rb"<(\d+)\.", rests(server)[0])[1])


def test_what_was_kept_survives_sudden_death(stalled):
    office, server, message = stalled
    office.session()
    assert delivered(office) == [message] and server.left == [] and kept(office) == []
    assert 500_000 < first_rest(server) < 700_000 and len(rests(server)) == 1


def test_what_the_disk_has_changed_is_fetched_again(stalled):
    office, server, message = stalled
    path, = kept(office)
    content = bytearray(path.read_bytes())
    content[300_000] ^= 1
    path.write_bytes(content)
    office.session()
    assert delivered(office) == [message] and kept(office) == []
    assert first_rest(server) < 300_000


def test_a_new_uidvalidity_and_a_message_that_is_gone_leave_nothing(stalled):
    office, server, message = stalled
    server.validity += 1
    office.session()
    assert rests(server) == [] and delivered(office) == [message] and kept(office) == []


def test_what_is_kept_of_a_message_that_is_gone_is_removed(stalled):
    office, server, _ = stalled
    server.messages = {}
    office.session()
    assert kept(office) == [] and office.files("ivan") == []


@pytest.mark.parametrize("misdeed", ["whole", "longer", "shorter", "other", "refused", "empty"])
def test_a_rest_that_does_not_fit_is_not_used(stalled, misdeed):
    office, server, message = stalled
    other = large(1, 1_000_000, seed=2)[:len(message)]
    assert len(other) == len(message)

    def answer(event, argument, connection):
        part = re.search(r"<(\d+)\.(\d+)>", argument)
        if event != "UID FETCH" or part is None:
            return None
        begin = int(part[1])
        if misdeed == "whole":
            server.data(connection, 101, "BODY[]", message)
        elif misdeed == "longer":
            server.data(connection, 101, f"BODY[]<{begin}>", message[begin:] + b"more")
        elif misdeed == "shorter":
            server.data(connection, 101, f"BODY[]<{begin}>", message[begin:-4])
        elif misdeed == "other":
            server.data(connection, 101, f"BODY[]<{begin}>", other[begin:])
        elif misdeed == "empty":
            server.data(connection, 101, f"BODY[]<{begin}>", b"")
        server.done(connection, "BAD what is that?" if misdeed == "refused" else "OK done")
        return True
    server.misdeed = answer
    office.session()
    assert delivered(office) == [message] and server.left == [] and kept(office) == []
    assert len(rests(server)) == 1


def test_bare_line_feeds_are_mended_across_a_cut(make_gateway):
    crlf = large(1, 200_000)
    message = crlf.replace(b"\r\n", b"\n")
    server = MisbehavingImap([message])
    at = message.index(b"\n", 100_000)
    sends = iter([at, at + 1, at + 2_000_000])

    def answer(event, argument, connection):
        if not server.fetches(event, argument, 101):
            return None
        part = re.search(r"<(\d+)\.(\d+)>", argument)
        begin = int(part[1]) if part else 0
        rest = message[begin:]
        connection.raw(b"* 1 FETCH (UID 101 BODY[]%s {%d}\r\n" % (b"<%d>" % begin if part else b"", len(rest)) + rest[:max(0, next(sends) - begin)])
        if connection_number() < 3:
            connection.close()
        else:
            connection.raw(b")\r\n")
            server.done(connection)
        return True

    def connection_number():
        return server.accepted
    server.misdeed = answer
    office = office_at(make_gateway, server.port)
    office.session()
    server.stop()
    assert delivered(office) == [crlf] and server.left == []


# --- POP3 begins again each time

def test_pop3_says_so_and_delivers_a_stub_in_the_end(make_gateway):
    server = MisbehavingPop3([letter(number=1, body="the text of 1\n" * 300), letter(number=2)],
                             "always_closes_in_the_middle_of_the_first_message")
    office = office_at(make_gateway, server.port, "pop3", give_up_after=4)
    for _ in range(2):
        office.session()
    told, = [mail for mail in office.mailbox("postmaster") if b"a message of account a" in mail]
    assert b"POP3 cannot continue a message" in b" ".join(told.split())
    for _ in range(3):
        office.session()
    retrieved = [line for line in server.commands if line.startswith(b"RETR 1")]
    assert len(retrieved) == 4
    stub, = [message for message in office.mailbox("ivan") if b"X-Lanpost-Stub" in message]
    assert b"the connection was lost in it 4 times" in b" ".join(stub.split()) and b"the text of 1" in stub
    assert in_mailbox(office, "ivan")[2] == 1
    server.misdeed = lambda event, argument, connection: None  # the line is good again
    stub_id = re.search(rb"\[fetch ([0-9a-z]{20})\]", stub)[1].decode()
    office.send("ivan@office.lan", ["daemon"], f"Subject: fetch {stub_id}\r\n\r\n")
    until(lambda: server.left == [], 30, office.log()[-2000:])
    server.stop()
    assert len([message for message in office.mailbox("ivan") if message.count(b"the text of 1") == 300]) == 1
