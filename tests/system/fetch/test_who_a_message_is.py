"""A message is known by its mailbox, UIDL, size, header and body: strange providers bring nothing twice, and lose nothing."""
import collections

import pytest

from harness.letters import crlf, letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox
from test_whole_or_left import SERVERS, left_numbers, office_at, protocols


class Pop3(MisbehavingPop3):
    """has: what the server can do of TOP and UIDL."""

    def __init__(self, messages, has=("TOP", "UIDL")):
        super().__init__(messages)
        self.misdeed = lambda event, argument, connection: self.lacks(event, connection, has)

    def lacks(self, event, connection, has):
        if event == "CAPA":
            connection.raw(b"+OK\r\nUSER\r\n" + "".join(f"{word}\r\n" for word in has).encode() + b".\r\n")
            return True
        if event in ("TOP", "UIDL") and event not in has:
            connection.say("-ERR what is that?")
            return True


top = pytest.mark.parametrize("has", [("TOP", "UIDL"), ("UIDL",)], ids=["with TOP", "without TOP"])
kept = pytest.mark.parametrize("keep", ["no", "yes"])


def letters(*numbers, body="text\n"):
    return [letter(number=n, body=body) for n in numbers]


def alarm(text, size=0):
    """No Message-ID, no Received: all that the header says is the same in each."""
    return crlf(f"From: alarm@example.org\nTo: ivan@example.ru\nDate: Mon, 23 Nov 2026 10:00:00 +0300\nSubject: Alarm\n\n{text:<{size}}\n".encode())


def alarms(office):
    return sorted(message.split(b"\r\n\r\n", 1)[1].strip() for message in office.mailbox("ivan"))


@top
@pytest.mark.parametrize("size", ["same", "other"])
def test_uidls_that_are_the_numbers_and_used_again(make_gateway, has, size):
    server = Pop3(letters(1, 2, 3), has)
    server.uidls = ["1", "2", "3"]
    office = office_at(make_gateway, server, "pop3")
    office.session()
    assert server.left == []
    server.messages, server.uidls = letters(4, 5, 6, body="text\n" if size == "same" else "another\n"), ["1", "2", "3"]
    for _ in range(2):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 7)) and server.left == []


@top
def test_uidls_that_are_the_numbers_of_mail_that_is_kept(make_gateway, has):
    server = Pop3(letters(1, 2, 3), has)
    server.uidls = ["1", "2", "3"]
    office = office_at(make_gateway, server, "pop3", keep_on_server="yes")
    office.session()
    # somebody deletes the first; a longer one comes
    server.messages, server.uidls = [*letters(2, 3), letter(number=4, body="longer " * 9 + "\n")], ["1", "2", "3"]
    for _ in range(2):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])


@top
@kept
def test_uidls_that_all_change_in_each_session(make_gateway, has, keep):
    server = Pop3(letters(*range(1, 9)), has)
    office = office_at(make_gateway, server, "pop3", keep_on_server=keep)
    for turn in "abc":
        server.uidls = [f"{turn}{n}" for n in range(len(server.uidls))]
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 9))
    assert len(server.left) == (8 if keep == "yes" else 0)


@top
@kept
def test_a_message_that_uidl_forgets(make_gateway, has, keep):
    server = Pop3(letters(1, 2, 3), has)
    office = office_at(make_gateway, server, "pop3", keep_on_server=keep)
    well = server.misdeed

    def misdeed(event, argument, connection):
        if event == "UIDL" and misdeed.forgets and len(server._numbered()) == 3:
            connection.raw(b"+OK\r\n1 uidl-1\r\n2 uidl-2\r\n.\r\n")
            return True
        return well(event, argument, connection)
    server.misdeed = misdeed
    for misdeed.forgets in (True, True, False, True):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
    assert len(server.left) == (3 if keep == "yes" else 0)


@pytest.mark.parametrize("has", [("TOP",), (), ("TOP", "UIDL"), ("UIDL",)], ids=["no UIDL", "neither", "one UIDL", "one UIDL, no TOP"])
@pytest.mark.parametrize("size", [0, 60])
@kept
def test_two_messages_with_one_header_both_come(make_gateway, has, size, keep):
    server = Pop3([alarm("The door is open.", size), alarm("It burns, and this is longer.", size)], has)
    server.uidls = ["same", "same"]
    office = office_at(make_gateway, server, "pop3", keep_on_server=keep)
    for _ in range(3):
        office.session()
    server.messages.append(alarm("And it rains, and this is longer still.", size))
    server.uidls.append("same")
    for _ in range(2):
        office.session()
    server.stop()
    assert [text[:3] for text in alarms(office)] == [b"And", b"It ", b"The"]
    assert len(server.left) == (3 if keep == "yes" else 0)


@pytest.mark.parametrize("has", [("TOP",), ()], ids=["no UIDL", "neither"])
@kept
def test_the_very_same_message_twice_comes_once(make_gateway, has, keep):
    server = Pop3([alarm("The door is open."), alarm("The door is open.")], has)
    office = office_at(make_gateway, server, "pop3", keep_on_server=keep)
    for _ in range(4):
        office.session()
    server.stop()
    assert len(alarms(office)) == 1
    assert len(server.left) == (2 if keep == "yes" else 0)


@pytest.mark.parametrize("has", [("TOP",), (), ("TOP", "UIDL"), ("UIDL",)], ids=["no UIDL", "neither", "both", "no TOP"])
@kept
def test_messages_without_any_header_are_told_by_their_bytes(make_gateway, has, keep):
    server = Pop3([b"X-Any: thing\r\n\r\none\r\n", b"X-Any: thing\r\n\r\ntwo\r\n"], has)
    office = office_at(make_gateway, server, "pop3", keep_on_server=keep)
    for _ in range(3):
        office.session()
    server.stop()
    fetched = [message for user in ("ivan", "postmaster") for message in office.mailbox(user) if b"X-Lanpost-Account" in message]
    assert len(fetched) == 2
    assert len(server.left) == (2 if keep == "yes" else 0)


@pytest.mark.parametrize("condstore", [False, True])
def test_an_older_message_that_moves_the_uids_of_all_is_not_missed(make_gateway, condstore):
    """If only what is new is listed, the sizes of the latest known messages show it. The last one may come again under its new UID."""
    known = [letter(number=n, body=n * "x" + "\n") for n in range(1, 9)]
    server = MisbehavingImap(known, condstore=condstore)
    office = office_at(make_gateway, server, "imap", keep_on_server="yes")
    office.session()
    server.messages = dict(enumerate([letter(number=9), *known], 101))
    for _ in range(2):
        office.session()
    server.stop()
    assert set(in_mailbox(office, "ivan")) == set(range(1, 10))


@kept
def test_imap_uids_that_follow_the_dates(make_gateway, keep):
    server = MisbehavingImap(letters(1, 2, 4))
    office = office_at(make_gateway, server, "imap", keep_on_server=keep)
    office.session()
    if keep == "yes":
        server.messages = dict(zip((101, 102, 103, 104), [*letters(1, 2), letter(number=3, body="of another size\n"), *letters(4)]))
    else:
        server.messages = {101: letter(number=3)}
    for _ in range(2):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])
    assert len(server.left) == (4 if keep == "yes" else 0)


@protocols
def test_uids_that_move_down_when_one_is_deleted_elsewhere(make_gateway, protocol):
    mail = [letter(number=n, body="x" * n + "\n") for n in range(1, 7)]
    server = SERVERS[protocol](mail)
    office = office_at(make_gateway, server, protocol, keep_on_server="yes")
    office.session()
    rest = [*mail[:2], *mail[3:], letter(number=7, body="x" * 7 + "\n")]
    if protocol == "pop3":
        server.messages, server.uidls = rest, [f"uidl-{n}" for n in range(1, 7)]
    else:
        server.messages = dict(enumerate(rest, 101))
    for _ in range(2):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 8))
    assert left_numbers(server) == [1, 2, 4, 5, 6, 7]


# --- what waits on the server is counted and listed

@protocols
def test_what_waits_on_the_server_is_counted_and_listed_everywhere(make_gateway, protocol):
    server = SERVERS[protocol]([letter(number=1), letter(number=2, body="large\n" * 3000), letter(number=3)])

    def misdeed(event, argument, connection):
        if event == "RETR" and server.messages[int(argument) - 1].count(b"<3.test"):
            connection.say("-ERR this one is broken")
            return True
        if protocol == "imap" and server.fetches(event, argument, 103):
            server.done(connection, "NO this one is broken")
            return True
    server.misdeed = misdeed
    office = office_at(make_gateway, server, protocol, max_size="10K")
    for _ in range(2):
        done = office.session()
        assert "left on the server 2" in done.stdout
    account = office.status()["accounts"][0]
    assert account["left"] == 2 and sorted(one["size"] > 10000 for one in account["waiting"]) == [False, True]
    shown = office.cli("status").stdout
    assert "larger than max_size" in shown and "this one is broken" in shown and "successful" in shown
    office.send("ivan@office.lan", ["daemon@office.lan"], letter(sender="ivan@office.lan", subject="fetch a"))
    report = [mail for mail in office.mailbox_when("ivan", 3) if b"left on the server: 2" in mail]
    assert len(report) == 1 and b"larger than max_size" in report[0]
    server.stop()


def test_after_a_session_that_only_sends_a_broken_account_is_not_forgotten(make_gateway):
    server = MisbehavingPop3(letters(1), "is_busy")
    office = office_at(make_gateway, server, "pop3")
    office.session(code=1)
    office.session("--send-only")
    server.stop()
    shown = office.cli("status").stdout
    assert "successful" not in shown and "some accounts have problems" in shown
