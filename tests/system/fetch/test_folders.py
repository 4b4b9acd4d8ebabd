"""`folders` of an IMAP account: each with its own record, target and keep rule; none of them doubles, loses or forgets a message."""
import collections
import imaplib
import re
import sqlite3

import pytest

from harness.letters import letter
from harness.line import Line
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox, numbers
from harness.waiting import until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}}


def connect(dovecot):
    client = imaplib.IMAP4("127.0.0.1", dovecot.imap_port)
    client.login("office", "provider-pw")
    return client


def put(dovecot, folder, *wanted):
    """Appends messages to a folder of the provider, which is created if it is missing."""
    with connect(dovecot) as client:
        client.create(f'"{folder}"')
        for number in wanted:
            message = number if isinstance(number, bytes) else letter(number=number)
            assert client.append(f'"{folder}"', None, None, message)[0] == "OK"


def left(dovecot, folder):
    with connect(dovecot) as client:
        return int(client.select(f'"{folder}"')[1][0])


def office_at(make_gateway, dovecot, port=None, start=True, **keys):
    return make_gateway(start=start, users=IVAN, accounts={"a": {
        "url": f"imap://127.0.0.1:{port or dovecot.imap_port}", "tls": "none", "user": "office", "password": "provider-pw", **keys}})


def change(office, **keys):
    office.cli("account", "set", "a", *[word for key, value in keys.items() for word in (f"--{key}", value)])


def in_folder(office, user, folder):
    box = office.spool / "mailboxes" / user / f".{folder}"
    return numbers(path.read_bytes()[:4096] for part in ("new", "cur") for path in (box / part).glob("*"))


ALL = 'INBOX, Spam, "Clients/*"'


def test_folders_come_once_each_to_its_place_and_stay_as_they_should(make_gateway, dovecot):
    dovecot.deliver("office", letter(number=1))
    put(dovecot, "Spam", 2, 3)
    put(dovecot, "Clients.A", 4)
    put(dovecot, "Clients.Zo&BE8-.B", 5)  # Zoя: modified UTF-7
    put(dovecot, "Other", 6)
    office = office_at(make_gateway, dovecot, folders=ALL, folders_to='Spam -> */Junk, Clients/Zoя/* -> buh/Clients', folders_keep="Spam yes")
    for _ in range(2):
        office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 4])
    assert in_folder(office, "ivan", "Junk") == collections.Counter([2, 3])
    assert in_folder(office, "buh", "Clients") == collections.Counter([5])
    assert [left(dovecot, name) for name in ("INBOX", "Spam", "Clients.A", "Clients.Zo&BE8-.B", "Other")] == [0, 2, 0, 0, 1]
    put(dovecot, "Clients.New", 7)  # new folders are found
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 4, 7])
    assert "folders_to of account a" in office.cli("trace", "5.test@bank.ru").stdout


def test_inbox_is_known_when_folders_are_added(make_gateway, dovecot):
    for n in (1, 2):
        dovecot.deliver("office", letter(number=n))
    put(dovecot, "Spam", 3)
    office = office_at(make_gateway, dovecot, keep_on_server="yes")
    office.session()
    with sqlite3.connect(office.spool / "state.db") as state:
        before = state.execute("SELECT * FROM seen").fetchall()
    state.close()
    change(office, folders="INBOX, Spam")
    office.session()
    change(office, folders="Spam, INBOX")
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
    with sqlite3.connect(office.spool / "state.db") as state:
        assert set(before) < set(state.execute("SELECT * FROM seen").fetchall())
    state.close()


def test_a_folder_that_vanishes_is_no_failure_and_comes_back_without_doubles(make_gateway, dovecot):
    put(dovecot, "Spam", 1)
    put(dovecot, "Clients.A", 2)
    office = office_at(make_gateway, dovecot, folders=ALL, keep_on_server="yes")
    office.session()
    with connect(dovecot) as client:
        assert client.rename("Spam", "Away")[0] == client.rename("Clients.A", "AwayToo")[0] == "OK"
    dovecot.deliver("office", letter(number=3))
    office.session()
    assert "Spam" in office.cli("status").stdout
    with connect(dovecot) as client:
        assert client.rename("Away", "Spam")[0] == client.rename("AwayToo", "Clients.A")[0] == "OK"
    office.session()
    assert "Spam" not in office.cli("status").stdout
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])


def test_all_folders_use_one_connection_and_cost_little(make_gateway, dovecot):
    for n in range(1, 6):
        put(dovecot, f"Clients.{n}", n)
    line = Line(dovecot.imap_port)
    office = office_at(make_gateway, dovecot, line.port, folders=ALL, keep_on_server="yes", compress="no")
    office.session()
    line.reset()
    before = line.accepted
    office.session()
    assert line.accepted == before + 1 and line.down + line.up < 7000
    plan = office.cli("session", "--plan", "--json").stdout
    assert '"messages": 0' in plan
    put(dovecot, "Clients.3", 6)
    put(dovecot, "Clients.5", 7)
    assert '"messages": 2' in office.cli("session", "--plan", "--json").stdout
    line.stop()


def test_the_stub_of_a_folder_brings_its_message(make_gateway, dovecot):
    dovecot.deliver("office", letter(number=1))
    put(dovecot, "Spam", letter(number=2, body="long\n" * 30_000))
    office = office_at(make_gateway, dovecot, folders="INBOX, Spam", max_size="100K")
    office.session()
    stub = next(message for message in office.mailbox("ivan") if b"X-Lanpost-Stub" in message)
    ident = re.search(rb"id=(\w+)", stub)[1].decode()
    office.send("ivan@office.lan", ["daemon@office.lan"], f"Subject: fetch {ident}\r\n\r\n".encode())
    until(lambda: any(b"long\r\n" * 100 in message for message in office.mailbox("ivan")), 30, office.log()[-2000:])
    until(lambda: left(dovecot, "Spam") == 0, 30, "it is deleted there")


@pytest.mark.parametrize("after", (1, 5, 8))
def test_a_kill_between_the_folders_loses_and_doubles_nothing(make_gateway, dovecot, after):
    for n in range(1, 5):
        dovecot.deliver("office", letter(number=n))
        put(dovecot, "Spam", 10 + n)
        put(dovecot, "Clients.A", 20 + n)
    line = Line(dovecot.imap_port)
    office = office_at(make_gateway, dovecot, line.port, folders=ALL)
    office.cli("session", "--no-wait")
    until(lambda: line.down > after * 700 or "event=account-done" in office.log(), 30, "the session is under way")
    office.kill_all()
    office.start()
    office.session()
    line.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([*range(1, 5), *range(11, 15), *range(21, 25)])
    assert [left(dovecot, name) for name in ("INBOX", "Spam", "Clients.A")] == [0, 0, 0]


class Hostile(MisbehavingImap):
    """Answers LIST with whatever it likes."""
    replies = ()

    def answer(self, word, argument, connection):
        if word == "LIST":
            for reply in self.replies:
                connection.raw(reply + b"\r\n")
            return self.done(connection)
        if word == "SELECT" and "INBOX" not in argument:
            self.opened = [*getattr(self, "opened", []), argument]
            return self.done(connection, "NO no such folder")
        return super().answer(word, argument, connection)


def test_hostile_lists_of_folders(make_gateway):
    server = Hostile([letter(number=1)])
    server.replies = [b'* LIST () "/" ' + name for name in (
        b"Other", b'"Clients/../../x"', b'"Clients/a\\"b"', b"{9}\r\nClients/c", b'"Clients/a\x01b"', b'"Clients/' + b"x" * 2000 + b'"', b"Clients/&AAA",
        b"{99999999}", b'"Clients/unended')] + [b'* LIST (\\Noselect) "/" Clients/n', b"* LIST", b"* LIST (", b'* LIST () "" Clients/e']
    office = office_at(make_gateway, None, server.port, folders=ALL)
    office.session(code=1)  # an announced literal of 100 MB ends the connection
    server.replies.pop(7)
    office.session()
    assert server.opened == ['"Spam"', '"Clients/../../x"', '"Clients/a\\"b"', '"Clients/c"', '"Clients/&AAA"']
    server.replies = [b'* LIST () "/" Clients/%d' % n for n in range(1200)]
    server.opened = []
    office.session()
    assert len(server.opened) == 1000 - 1 and in_mailbox(office, "ivan") == collections.Counter([1])
    server.stop()
