"""IMAP connections are compressed where the provider offers it, and what the line carries is counted and shown."""
import collections
import json
import zlib

import pytest

from harness.letters import letter
from harness.line import Line
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}
TEXT = "".join(f"line {n} of a text that is much the same everywhere\n" for n in range(8000))


def office_at(make_gateway, port, scheme="imap", **keys):
    return make_gateway(users=IVAN, accounts={"a": {"url": f"{scheme}://127.0.0.1:{port}", "tls": "none", "user": "office",
                                                    "password": "provider-pw", **keys}})


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
@pytest.mark.parametrize("compress", ["yes", "no"])
def test_text_costs_a_fraction(make_gateway, dovecot, scheme, compress):
    messages = [letter(number=n, body=TEXT) for n in (1, 2)]
    for message in messages:
        dovecot.deliver("office", message)
    line = Line(dovecot.imaps_port if scheme == "imaps" else dovecot.imap_port)
    office = office_at(make_gateway, line.port, scheme, ca_file=dovecot.ca, compress=compress)
    said = office.session("--json")
    line.stop()
    size = sum(map(len, messages))
    assert (line.down < size / 4) == (compress == "yes"), (line.down, size)
    assert [text[text.index(b"From: client"):] for text in office.mailbox("ivan")] == messages and dovecot.left("office") == []
    answer = json.loads(said.stdout)
    account, = answer["accounts"]
    assert account["line_received"] == answer["line_received"] and account["line_sent"] == answer["line_sent"]
    assert 0.97 * line.down <= account["line_received"] <= line.down + 10 and 0.9 * line.up <= account["line_sent"] <= 1.1 * line.up + 100
    status = office.status()["accounts"][0]
    assert (status["line_received"], status["line_sent"]) == (account["line_received"], account["line_sent"])
    assert "on the line: " in office.cli("status").stdout
    assert "on the line: received" in office.cli("trace", answer["session"]).stdout


class Compresses(MisbehavingImap):
    """Agrees to COMPRESS and goes on in clear, or with rubbish; or refuses it."""

    def __init__(self, messages, way):
        super().__init__(messages)
        self.way, self.misdeed = way, self.answers

    def answers(self, event, argument, connection):
        if event == "CAPABILITY":
            connection.say("* CAPABILITY IMAP4rev1 UIDPLUS COMPRESS=DEFLATE")
            self.done(connection)
            return True
        if event == "COMPRESS":
            self.done(connection, "NO not now" if self.way == "refused" else "OK active")
            if self.way == "rubbish":
                connection.raw(b"\xff\xff\xff\xff" * 100)
            if self.way == "clear":
                connection.raw(b"* 1 EXISTS\r\n")
            if self.way == "closes":
                connection.close()
            return True
        return None


@pytest.mark.parametrize("way", ["refused", "rubbish", "clear", "closes"])
def test_a_provider_whose_compression_fails_is_asked_without_it(make_gateway, way):
    server = Compresses([letter(number=n, body="text\n" * 1000) for n in (1, 2, 3)], way)
    office = office_at(make_gateway, server.port)
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3]) and server.left == []
    asked = len([line for line in server.commands if b"COMPRESS" in line])
    assert asked == (2 if way == "closes" else 1)
    server.messages[200] = letter(number=4, body="text\n" * 1000)
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])
    assert len([line for line in server.commands if b"COMPRESS" in line]) == asked + (way == "refused")


class Expanding:
    """What a client sends on a compressed connection, line by line."""

    def __init__(self, file):
        self.file, self.inflate, self.ready = file, zlib.decompressobj(-15), b""

    def readline(self, _):
        while b"\n" not in self.ready and (some := self.file.read1(65536)):
            self.ready += self.inflate.decompress(some)
        line, _, self.ready = self.ready.partition(b"\n")
        return line + b"\n" if line else b""

    def close(self):
        self.file.close()


class Drops(Compresses):
    """Compresses as it should, and loses its first connection: before it answers, in the first message, or while it waits for a message that is too long."""

    def answers(self, event, argument, connection):
        if event == "COMPRESS":
            self.done(connection, "OK active")
            deflate, raw = zlib.compressobj(9, zlib.DEFLATED, -15), connection.raw
            connection.file = Expanding(connection.file)
            connection.raw = lambda data: raw(deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))
            return True
        if self.fetches(event, argument) and self.accepted == 1:
            uid = int(argument.split()[0])
            if self.way == "longer":
                self.data(connection, uid, "BODY[]", self.messages[uid], 1 << 40)
            elif self.way == "message":
                self.data(connection, uid, "BODY[]", self.messages[uid], 2 * len(self.messages[uid]))
            connection.close()
            return True
        return super().answers(event, argument, connection)


@pytest.mark.parametrize("way", ["message", "nothing", "longer"])
def test_a_line_that_drops_says_nothing_about_compression(make_gateway, way):
    server = Drops([letter(number=n, body=f"text {n}\n" * 1000) for n in (1, 2, 3)], way)
    office = office_at(make_gateway, server.port)
    office.session()
    office.session()
    assert set(in_mailbox(office, "ivan")) >= {2, 3} and "compression-fails" not in office.log()
    assert server.accepted >= 2 and len([line for line in server.commands if b"COMPRESS" in line]) >= 2
    server.messages[200] = letter(number=4, body="text\n" * 1000)
    before = len(server.commands)
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan")[4] == 1
    assert len([line for line in server.commands[before:] if b"COMPRESS" in line]) == 1
