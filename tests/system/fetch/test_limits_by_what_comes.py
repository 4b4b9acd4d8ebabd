"""max_size and max_bytes_per_session count what comes, not what the provider says of it; nothing is lost by that, and nothing comes twice."""
import collections
import re

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.waiting import until
from harness.numbered import in_mailbox

USERS = {"ivan": {"external_alias": "ivan@example.ru"}}
BIG = 30_000_000  # more than the buffers of two connections hold


def big(number):
    return letter(number=number, body="x" * 76 + "\n" + ("y" * 76 + "\n") * (BIG // 77))


class Counting:
    """Lists each message as 100 bytes, and counts what it sends of messages."""
    sent = 0

    def count(self, connection, chunks):
        for chunk in chunks:
            connection.raw(chunk)
            self.sent += len(chunk)


def pieces(content, size=16384):
    return (content[at:at + size] for at in range(0, len(content), size))


class LyingPop3(Counting, MisbehavingPop3):
    pipelining = True
    endless = ()

    def server_lists_all_as_small(self, event, argument, connection):
        if event == "CAPA" and self.pipelining:
            connection.raw(b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n")
            return True
        if event == "LIST":
            connection.raw(b"+OK\r\n" + b"".join(b"%d 100\r\n" % n for n, _ in self._numbered()) + b".\r\n")
            return True
        if event == "RETR":
            message = self.messages[int(argument) - 1]
            connection.say("+OK")
            self.count(connection, pieces(self.stuffed(message)[:-3]))
            while self.uidls[int(argument) - 1] in self.endless and not self.stopping.is_set():
                self.count(connection, [b"and on it goes\r\n" * 1000])
            connection.raw(b".\r\n")
            return True


class CarefulPop3(LyingPop3):
    pipelining = False


class LyingImap(Counting, MisbehavingImap):
    def server_lists_all_as_small(self, event, argument, connection):
        if event == "UID FETCH" and "RFC822.SIZE" in argument:
            self.list(connection, lambda message: 100)
            return True
        if event == "UID FETCH" and "HEADER" not in argument:
            uid = int(argument.split()[0])
            message = self.messages[uid]
            connection.raw(f"* {self.number(uid)} FETCH (UID {uid} BODY[] {{{len(message)}}}\r\n".encode())
            self.count(connection, pieces(message))
            connection.raw(b")\r\n")
            self.done(connection)
            return True


SERVERS = [LyingPop3, CarefulPop3, LyingImap]


def office_at(make_gateway, server, line=None, **keys):
    scheme = "imap" if isinstance(server, MisbehavingImap) else "pop3"
    account = {"url": f"{scheme}://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", **keys}
    return make_gateway(users=USERS, accounts={"a": account}, sections={"line": line or {}})


def stubs(office):
    return [message for message in office.mailbox("ivan") if b"X-Lanpost-Stub" in message]


@pytest.mark.parametrize("kind", SERVERS)
def test_a_message_that_grows_beyond_max_size_becomes_a_stub_once(make_gateway, kind):
    server = kind([letter(number=1), big(2), letter(number=3)], "lists_all_as_small")
    office = office_at(make_gateway, server, max_size="100K")
    office.session()
    first = server.sent
    assert first < BIG
    for _ in range(2):
        office.session()
    assert server.sent == first  # it is known to be large
    assert collections.Counter(n for n in in_mailbox(office, "ivan").elements() if n != 2) == collections.Counter([1, 3])
    stub, = stubs(office)
    assert b"Message-ID" in stub and b"larger than the server of the provider" in stub and len(server.left) == 1
    stub_id = re.search(rb"\[fetch ([0-9a-z]{20})\]", stub)[1].decode()
    office.send("ivan@office.lan", ["daemon"], f"Subject: fetch {stub_id}\r\n\r\n")
    until(lambda: any(len(message) >= BIG for message in office.mailbox("ivan")), 30, office.log()[-2000:])
    until(lambda: server.left == [], 20, "the deletion upstream")
    server.stop()
    assert len(stubs(office)) == 1


def test_a_message_without_end_holds_up_no_other(make_gateway):
    server = LyingPop3([letter(number=1), letter(number=2), letter(number=3)], "lists_all_as_small")
    server.endless = {"uidl-2"}
    office = office_at(make_gateway, server, max_size="1M")
    office.session()
    assert server.sent < BIG
    office.session()
    assert server.sent < BIG
    server.stop()
    assert len(office.files("ivan")) == 3 and len(stubs(office)) == 1 and len(server.left) == 1
    assert b"not ended" not in stubs(office)[0]


@pytest.mark.parametrize("kind", SERVERS)
def test_the_bytes_of_a_session_are_those_that_come(make_gateway, kind):
    server = kind([big(1), letter(number=2), letter(number=3)], "lists_all_as_small")
    office = office_at(make_gateway, server, {"max_bytes_per_session": "500K"})
    done = office.session()  # ended by its limit: no failure
    assert "max_bytes_per_session" in done.stdout
    assert server.sent < BIG and not in_mailbox(office, "ivan")[1]
    for _ in range(5):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
    assert server.left == [] and server.sent < 3 * BIG and not stubs(office)


def test_a_stub_costs_the_session_its_beginning_only(make_gateway):
    server = MisbehavingPop3([letter(number=n, body="long line of text\n" * 20_000) for n in range(1, 6)])
    server.stuffed = lambda message: message[:2000] + b"\r\n.\r\n"
    office = office_at(make_gateway, server, {"max_bytes_per_session": "200K"}, max_size="100K")
    office.session()
    server.stop()
    assert len(stubs(office)) == 5
