"""A mailbox at a provider is known by its server and login: not by the name of the account, nor by the way to it."""
import collections
import re
import sqlite3
import threading

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.waiting import until
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}
SERVERS = {"pop3": MisbehavingPop3, "imap": MisbehavingImap}
protocols = pytest.mark.parametrize("protocol", SERVERS)


def letters(*numbers):
    return [letter(number=n) for n in numbers]


def at(protocol, port, **keys):
    return {"url": f"{protocol}://127.0.0.1:{port}", "tls": "none", "user": "Box@example.ru", "password": "y",
            "keep_on_server": "yes", **keys}


def rename(office, old, new, **keys):
    office.accounts[new] = {**office.accounts.pop(old), **keys}
    office.write()
    assert office.cli("reload").returncode == 0


@protocols
def test_an_account_that_is_renamed_keeps_its_memory(make_gateway, protocol):
    server = SERVERS[protocol](letters(1, 2, 3))
    office = make_gateway(users=IVAN, accounts={"a": at(protocol, server.port)})
    office.session()
    rename(office, "a", "office", user="box@EXAMPLE.ru")
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])


def test_what_an_older_version_remembered_by_name_is_found(make_gateway):
    server = MisbehavingPop3(letters(1, 2, 3))
    office = make_gateway(users=IVAN, accounts={"a": at("pop3", server.port)})
    office.session()
    office.stop()
    with sqlite3.connect(office.spool / "state.db") as state:
        state.execute("UPDATE seen SET account = 'a'")
        state.execute("DELETE FROM value WHERE key LIKE 'left %' OR key LIKE 'mailbox %'")
        for table, column in (("seen", "body"), ("reply", "written_to"), ("trigger_mail", "message_id")):
            state.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        state.execute("PRAGMA user_version = 3")
    state.close()
    (office.spool / "seen.db").unlink()
    office.start()  # and before the first session the account is renamed
    rename(office, "a", "office")
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])


@pytest.mark.parametrize("before, after", [("pop3", "pop3"), ("imap", "imap"), ("pop3", "imap"), ("imap", "pop3")])
def test_a_provider_that_moves_to_another_server_brings_no_flood(make_gateway, before, after):
    old = SERVERS[before](letters(1, 2, 3))
    office = make_gateway(users=IVAN, accounts={"a": at(before, old.port)})
    office.session()
    old.stop()
    new = SERVERS[after](letters(1, 2, 3, 4))
    new.uidls = ["x1", "x2", "x3", "x4"]
    office.accounts["a"] = at(after, new.port)
    office.write()
    assert office.cli("reload").returncode == 0
    for _ in range(2):
        office.session()
    new.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])
    asked = [line for line in new.commands if re.search(rb"RETR|BODY.PEEK\[\]", line)]
    assert len(asked) == 1


def test_another_login_is_another_mailbox(make_gateway):
    server = MisbehavingPop3(letters(1, 2))
    office = make_gateway(users=IVAN, accounts={"a": at("pop3", server.port)})
    office.session()
    server.messages = letters(3, 4)  # with the UIDLs of the other mailbox
    office.accounts["a"]["user"] = "other@example.ru"
    office.write()
    assert office.cli("reload").returncode == 0
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])


@protocols
def test_two_accounts_with_one_mailbox_bring_each_message_once(make_gateway, protocol):
    server = SERVERS[protocol](letters(1, 2, 3))
    one = at(protocol, server.port)
    office = make_gateway(users=IVAN, accounts={"a": one, "b": one, "c": {**one, "enabled": "no"}})
    checked = office.cli("check")
    warned = [line for line in (checked.stdout + checked.stderr).splitlines() if "same mailbox" in line]
    assert len(warned) == 1 and "[account b]" in warned[0] and "[account a]" in warned[0]
    for args in ([], ["--account", "b"], ["--account", "c"], ["--account", "a", "--account", "b"]):
        office.session(*args)
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])


def test_dovecot_knows_the_renamed_account_the_second_one_and_the_other_protocol(make_gateway, account, dovecot):
    kept = {**account, "keep_on_server": "yes"}
    for n in (1, 2, 3):
        dovecot.deliver("office", letter(number=n))
    office = make_gateway(users=IVAN, accounts={"a": kept})
    office.session()
    rename(office, "a", "renamed")
    office.session()
    dovecot.deliver("office", letter(number=4))
    for accounts in ({"renamed": kept, "twin": kept}, {"renamed": {**kept, "url": f"imaps://127.0.0.1:{dovecot.imaps_port}"}}):
        office.accounts = accounts
        office.write()
        assert office.cli("reload").returncode == 0
        office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])
    assert len(dovecot.left("office")) == 4


@protocols
def test_two_accounts_of_one_mailbox_take_turns(make_gateway, protocol):
    """Both log in, one after the other, and each message comes once; one that fails does not keep the other out."""
    server = SERVERS[protocol](letters(1, 2, 3))
    now, most = set(), []

    def count(event, argument, connection):
        if event == "QUIT" or event == "LOGOUT":
            now.discard(connection)
        else:
            now.add(connection)
            most.append(len(now))
        return None

    server.misdeed = count
    office = make_gateway(users=IVAN, accounts={"a": at(protocol, server.port), "b": at(protocol, server.port)})
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
    assert len(re.findall("event=account-done", office.log())) == 2 and max(most) == 1
    server.stop()


@protocols
def test_an_account_that_fails_does_not_keep_its_twin_out(make_gateway, protocol):
    server = SERVERS[protocol](letters(1, 2, 3))
    good = at(protocol, server.port)
    bad = {key: value for key, value in good.items() if key != "password"} | {"password_command": "exit 1"}
    office = make_gateway(users=IVAN, accounts={"a": bad, "b": good})
    office.session(code=1)
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])


@pytest.mark.parametrize("table", ["seen", "value"])
def test_what_one_has_fetched_must_be_remembered_before_the_other_looks(make_gateway, table):
    """The state takes nothing between the two, or does not give what it holds: the second account is not fetched, it says why, and nothing
    comes twice."""
    at_quit, may_go = threading.Event(), threading.Event()
    server = MisbehavingPop3(letters(1, 2, 3))
    plain = server.answer

    def answer(word, argument, connection):
        if word == "QUIT" and not at_quit.is_set():
            at_quit.set()
            may_go.wait(90)
        return plain(word, argument, connection)

    server.answer = answer
    kept = at("pop3", server.port)
    office = make_gateway(users=IVAN, accounts={"a": kept, "b": kept})
    office.cli("session", "--no-wait")
    assert at_quit.wait(90)
    with sqlite3.connect(office.spool / "state.db", timeout=90) as state:
        state.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
    may_go.set()
    until(lambda: re.search(r'event=account-done .* fetched=0 .*error="cannot use state.db', office.log()), 30, "the second account's error")
    with sqlite3.connect(office.spool / "state.db", timeout=90) as state:
        state.execute(f"ALTER TABLE elsewhere RENAME TO {table}")
    state.close()
    until(lambda: not office.status()["session"]["running"], 30, "the end of the session")
    assert sum(line.startswith(b"PASS") for line in server.commands) == 1
    problems = [file.read_text(errors="replace") for file in office.files("postmaster")]
    assert any("cannot use state.db" in text for text in problems), "postmaster hears of it"
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
