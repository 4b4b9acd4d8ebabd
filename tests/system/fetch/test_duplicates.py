"""`duplicates = drop`: what has come through one account does not come again through another one."""
import collections
import json
import os
import signal
import sqlite3
import threading

import pytest

from harness.killing import kill_before_the_rows
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox
from harness.waiting import until

IVAN = {"deliver_to": "ivan"}
SERVERS = {"pop3": MisbehavingPop3, "imap": MisbehavingImap}
WAYS = pytest.mark.parametrize("first, second", [("pop3", "pop3"), ("imap", "imap"), ("pop3", "imap"), ("imap", "pop3")])


def copy(number, way, **keys):
    """As a provider has it: what it adds differs."""
    trace = f"Return-Path: <{way}-bounce@bank.ru>\r\nDelivered-To: {way}@example.ru\r\nReceived: from mail.bank.ru by mx.{way}.ru id {way}{number}\r\n"
    return trace.encode() + letter(number=number, **keys)


def copies(way, *numbers, **keys):
    return [copy(n, way, **keys) for n in numbers]


def at(server, **keys):
    protocol = "imap" if isinstance(server, MisbehavingImap) else "pop3"
    return {"url": f"{protocol}://127.0.0.1:{server.port}", "tls": "none", "user": "box@example.ru", "password": "y", "duplicates": "drop", **IVAN, **keys}


def count(**messages):
    return collections.Counter({int(name[1:]): times for name, times in messages.items()})


def reload(office):
    office.write()
    assert office.cli("reload").returncode == 0


def story_of(office, number):
    return [(message["id"], event["event"], event["place"], event["detail"])
            for message in json.loads(office.cli("trace", f"{number}.test@bank.ru", "--json").stdout) for event in message["events"]]


@pytest.fixture
def two(make_gateway):
    """two(messages of a, of b, keys of a, of b): an office with both accounts."""
    servers = []

    def make(of_a, of_b, keys_a=None, keys_b=None, kinds=("pop3", "pop3"), **settings):
        a, b = SERVERS[kinds[0]](of_a), SERVERS[kinds[1]](of_b)
        servers.extend((a, b))
        office = make_gateway(users=["ivan", "maria"], accounts={"a": at(a, **(keys_a or {})), "b": at(b, **(keys_b or {}))}, **settings)
        return office, a, b

    yield make
    for server in servers:
        server.stop()


@WAYS
def test_both_in_one_session(two, first, second):
    office, a, b = two(copies("a", 1, 2), copies("b", 2, 1, 3), kinds=(first, second))
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=1, n2=1, n3=1)
    assert not a.left and not b.left, "both were fetched, and are deleted there"
    story = story_of(office, 1)
    got, = (event for event in story if event[1] == "delivered")
    dropped, = (event for event in story if event[1] == "dropped")
    assert got[2] == dropped[2] == "ivan" and got[0] != dropped[0]
    assert "came through account a at 2" in dropped[3] and f"as message {got[0]}" in dropped[3]
    said = office.cli("trace", dropped[0], language="ru").stdout
    assert "то же письмо" in said and "учётную запись a" in said, said


@WAYS
def test_in_two_sessions_and_kept_there(two, first, second):
    kept = {"keep_on_server": "yes"}
    office, a, b = two(copies("a", 1), copies("b", 1), kept, kept, kinds=(first, second))
    office.session("--account", "b")
    office.session("--account", "a")
    office.stop()
    office.start()
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=1)
    fetched = [line for server in (a, b) for line in server.commands if b"RETR" in line or b"BODY.PEEK[]" in line]
    assert len(fetched) == 2, "the copy is known as fetched"
    dropped, = (event for event in story_of(office, 1) if event[1] == "dropped")
    assert "came through account b at" in dropped[3]


def test_dovecot(make_gateway, account, dovecot):
    drop = {**account, **IVAN, "duplicates": "drop"}
    dovecot.deliver("office", copy(1, "a"))
    dovecot.deliver("branch", copy(1, "b"))
    dovecot.deliver("branch", copy(2, "b"))
    office = make_gateway(users=["ivan"], accounts={"pop3": drop, "imap": {**drop, "url": f"imaps://127.0.0.1:{dovecot.imaps_port}", "user": "branch"}})
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=1, n2=1)
    assert not dovecot.left("office") and not dovecot.left("branch")


@pytest.mark.parametrize("other", [
    {"body": "another text\n"}, {"subject": "another"}, {"to": "another@example.ru"}, {"sender": "another@bank.ru"},
    {"extra": 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="none"\n'}, {"extra": "Reply-To: thief@bank.example\n"},
    {"extra": "no field\n"}, {"extra": "X-A: b\rContent-Type: text/html\n"}])
def test_the_same_message_id_is_not_enough(two, other):
    office, _, _ = two(copies("a", 1), copies("b", 1, **other))
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=2)


def test_without_message_id(two):
    plain = [copy(1, way).replace(b"Message-ID: <1.test@bank.ru>\r\n", b"") for way in "ab"]
    office, _, _ = two(plain[:1], plain[1:])
    office.session()
    assert len(office.files("ivan")) == 2


def test_by_default_both_come(two):
    plain = {"duplicates": "deliver"}
    office, _, _ = two(copies("a", 1), copies("b", 1), plain, plain)
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=2)


def test_one_account_alone_drops_nothing_and_check_says_so(two):
    office, _, _ = two(copies("a", 1), copies("b", 1), {"duplicates": "deliver"})
    checked = office.cli("check")
    assert "[account b] is the only account with duplicates = drop" in checked.stdout + checked.stderr
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=2)
    office.accounts["a"]["duplicates"] = "drop"
    office.write()
    checked = office.cli("check")
    assert "duplicates" not in checked.stdout + checked.stderr


def test_twice_in_one_mailbox_are_two(two):
    office, a, _ = two(copies("a", 1), copies("b", 1))
    office.session()
    a.messages.append(copy(1, "list"))
    a.uidls.append("uidl-2")
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=2)


def test_who_does_not_have_it_gets_it(two):
    office, _, _ = two(copies("a", 1), copies("b", 1), None, {"deliver_to": "ivan, maria"})
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=1)
    assert in_mailbox(office, "maria") == count(n1=1)
    dropped, = (event for event in story_of(office, 1) if event[1] == "dropped")
    assert dropped[2] == "ivan"


def test_another_folder_gets_it(two):
    rules = {"folder": {"when": 'account is "b"', "deliver": "ivan/Work"}}
    office, _, _ = two(copies("a", 1), copies("b", 1), None, {"deliver_to": ""}, rules=rules)
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=1)
    assert len(list((office.spool / "mailboxes/ivan/.Work/new").iterdir())) == 1


def test_it_is_forwarded_once(two):
    rules = {"away": {"when": "always", "forward": "away@forward.example", "deliver": "maria"}}
    sorted_ = {"deliver_to": ""}
    office, _, _ = two(copies("a", 1), copies("b", 1), sorted_, sorted_, rules=rules)
    office.session(code=1)  # there is no smarthost
    assert in_mailbox(office, "maria") == count(n1=1)
    assert sorted(event[2] for event in story_of(office, 1) if event[1] == "queued") == ["away@forward.example"]
    assert sorted(event[2] for event in story_of(office, 1) if event[1] == "dropped") == ["away@forward.example", "maria"]


def test_who_has_deleted_it_does_not_get_the_copy(two):
    office, _, _ = two(copies("a", 1), copies("b", 1))
    office.session("--account", "a")
    office.empty("ivan")
    office.session("--account", "b")
    assert not office.files("ivan")


def test_quarantine_keeps_both_and_counts_for_nothing(two):
    letters = [copy(1, way, extra='MIME-Version: 1.0\nContent-Type: application/x; name="x.exe"\nContent-Disposition: attachment; filename="x.exe"\n')
               for way in "ab"]
    office, _, _ = two(letters[:1], letters[1:], sections={"filter": {"attachments_forbidden": "*.exe", "attachments": "quarantine"}})
    office.session()
    assert len(json.loads(office.cli("quarantine", "list", "--json").stdout)) == 2
    assert not [event for event in story_of(office, 1) if event[1] == "dropped"]


def test_a_message_that_has_a_stub_comes_whole(two):
    long = {"body": "long\n" * 2000}
    office, _, _ = two(copies("a", 1, **long), copies("b", 1, **long), {"max_size": "2K"})
    office.session()
    assert len(office.files("ivan")) == 2, "the stub of a, the message of b"
    office.accounts["a"]["max_size"] = "0"
    reload(office)
    office.session()
    assert len(office.files("ivan")) == 3, "a user may have asked for it by the stub"


@pytest.mark.parametrize("when", ["PASS", "RETR"])
def test_killed_at_the_second_copy(two, when):
    office, _, b = two(copies("a", 1, 2), copies("b", 2, 1))
    killed = threading.Event()

    def kill(event, argument, connection):
        if event != when or killed.is_set():
            return None
        killed.set()
        os.kill(office.process_named("session"), signal.SIGKILL)
        return True

    b.misdeed = kill
    office.session(code=1)
    assert killed.is_set()
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=1, n2=1)


def test_killed_before_the_rows_are_written(two):
    """The record of the first copy is durable, and nothing in the state says so: recovery makes the rows from it."""
    office, a, _ = two(copies("a", 1), copies("b", 1), {"keep_on_server": "no"})
    killed = kill_before_the_rows(office, a)
    office.session(code=1)
    assert killed.is_set(), "it was killed after the commit"
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=1)


def test_what_cannot_be_known_is_delivered(two):
    """The rows cannot be written, nor read."""
    office, a, b = two(copies("a", 1), copies("b", 1))

    def rename(server, old, new):
        plain, done = server.answer, threading.Event()

        def answer(word, argument, connection):
            if word == "QUIT" and not done.is_set():
                done.set()
                with sqlite3.connect(office.spool / "state.db", timeout=90) as state:
                    state.execute(f"ALTER TABLE {old} RENAME TO {new}")
                state.close()
            return plain(word, argument, connection)

        server.answer = answer

    rename(a, "first_copy", "elsewhere")
    rename(b, "elsewhere", "first_copy")
    office.session()
    assert in_mailbox(office, "ivan") == count(n1=2)
    assert "event=duplicates-unknown" in office.log()


def test_they_are_fetched_one_after_the_other(two):
    office, a, b = two(copies("a", 1), copies("b", 1))
    now, most = set(), []

    def watch(event, argument, connection):
        if event == "QUIT":
            now.discard(connection)
        else:
            now.add(connection)
            most.append(len(now))

    a.misdeed = b.misdeed = watch
    office.session()
    until(lambda: not office.status()["session"]["running"], 90, "the end of the session")
    assert max(most) == 1 and in_mailbox(office, "ivan") == count(n1=1)
