"""Rules with `on = listed` see a message while it is on the server: fetched, replaced by a stub, left or deleted, before it is paid for."""
import collections
import json
import re

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.numbered import in_mailbox
from harness.waiting import until

USERS = {"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"external_alias": "anna@example.ru"}}
LARGE = "a line of text\n" * 20_000
RULES = {"ads": {"when": 'subject contains "advert"', "on": "listed", "delete": True},
         "wanted": {"when": 'from is "chief@bank.ru"', "on": "listed", "fetch": True},
         "reports": {"when": 'subject is "report" and size > 100K', "on": "listed", "stub": True},
         "later": {"when": 'subject begins "later"', "on": "listed", "leave": True}}


def five():
    return [letter(number=1), letter(number=2, subject="advert of the week", body=LARGE),
            letter(number=3, sender="chief@bank.ru", subject="plan", body=LARGE),
            letter(number=4, subject="report", body=LARGE), letter(number=5, subject="later: a film", body=LARGE)]


def office_at(make_gateway, dovecot, protocol="imap", rules=RULES, users=USERS, line=None, **keys):
    port = dovecot.imap_port if protocol == "imap" else dovecot.port
    return make_gateway(users=users, rules=dict(rules), sections={"line": line or {}},
                        accounts={"a": {"url": f"{protocol}://127.0.0.1:{port}", "tls": "none", "user": "office",
                                        "password": "provider-pw", "compress": "no", **keys}})


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_each_rule_does_what_it_says(make_gateway, dovecot, protocol):
    for message in five():
        dovecot.deliver("office", message)
    office = office_at(make_gateway, dovecot, protocol, max_size="200K")
    plan = json.loads(office.session("--plan", "--json").stdout)["accounts"][0]
    assert (plan["messages"], plan["headers"], plan["deletes"]) == (3, 5, 1) and plan["header_bytes"] < 5000
    assert len(dovecot.left("office")) == 5
    office.session()
    got = in_mailbox(office, "ivan")
    stubs = [message for message in office.mailbox("ivan") if b"X-Lanpost-Stub" in message]
    assert sorted(got) == [1, 3, 4] and len(stubs) == 1 and b"rule reports" in stubs[0] and sorted(map(len, office.mailbox("ivan")))[-1] > 250_000
    assert len(dovecot.left("office")) == 2  # the report, and what was left
    traced = office.cli("trace", "advert").stdout
    assert "deleted on the server" in traced and "rule ads" in traced and "2.test@bank.ru" in traced
    shown = office.cli("status").stdout
    assert "rule later leaves it there" in shown and "rule reports leaves it there; a stub" in shown
    before = json.loads(office.session("--json").stdout)
    assert before["line_received"] < 20_000 and len(office.files("ivan")) == 3 and len(dovecot.left("office")) == 2
    assert office.status()["accounts"][0]["left"] == 2
    office.rules.pop("later")
    office.write()
    office.cli("reload")
    office.session()
    assert 5 in in_mailbox(office, "ivan")  # its stub: it is larger than max_size


def test_a_user_asks_for_what_a_rule_replaced(make_gateway, dovecot):
    dovecot.deliver("office", five()[3])
    office = office_at(make_gateway, dovecot)
    office.session()
    stub, = office.mailbox("ivan")
    asked = re.search(rb"\[(fetch [0-9a-z]{20})\]", stub)[1].decode()
    office.send("ivan@office.lan", ["daemon"], f"Subject: {asked}\r\n\r\n")
    until(lambda: any(len(message) > 250_000 for message in office.mailbox("ivan")), 30, "the whole message")


def test_a_deletion_survives_a_cut_before_it(make_gateway):
    """The header is in the log with its UIDL: the next session deletes, and the journal has it once."""
    server = MisbehavingPop3(five()[1:2])
    server.misdeed = lambda event, argument, connection: connection.close() if event == "DELE" else None
    office = make_gateway(users=USERS, rules=dict(RULES), accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                                                      "password": "y"}})
    office.cli("session")
    assert len(server.left) == 1
    server.misdeed = lambda event, argument, connection: None
    office.session()
    assert server.left == [] and office.files("ivan") == []
    assert office.cli("trace", "2.test@bank.ru").stdout.count("deleted on the server") == 1
    assert not any(command.startswith(b"RETR") for command in server.commands)
    server.stop()


def test_without_such_rules_no_header_is_read(make_gateway):
    server = MisbehavingPop3([letter(number=1), letter(number=2)])
    office = make_gateway(users=USERS, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y"}})
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2]) and not any(command.startswith(b"TOP") for command in server.commands)


@pytest.mark.parametrize("how", ["refused", "whole"])
def test_a_server_without_top_gives_its_mail(make_gateway, how):
    server = MisbehavingPop3([letter(number=n, subject="advert", body=LARGE) for n in range(1, 6)])
    if how == "refused":
        server.misdeed = lambda event, argument, connection: connection.say("-ERR no") or True if event == "TOP" else None
    office = make_gateway(users=USERS, rules=dict(RULES), accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                                                      "password": "y"}})
    for _ in range(3):
        office.session()
    server.stop()
    assert server.left == [] and sum(command.startswith(b"TOP") for command in server.commands) <= 8
    if how == "refused":
        assert in_mailbox(office, "ivan") == collections.Counter(range(1, 6))


def test_priorities_of_senders_and_of_users(make_gateway, dovecot):
    for number, to in ((1, "ivan"), (2, "anna"), (3, "ivan"), (4, "anna")):
        dovecot.deliver("office", letter(number=number, to=f"{to}@example.ru", sender="chief@bank.ru" if number == 3 else "x@bank.ru",
                                         body="a line of text\n" * 2000))
    rules = {"chief": {"when": 'from is "chief@bank.ru"', "on": "listed", "priority": "high"}}
    users = {**USERS, "ivan": {**USERS["ivan"], "priority": "low"}}
    office = office_at(make_gateway, dovecot, rules=rules, users=users, line={"max_bytes_per_session": "40K"})
    order = []
    for _ in range(8):
        office.session()
        now = {**in_mailbox(office, "ivan"), **in_mailbox(office, "anna")}
        order += [sorted(set(now) - {n for some in order for n in some})]
        if len(now) == 4:
            break
    assert [n for some in order for n in some] == [3, 2, 4, 1]


@pytest.mark.parametrize("rule, words", [
    ({"when": "always", "on": "listed", "deliver": "ivan"}, "its only actions are"),
    ({"when": "always", "leave": True}, "add on = listed"),
    ({"when": "always", "on": "listed", "leave": True, "stub": True}, "more than one of"),
    ({"when": 'body contains "x"', "on": "listed", "leave": True}, "not the body"),
    ({"when": 'subject is "x"', "on": "listed", "delete": True}, "deletes messages on the server before anybody has seen them"),
    ({"when": "always", "on": "listed", "delete": True}, "deletes all mail"),
    ({"when": "always", "on": "listed"}, "does nothing")])
def test_check_says_what_is_wrong(make_gateway, rule, words):
    office = make_gateway(users=USERS)
    office.rules["x"] = rule
    office.write()
    assert words in office.cli("check").stdout + office.cli("check").stderr
