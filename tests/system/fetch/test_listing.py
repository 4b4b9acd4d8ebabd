"""An IMAP mailbox is listed as far as it has changed: kept messages cost next to nothing, and every decision is as after a whole list."""
import collections
import imaplib
import re
import sqlite3
import time

import pytest

from harness.letters import letter
from harness.line import Line
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}
KEPT = 600


def office_at(make_gateway, port, keep="yes", **keys):
    return make_gateway(users=IVAN, accounts={"a": {"url": f"imap://127.0.0.1:{port}", "tls": "none", "user": "office",
                                                    "password": "provider-pw", "keep_on_server": keep, **keys}})


def lists(server):
    """The sets that were listed, without the latest recorded messages, whose sizes are compared."""
    return [re.sub(r"(?<=\*),\d+(:\d+)?$", "", line.split()[3].decode()) for line in server.commands if b"RFC822.SIZE" in line]


def test_kept_messages_cost_a_few_hundred_bytes(make_gateway, dovecot):
    for n in range(1, KEPT + 1):
        dovecot.deliver("office", letter(number=n))
    line = Line(dovecot.imap_port)
    office = office_at(make_gateway, line.port, compress="no")

    def cost():
        line.reset()
        office.session()
        return line.down + line.up
    first = cost()
    assert first > 100 * KEPT
    empty = cost()
    assert empty < 2500  # greeting, login and capabilities, SELECT, nothing new
    dovecot.deliver("office", letter(number=KEPT + 1))
    assert cost() < empty + 1000
    client = imaplib.IMAP4("127.0.0.1", dovecot.imap_port)
    client.login("office", "provider-pw")
    client.select("INBOX")
    client.store("10:20", "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()
    dovecot.deliver("office", letter(number=KEPT + 2))
    assert cost() < empty + 1500  # which are left is one line
    assert cost() <= empty + 200
    time.sleep(1.1)  # Dovecot's UIDVALIDITY is a time in seconds
    for path in (dovecot.mail / "office").glob("dovecot*"):
        path.unlink()
    dovecot.deliver("office", letter(number=KEPT + 3))
    assert cost() > 100 * KEPT  # all headers
    assert cost() <= empty + 200
    line.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, KEPT + 4))
    assert len(dovecot.left("office")) == KEPT + 3 - 11


def age(office, days, where="1"):
    """What was fetched becomes older."""
    office.stop()
    with sqlite3.connect(office.spool / "state.db") as state:
        state.execute(f"UPDATE seen SET time = time - ? WHERE {where}", (days * 86400,))
    state.close()
    office.start()


def test_old_messages_are_deleted_without_a_list(make_gateway, dovecot):
    for n in range(1, 8):
        dovecot.deliver("office", letter(number=n))
    office = office_at(make_gateway, dovecot.imap_port, keep="2d")
    office.session()
    age(office, 3, "CAST(uidl AS TEXT) LIKE '%.2' OR CAST(uidl AS TEXT) LIKE '%.5'")
    dovecot.deliver("office", letter(number=8))
    office.session()
    office.session()
    assert len(dovecot.left("office")) == 6
    age(office, 3)
    office.session()
    assert dovecot.left("office") == []
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 9))


@pytest.fixture
def server():
    made = MisbehavingImap([letter(number=n) for n in range(1, 6)], condstore=True)
    made.next = 106
    yield made
    made.stop()


def test_only_what_is_new_is_listed(make_gateway, server):
    office = office_at(make_gateway, server.port)
    office.session()
    office.session()
    server.messages[106], server.next = letter(number=6), 107
    office.session()
    office.session()
    assert lists(server) == ["1:*", "106:*", "106:*", "107:*"]
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 7))


def test_what_is_deleted_there_leaves_the_record(make_gateway, server):
    office = office_at(make_gateway, server.port, keep="no")
    for n in range(6, 9):
        office.session()
        assert server.left == []
        server.messages[100 + n] = letter(number=n)
        server.next = 101 + n
    office.session()
    assert lists(server) == ["1:*", "106:*", "107:*", "108:*"]
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 9))


@pytest.mark.parametrize("change", ["gone", "back", "lower", "validity", "no validity", "forgotten"])
def test_whatever_does_not_fit_is_listed_whole(make_gateway, server, change):
    office = office_at(make_gateway, server.port)
    office.session()
    if change == "gone":  # a server without ESEARCH
        del server.messages[102]
    elif change == "back":  # a message with an old number appears
        server.messages[50] = letter(number=6)
    elif change == "lower":
        server.next = 90
    elif change == "validity":
        server.validity += 1
    elif change == "no validity":
        server.validity = 0
    elif change == "forgotten":
        office.stop()
        with sqlite3.connect(office.spool / "state.db") as state:
            state.execute("DELETE FROM seen WHERE CAST(uidl AS TEXT) LIKE '%.103'")
        state.close()
        office.start()
    office.session()
    assert lists(server)[-1] == "1:*"
    got = in_mailbox(office, "ivan")
    expected = collections.Counter([1, 2, 3, 4, 5] + [6] * (change == "back"))
    assert got == expected + collections.Counter([3] * (change == "forgotten"))
    office.session()
    assert in_mailbox(office, "ivan") == got


def test_what_could_not_be_fetched_is_listed_until_it_comes(make_gateway, server):
    def misdeed(event, argument, connection):
        if server.fetches(event, argument, 102):
            server.done(connection, "NO [SERVERBUG] cannot read it")
            return True
    server.misdeed = misdeed
    office = office_at(make_gateway, server.port)
    office.session()
    office.session()
    assert lists(server)[-1] == "102,106:*" and office.status()["accounts"][0]["left"] == 1
    server.misdeed = lambda event, argument, connection: None
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 6))
    office.session()
    assert lists(server)[-1] == "106:*"


def test_a_stub_still_waits_and_comes_with_a_higher_limit(make_gateway, server):
    server.messages[103] = letter(number=3, body="long line of text\n" * 4000)
    office = office_at(make_gateway, server.port, max_size="20K")
    office.session()
    office.session()
    assert lists(server)[-1] == "106:*"
    account, = office.status()["accounts"]
    assert account["left"] == 1 and account["waiting"][0]["size"] == len(server.messages[103])
    office.accounts["a"]["max_size"] = "1M"
    office.write()
    office.cli("reload")
    office.session()
    assert any(message.count(b"long line of text") == 4000 for message in office.mailbox("ivan"))
    assert office.status()["accounts"][0]["left"] == 0


def test_a_server_without_uidplus_is_listed_whole_where_messages_are_deleted(make_gateway):
    server = MisbehavingImap([letter(number=n) for n in range(1, 4)], condstore=True, uidplus=False)
    office = office_at(make_gateway, server.port, keep="30d")
    office.session()
    office.session()
    server.stop()
    assert lists(server)[-1] == "1:*"
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
