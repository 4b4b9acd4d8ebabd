"""An IMAP provider that lies, stalls or breaks off: the same promises as with POP3."""
import collections

import pytest

from harness.certificates import authority
from harness.letters import letter
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}
ONCE = collections.Counter([1, 2, 3])


def three():
    return [letter(number=n, body=f"body of {n}\n" * 20) for n in (1, 2, 3)]


def office_at(make_gateway, server, **keys):
    return make_gateway(users=IVAN, accounts={"a": {"url": f"imap://127.0.0.1:{server.port}", "tls": "none",
                                                    "user": "x", "password": "y", "timeout": "5s", **keys}})


def fetch_with(make_gateway, misdeed, sessions=2, keys=None, **settings):
    server = MisbehavingImap(three(), misdeed, **settings)
    office = office_at(make_gateway, server, **(keys or {}))
    for _ in range(sessions):
        office.cli("session", timeout=180)
    server.stop()
    return office, server


@pytest.mark.parametrize("uidplus", [True, False])
@pytest.mark.parametrize("misdeed", [
    None, "closes_in_the_middle_of_a_message", "closes_in_the_middle_of_the_list",
    "closes_before_expunge_is_answered", "expunges_and_closes", "lies_about_sizes", "lists_more_than_it_has",
    "tells_of_other_things_meanwhile", "renumbers_at_every_login"])
def test_everything_comes_exactly_once(make_gateway, misdeed, uidplus):
    office, server = fetch_with(make_gateway, misdeed, uidplus=uidplus)
    assert in_mailbox(office, "ivan") == ONCE
    assert server.left == []
    used = {line.decode().split(" ", 1)[1].split(" ")[0] for line in server.commands}
    assert ("EXPUNGE" in used) == (not uidplus)


@pytest.mark.parametrize("misdeed", [None, "renumbers_at_every_login", "lies_about_sizes"])
def test_what_is_kept_on_the_server_comes_once(make_gateway, misdeed):
    office, server = fetch_with(make_gateway, misdeed, sessions=3, keys={"keep_on_server": "yes"})
    assert in_mailbox(office, "ivan") == ONCE
    assert len(server.left) == 3


def test_a_mailbox_that_is_replaced_meanwhile_loses_nothing(make_gateway):
    """The UID of a fetched message is that of another one now, which must not be deleted."""
    server = MisbehavingImap(three()[:2], "replaces_the_mailbox_meanwhile")
    server.replacement = letter(number=4)
    office = office_at(make_gateway, server)
    for _ in range(2):
        office.cli("session", timeout=180)
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 4])
    assert server.left == []


@pytest.mark.parametrize("misdeed", ["refuses_one_message", "has_lost_one_message", "sends_another_message"])
def test_one_message_that_does_not_come_holds_up_nobody(make_gateway, misdeed):
    office, server = fetch_with(make_gateway, misdeed)
    assert in_mailbox(office, "ivan") == collections.Counter([1, 3])
    assert [b"<2.test" in message for message in server.left] == [True]


def test_a_parenthesis_closed_early_hides_nothing(make_gateway):
    office, server = fetch_with(make_gateway, "closes_the_parenthesis_early", sessions=1)
    assert server.left == [] and len(office.mailbox("ivan")) == 3 and server.accepted == 1


def test_a_message_of_many_exabytes_holds_up_no_other(make_gateway):
    office, server = fetch_with(make_gateway, "announces_a_message_of_many_exabytes")
    assert [b"<1.test" in message for message in server.left] == [True] and len(office.mailbox("ivan")) == 2
    assert len([mail for mail in office.mailbox("postmaster") if b"account a" in mail]) == 1


def test_babble_behind_one_message_holds_up_no_other(make_gateway):
    office, server = fetch_with(make_gateway, "babbles_behind_one_message", sessions=1)
    assert len(server.left) <= 1 and server.accepted > 1
    assert len(office.mailbox("ivan")) == len({bytes(mail) for mail in office.mailbox("ivan")}) >= 2


@pytest.mark.parametrize("keep", ["yes", "no"])
def test_without_validity_messages_are_known_by_their_headers(make_gateway, keep):
    server = MisbehavingImap([], "has_no_validity")
    office = office_at(make_gateway, server, keep_on_server=keep)
    office.session()
    for uid, message in zip((101, 102, 103), three()):
        server.messages[uid] = message
        office.session()
        office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == ONCE and office.mailbox("postmaster") == []
    assert len(server.left) == (3 if keep == "yes" else 0)


@pytest.mark.parametrize("misdeed", ["hangs_after_login", "hangs_in_the_middle_of_a_message", "answers_with_garbage",
                                     "never_ends_a_line"])
def test_a_hopeless_server_is_reported_once_and_nothing_is_deleted(make_gateway, misdeed):
    office, server = fetch_with(make_gateway, misdeed)
    assert len(server.left) == 3
    told = [mail for mail in office.mailbox("postmaster") if b"account a" in mail]
    assert len(told) == 1
    assert b"\x1b" not in told[0] and "\x1b" not in office.log()


@pytest.mark.parametrize("made, keys", [
    (dict(name="expired", days=-1), {}), (dict(name="other", hosts="DNS:other.example.ru"), {}),
    (dict(), {"ca_file": ""})], ids=["expired", "wrong name", "unknown authority"])
def test_imaps_does_not_log_in_to_a_stranger(make_gateway, made, keys):
    server = MisbehavingImap(three(), certificate=authority().server(**made), tls_from_start=True)
    office = office_at(make_gateway, server, url=f"imaps://127.0.0.1:{server.port}", tls="required",
                       **{"ca_file": authority().ca, **keys})
    office.session(code=1)
    server.stop()
    assert server.commands == [] and len(server.left) == 3
    assert any(b"certificate" in mail for mail in office.mailbox("postmaster"))
