"""An incomplete message is never deleted at the provider: it is retried in a separate connection, reported once, and left there."""
import collections
import re
import sqlite3
import time

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}
SERVERS = {"pop3": MisbehavingPop3, "imap": MisbehavingImap}
protocols = pytest.mark.parametrize("protocol", SERVERS)
DOTTED = "first half\n.\nsecond half\n" + "more of it\n" * 50


def three(second="body of 2\n" * 20):
    return [letter(number=1, body="body of 1\n" * 20), letter(number=2, body=second), letter(number=3, body="body of 3\n" * 20)]


def office_at(make_gateway, server, protocol, **keys):
    return make_gateway(users=IVAN, accounts={"a": {"url": f"{protocol}://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                                    "password": "y", "timeout": "5s", **keys}})


def told(office):
    return [mail for mail in office.mailbox("postmaster") if b"a message of account a" in mail]


def left_numbers(server):
    return [int(re.search(rb"<(\d+)\.test", message).group(1)) for message in server.left]


def asked_for(server, number):
    word = rb"RETR %d$" % number if isinstance(server, MisbehavingPop3) else rb"UID FETCH %d .*BODY.PEEK\[\]" % (100 + number)
    return len([line for line in server.commands if re.search(word, line)])


class Cuts:
    """Gives only the first bytes of one message, with all that belongs to an answer; listed: what sizes it lists."""

    def __init__(self, server, number=2, keep=100, listed=len):
        self.server, self.number, self.keep, self.listed = server, number, keep, listed

    def given(self, message):
        return message[:self.keep] if b"<%d.test" % self.number in message else message

    def pop3(self, event, argument, connection):
        if event == "LIST":
            connection.say("+OK")
            for n, message in self.server._numbered():
                connection.say(f"{n} {self.listed(message)}")
            connection.say(".")
        elif event == "RETR":
            connection.say("+OK")
            connection.raw(self.server.stuffed(self.given(self.server.messages[int(argument) - 1]) + b"\r\n"))
        else:
            return None
        return True

    def imap(self, event, argument, connection):
        if event == "UID FETCH" and "RFC822.SIZE" in argument:
            self.server.list(connection, size=self.listed)
        elif self.server.fetches(event, argument):
            uid = int(argument.split()[0])
            self.server.data(connection, uid, "BODY[]", self.given(self.server.messages[uid]))
            self.server.done(connection)
        else:
            return None
        return True


# --- what follows is no reply

@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_dot_that_is_not_doubled_ends_no_message(make_gateway, place, pipelining):
    messages = [letter(number=n) for n in (1, 2, 3)]
    messages[place] = letter(number=place + 1, body=DOTTED)
    server = MisbehavingPop3(messages, "announces_pipelining" if pipelining else None)
    server.stuffed = lambda data: data + b".\r\n"
    office = office_at(make_gateway, server, "pop3")
    for _ in range(3):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter({1, 2, 3} - {place + 1})
    assert left_numbers(server) == [place + 1]
    assert len(told(office)) == 1


def test_a_server_without_uidl_and_top_is_got_round_as_well(make_gateway):
    server = MisbehavingPop3(three(DOTTED), "has_neither_uidl_nor_top")
    server.stuffed = lambda data: data + b".\r\n"
    office = office_at(make_gateway, server, "pop3")
    for _ in range(2):
        office.cli("session")
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 3])
    assert left_numbers(server) == [2]


@pytest.mark.parametrize("text", [b"x", b")x", b" and so on", b")) "])
def test_an_imap_literal_told_too_short_is_no_message(make_gateway, text):
    server = MisbehavingImap(three())

    def misdeed(event, argument, connection):
        if server.fetches(event, argument, 102):
            message = server.messages[102]
            connection.raw(b"* 2 FETCH (UID 102 BODY[] {%d}\r\n" % (len(message) - 40) + message[:-40] + text + message[-40:] + b")\r\n")
            server.done(connection)
            return True
    server.misdeed = misdeed
    office = office_at(make_gateway, server, "imap")
    for _ in range(2):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 3])
    assert left_numbers(server) == [2]
    assert len(told(office)) == 1


def test_an_imap_response_that_is_closed_too_early_holds_up_nobody(make_gateway):
    server = MisbehavingImap(three())

    def misdeed(event, argument, connection):
        if server.fetches(event, argument):
            uid = int(argument.split()[0])
            server.data(connection, uid, "BODY[]", server.messages[uid])
            connection.raw(b" FLAGS (\\Seen))\r\n")
            server.done(connection)
            return True
    server.misdeed = misdeed
    office = office_at(make_gateway, server, "imap")
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3]) and server.left == []


# --- shorter than listed

@protocols
def test_what_comes_short_twice_is_delivered_once_and_stays_there(make_gateway, protocol):
    server = SERVERS[protocol](three())
    server.misdeed = getattr(Cuts(server, keep=250), protocol)
    office = office_at(make_gateway, server, protocol)
    for _ in range(3):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
    assert left_numbers(server) == [2]
    assert len(told(office)) == 1 and b"shorter" in told(office)[0]


@protocols
def test_what_comes_short_once_is_fetched_whole(make_gateway, protocol):
    server = SERVERS[protocol](three())
    cut = getattr(Cuts(server), protocol)
    server.misdeed = lambda event, argument, connection: cut(event, argument, connection) if server.accepted == 1 else None
    office = office_at(make_gateway, server, protocol)
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3]) and server.left == []
    assert any(mail.count(b"body of 2") == 20 for mail in office.mailbox("ivan"))
    assert told(office) == []


@protocols
@pytest.mark.parametrize("lie", [40, -5, 3])
def test_sizes_that_are_always_wrong_cost_little_and_hold_up_nothing(make_gateway, protocol, lie):
    server = SERVERS[protocol]([letter(number=n, body="text\n" * n) for n in range(1, 41)])
    server.misdeed = getattr(Cuts(server, number=0, listed=lambda message: len(message) + lie), protocol)
    office = office_at(make_gateway, server, protocol)
    for _ in range(2):
        office.session()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 41)) and server.left == []
    fetched = [line for line in server.commands if b"RETR" in line or b"PEEK[]" in line]
    assert len(fetched) <= (42 if lie > 4 else 40)
    before = server.accepted
    if protocol == "pop3":
        server.messages, server.uidls = [letter(number=50)], ["uidl-50"]
    else:
        server.messages = {900: letter(number=50)}
    office.session()  # it is remembered
    server.stop()
    assert server.left == [] and server.accepted == before + 1
    assert told(office) == []


@protocols
def test_of_a_few_messages_with_wrong_sizes_none_comes_twice_or_never(make_gateway, protocol):
    server = SERVERS[protocol]([letter(number=1)])
    server.misdeed = getattr(Cuts(server, number=0, listed=lambda message: len(message) + 100), protocol)
    office = office_at(make_gateway, server, protocol)
    for n in range(2, 7):
        office.session()
        if protocol == "pop3":
            server.messages.append(letter(number=n))
            server.uidls.append(f"uidl-{n}")
        else:
            server.messages[max([*server.messages, 100]) + 1] = letter(number=n)
    office.session()
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 7))
    assert server.left == []  # by now it is known that sizes mean nothing here


def test_the_last_message_of_unknown_size_is_proved_by_an_answer(make_gateway):
    server = MisbehavingPop3(three(), "lies_about_sizes")
    office = office_at(make_gateway, server, "pop3")
    office.session()
    server.stop()
    words = [line.split()[0] for line in server.commands]
    assert words.index(b"NOOP") < words.index(b"DELE")


def test_where_sizes_are_right_no_proof_is_asked_for(make_gateway):
    for protocol in SERVERS:
        server = SERVERS[protocol](three())
        office = office_at(make_gateway, server, protocol)
        office.session()
        server.stop()
        assert b"NOOP" not in b" ".join(server.commands)
        office.stop()


# --- every byte is paid for once: pauses between the tries

def a_day_passes(office, days=1):
    """For what is remembered of failed tries."""
    with sqlite3.connect(office.spool / "state.db") as state:
        state.execute("UPDATE seen SET time = time - ? WHERE substr(CAST(uidl AS BLOB), 1, 1) = x'08'", (days * 86400,))
    state.close()


def problems(office):
    with sqlite3.connect(office.spool / "state.db") as state:
        keys = [key for key, in state.execute("SELECT key FROM problem ORDER BY key")]
    state.close()
    return keys


class Hopeless:
    """Message 1 is never whole: the rest of it follows where a reply should."""

    def __init__(self, server, protocol):
        self.server, self.protocol, self.is_well = server, protocol, False
        server.misdeed = self

    def __call__(self, event, argument, connection):
        if self.is_well:
            return None
        if self.protocol == "pop3" and event == "RETR" and self.server.uidls[int(argument) - 1] == "uidl-1":
            connection.say("+OK")
            connection.raw(self.server.messages[int(argument) - 1] + b".\r\nmore of it\r\nand more\r\n.\r\n")
            return True
        if self.protocol == "imap" and self.server.fetches(event, argument, 101):
            message = self.server.messages[101]
            self.server.data(connection, 101, "BODY[]", message, claimed=len(message) - 40)
            self.server.done(connection)
            return True
        return None


def hopeless(make_gateway, protocol):
    server = SERVERS[protocol](three())
    provider = Hopeless(server, protocol)
    return server, provider, office_at(make_gateway, server, protocol)


@protocols
def test_what_never_comes_whole_is_tried_twice_then_daily_then_weekly(make_gateway, protocol):
    server, provider, office = hopeless(make_gateway, protocol)
    for _ in range(3):
        office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([2, 3])
    first = asked_for(server, 1)
    assert first == (2 if protocol == "imap" else 3)  # the one before it was known how much that server takes at once
    for day in range(1, 8):
        a_day_passes(office)
        office.session()
        office.session()
        assert asked_for(server, 1) == first + 2 * day
    a_day_passes(office)
    office.session()
    assert asked_for(server, 1) == first + 14
    a_day_passes(office, days=7)
    office.session()
    assert asked_for(server, 1) == first + 16 and len(told(office)) == 1
    provider.is_well = True
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([2, 3])
    office.cli("session", "--account", "a")  # the admin's word
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3]) and server.left == []
    assert problems(office) == []


@protocols
def test_when_it_is_tried_again_stands_in_the_status(make_gateway, protocol):
    server, _, office = hopeless(make_gateway, protocol)
    office.session()
    one, = office.status()["accounts"][0]["waiting"]
    assert 86000 < one["next_try"] - time.time() < 86800
    assert "next try: " in office.cli("status").stdout
    office.session()  # it is not tried, and still listed
    one, = office.status()["accounts"][0]["waiting"]
    assert one["next_try"] > time.time()
    server.stop()


def test_a_line_that_drops_in_a_message_gets_some_sessions_more(make_gateway):
    server = MisbehavingPop3(three(), "always_closes_in_the_middle_of_the_first_message")
    office = office_at(make_gateway, server, "pop3", give_up_after=0)
    for _ in range(5):
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([2, 3])
    assert asked_for(server, 1) == 6


def test_a_message_that_is_gone_is_no_problem_any_more(make_gateway):
    server, _, office = hopeless(make_gateway, "pop3")
    office.session()
    assert problems(office) == ["message a uidl-1"]
    server.messages[:], server.uidls[:] = [], []
    office.session()
    server.stop()
    assert problems(office) == []


# --- UIDs given anew, and no headers to compare

def test_that_duplicates_were_kept_out_is_told_once(make_gateway):
    server = MisbehavingPop3([letter(number=n, body=f"text {n}\n" * n) for n in range(1, 7)])

    def misdeed(event, argument, connection):
        if event in ("CAPA", "TOP"):
            connection.say("-ERR what is that?")
            return True
    server.misdeed = misdeed
    office = office_at(make_gateway, server, "pop3", keep_on_server="yes")
    office.session()

    def heard():
        return [mail for mail in office.mailbox("postmaster") if b"6 messages were fetched again" in b" ".join(mail.split())]
    for turn in (1, 2):
        assert len(heard()) == turn - 1
        server.uidls[:] = [f"anew-{turn}-{n}" for n in range(6)]
        office.session()
        assert len(heard()) == turn and problems(office) == ["uids a"]
        office.session()  # they have these UIDs still: it is over, which is worth no mail
        assert len(office.mailbox("postmaster")) == turn and problems(office) == []
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 7))
