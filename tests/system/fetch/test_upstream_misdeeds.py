"""A provider that lies, stalls or breaks off: the message concerned is reported, everything else comes once."""
import collections
import sqlite3

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.certificates import authority
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


def office_at(make_gateway, server, **keys):
    return make_gateway(users=IVAN, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none",
                                                    "user": "x", "password": "y", "timeout": "5s",
                                                    **keys}})


def three():
    return [letter(number=n, body=f"body of {n}\n" * 20) for n in (1, 2, 3)]


def fetch_with(make_gateway, misdeed, sessions=2, messages=None, **settings):
    server = MisbehavingPop3(messages or three(), misdeed, **settings)
    office = office_at(make_gateway, server)
    for _ in range(sessions):
        office.cli("session", timeout=180)
    server.stop()
    return office, server


ONCE = collections.Counter([1, 2, 3])


def test_a_provider_that_refuses_everything_does_not_fill_the_log(make_gateway):
    messages = [letter(number=n) for n in range(1, 501)]
    office, server = fetch_with(make_gateway, "refuses_every_message", sessions=1, messages=messages)
    lines = [line for line in office.log().splitlines() if "event=message-skipped" in line]
    assert len(lines) == 21 and "and more" in lines[-1]
    assert len(server.left) == 500


@pytest.mark.parametrize("misdeed", [
    None, "closes_in_the_middle_of_a_message", "closes_in_the_middle_of_uidl", "closes_before_quit_is_answered",
    "lies_about_sizes", "lists_more_than_it_has",
    "has_no_uidl", "has_neither_uidl_nor_top", "changes_all_uidls", "numbers_its_uidls_anew", "reorders_its_messages",
    "announces_pipelining", "loses_pipelined_commands", "loses_pipelined_messages"])
def test_everything_comes_exactly_once(make_gateway, misdeed):
    office, server = fetch_with(make_gateway, misdeed)
    assert in_mailbox(office, "ivan") == ONCE
    assert server.left == []


@pytest.mark.parametrize("misdeed", [None, "has_no_uidl", "has_neither_uidl_nor_top", "changes_all_uidls",
                                     "reorders_its_messages", "lies_about_sizes"])
def test_what_is_kept_on_the_server_comes_once(make_gateway, misdeed):
    server = MisbehavingPop3(three(), misdeed)
    office = office_at(make_gateway, server, keep_on_server="yes")
    for n in (4, 5, 6):
        office.session()
        server.messages.append(letter(number=n))
        server.uidls.append(f"uidl-{n}")
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 7))
    assert len(server.left) == 6


def test_new_uidls_for_a_large_mailbox_bring_no_flood(make_gateway):
    server = MisbehavingPop3([letter(number=n) for n in range(1, 301)], "changes_all_uidls")
    office = office_at(make_gateway, server, keep_on_server="yes")
    for _ in range(3):
        office.session()
    server.stop()
    assert len([line for line in server.commands if line.startswith(b"RETR")]) == 300
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 301))


def test_a_uidl_that_is_used_again_is_another_letter(make_gateway):
    server = MisbehavingPop3(three(), "numbers_its_uidls_anew")
    office = office_at(make_gateway, server)
    office.session()
    server.messages = [letter(number=n) for n in (7, 8)]
    server.uidls = ["x", "y"]
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 7, 8])
    assert server.left == []


def test_messages_are_deleted_after_so_many_days(make_gateway):
    server = MisbehavingPop3(three())
    office = office_at(make_gateway, server, keep_on_server="2d")
    office.session()
    assert len(server.left) == 3
    office.stop()
    with sqlite3.connect(office.spool / "state.db") as state:
        state.execute("UPDATE seen SET time = time - 3 * 86400 WHERE uidl <> CAST('uidl-2' AS BLOB)")
    state.close()
    office.start()
    office.session()
    server.stop()
    assert [b"<2.test" in message for message in server.left] == [True]
    assert in_mailbox(office, "ivan") == ONCE


def test_a_server_that_loses_commands_is_remembered(make_gateway):
    office, server = fetch_with(make_gateway, "loses_pipelined_commands", sessions=1)
    assert in_mailbox(office, "ivan") == ONCE and server.left == []
    before = server.accepted
    assert before == 2  # one connection to find out
    again = MisbehavingPop3([letter(number=4)], "loses_pipelined_commands", port=server.port)
    office.session()
    again.stop()
    assert again.accepted == 1 and again.left == []


def test_listing_and_farewell_cost_one_round_trip_each(make_gateway):
    office, server = fetch_with(make_gateway, "announces_pipelining", sessions=1)
    words = [line.split()[0] for line in server.commands]
    assert words[-10:] == [b"CAPA", b"UIDL", b"LIST", b"RETR", b"RETR", b"RETR", b"DELE", b"DELE", b"DELE", b"QUIT"]


def test_a_refused_message_is_left_and_the_others_come(make_gateway):
    office, server = fetch_with(make_gateway, "refuses_the_second_retr")
    found = in_mailbox(office, "ivan")
    assert found[1] == 1 and found[3] == 1 and found[2] == 0
    assert [b"<2.test" in message for message in server.left] == [True]


def test_a_message_in_which_the_line_always_breaks_holds_up_nobody(make_gateway):
    office, server = fetch_with(make_gateway, "always_closes_in_the_middle_of_the_first_message", sessions=2)
    assert in_mailbox(office, "ivan") == collections.Counter([2, 3])
    assert [b"<1.test" in message for message in server.left] == [True]
    told = [mail for mail in office.mailbox("postmaster") if b"cannot be fetched as a whole" in b" ".join(mail.split())]
    assert len(told) == 1


def test_on_a_line_that_keeps_dropping_deletions_are_committed(make_gateway):
    server = MisbehavingPop3([letter(number=n) for n in range(1, 41)], "closes_after_seven_messages")
    office = office_at(make_gateway, server)
    office.session(timeout=180)
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 41))
    assert server.left == []


def test_what_cannot_be_deleted_is_not_fetched_again(make_gateway):
    office, server = fetch_with(make_gateway, "refuses_dele", sessions=3)
    assert in_mailbox(office, "ivan") == ONCE
    assert len(server.left) == 3


def test_two_messages_with_one_uidl_are_both_fetched(make_gateway):
    office, _ = fetch_with(make_gateway, "gives_two_messages_one_uidl", messages=three()[:2])
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2])


def test_a_mailbox_in_use_is_told_only_when_it_stays_so(make_gateway):
    server = MisbehavingPop3(three(), "is_busy")
    office = office_at(make_gateway, server)
    office.session(code=1)
    office.session(code=1)
    assert office.files("postmaster") == []
    with sqlite3.connect(office.spool / "state.db", timeout=90) as state:
        assert state.execute("UPDATE value SET text = text - 4000 WHERE key = 'busy account a'").rowcount == 1
    office.session(code=1)
    office.session(code=1)
    assert len(office.files("postmaster")) == 1
    server.misdeed = lambda event, argument, connection: None
    office.session()
    server.stop()
    assert len(office.files("postmaster")) == 2 and in_mailbox(office, "ivan") == ONCE


@pytest.mark.parametrize("misdeed", ["sends_terminal_escapes", "is_busy", "offers_stls_and_refuses_it",
                                     "slips_plaintext_in_before_tls", "sends_a_line_without_end"])
def test_the_session_fails_cleanly_and_the_account_recovers(make_gateway, misdeed):
    settings, keys = {}, {}
    if misdeed in ("offers_stls_and_refuses_it", "slips_plaintext_in_before_tls"):
        settings["certificate"] = authority().server("liar")
        keys = {"tls": "required", "ca_file": authority().ca}
    server = MisbehavingPop3(three(), misdeed, **settings)
    office = office_at(make_gateway, server, **keys)
    done = office.session(code=1)
    assert "\x1b" not in done.stdout + done.stderr + office.log()
    assert office.files("ivan") == []
    server.misdeed = lambda event, argument, connection: None
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == ONCE and server.left == []


def test_strange_uidls_are_told_apart(make_gateway):
    server = MisbehavingPop3(three() + [letter(number=4)])
    server.uidls = ["a b", "x" * 200, "\x01\x02", "x" * 200 + "y"]
    office = office_at(make_gateway, server)
    for _ in range(2):
        office.cli("session")
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])


def test_messages_with_bare_line_ends_and_nul_are_kept(make_gateway):
    odd = [b"Message-ID: <1.test@bank.ru>\r\nTo: ivan@example.ru\r\n\r\na\nb\rc\0d\r\n..\r\n",
           b"Message-ID: <2.test@bank.ru>\r\nTo: ivan@example.ru\r\n\r\n" + b"z" * 10_000_000 + b"\r\n"]
    office, server = fetch_with(make_gateway, None, messages=odd)
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2])
    assert len(office.mailbox("ivan")) == 2 and server.left == []


@pytest.mark.parametrize("misdeed", ["hangs_before_greeting", "hangs_after_retr"])
def test_a_deadline_ends_a_silent_server(make_gateway, misdeed):
    server = MisbehavingPop3(three(), misdeed)
    office = office_at(make_gateway, server, timeout="2s")
    office.session(code=1, timeout=90)  # a silent server would hold it for 60 s by default
    server.stop()
    assert office.files("ivan") == [] and len(server.left) == 3


def test_of_many_messages_kept_on_the_server_only_the_new_ones_come(make_gateway):
    server = MisbehavingPop3([letter(number=n, body="") for n in range(1, 2001)])
    office = office_at(make_gateway, server, keep_on_server="yes")
    office.session()
    before = len([line for line in server.commands if line.startswith(b"RETR")])
    assert before == 2000
    server.messages.append(letter(number=2001))
    server.uidls.append("uidl-2001")
    office.session()
    assert len([line for line in server.commands if line.startswith(b"RETR")]) == 2001
    assert len(server.left) == 2001
    server.stop()
    assert sum(in_mailbox(office, "ivan").values()) == 2001
