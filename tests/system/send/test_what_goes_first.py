"""What goes over the line first: an urgent message starts a session, users and accounts have priorities."""
import re
import threading

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.sink import Sink
from harness.waiting import until

USERS = {name: {"external_alias": f"{name}@example.ru"} for name in ("ivan", "anna", "olga")}


@pytest.fixture
def sink():
    server = Sink()
    yield server
    server.stop()


def office_at(make_gateway, sink, schedule=None, users=USERS, **settings):
    return make_gateway(users=users, smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none", "max_connections": 1}},
                        sections={"schedule": schedule or {}}, **settings)


def write(office, number, sender="ivan", mark="", to="client@bank.ru"):
    text = letter(number=number, sender=f"{sender}@office.lan", to=to)
    return office.send(f"{sender}@office.lan", [to], (mark.encode() + b"\r\n" if mark else b"") + text)


def numbers(sink):
    return [int(re.search(rb"Message-ID: <(\d+)", got.content)[1]) for got in list(sink.letters)]


@pytest.mark.parametrize("mark", ["Priority: urgent", "X-Priority: 1 (Highest)", "importance: High"])
def test_an_urgent_message_starts_a_session_and_goes_first(make_gateway, sink, mark):
    office = office_at(make_gateway, sink, {"urgent_users": "ivan"})
    write(office, 1)
    write(office, 2, "anna", mark)
    write(office, 3, mark="X-Priority: 3")
    write(office, 4, mark=mark + "\r\nAuto-Submitted: auto-replied")  # a program is in no hurry
    assert [entry["urgent"] for entry in office.queue()] == [False] * 4
    write(office, 5, mark=mark)
    until(lambda: len(sink.letters) == 5, 30, "a session by itself")
    assert numbers(sink) == [5, 1, 2, 3, 4]
    assert "urgent: it starts a session" in office.cli("trace", "5.test@bank.ru").stdout


def test_urgent_messages_start_so_many_sessions(make_gateway, sink):
    office = office_at(make_gateway, sink, {"urgent_users": "ivan", "urgent_limit": 1})
    write(office, 1, mark="Priority: urgent")
    until(lambda: len(sink.letters) == 1 and office.status()["session"]["running"] is False, 30, "the first session")
    write(office, 2, mark="Priority: urgent")
    until(lambda: "event=urgent-limit" in office.log(), 30, "the limit")
    assert len(sink.letters) == 1
    office.session()
    assert numbers(sink) == [1, 2]


def test_an_urgent_message_does_not_wait_for_what_is_fetched(make_gateway, sink):
    server, begun, sent = MisbehavingPop3([letter(number=7, to="ivan@example.ru")]), threading.Event(), threading.Event()

    def slow(event, argument, connection):
        if event == "RETR":
            begun.set()
            assert sent.wait(90)

    server.misdeed = slow
    office = office_at(make_gateway, sink, {"urgent_users": "ivan"},
                       accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y"}})
    assert office.cli("session", "--no-wait").returncode == 0
    assert begun.wait(90)
    write(office, 1, mark="Priority: urgent")
    until(lambda: len(sink.letters) == 1, 30, "the urgent message, while the account is fetched")
    sent.set()
    until(lambda: len(office.files("ivan")) == 1, 30, "the fetched message")
    server.stop()
    until(lambda: office.status()["session"]["running"] is False, 30, "the end of the session")
    assert office.log().count("event=session-begins") == 2  # the one at the start, and ours: none for nothing


def test_users_have_priorities(make_gateway, sink):
    users = {**USERS, "anna": {**USERS["anna"], "priority": "high"}, "ivan": {**USERS["ivan"], "priority": "low"}}
    office = office_at(make_gateway, sink, users=users)
    for number, sender in enumerate(("ivan", "olga", "anna", "olga", "anna"), 1):
        write(office, number, sender)
    office.session()
    assert numbers(sink) == [3, 5, 2, 4, 1]


def test_accounts_have_priorities(make_gateway, sink):
    seen, servers = [], {}
    for name in ("low", "normal", "high"):
        servers[name] = MisbehavingPop3([letter(number=len(servers) + 1, to="ivan@example.ru")])
        servers[name].misdeed = lambda event, argument, connection, name=name: seen.append((name, event))
    office = office_at(make_gateway, sink, accounts={
        name: {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", "priority": name}
        for name, server in servers.items()})
    office.session()
    servers["high"].stop()  # the others do not wait for what is not there
    order = [name for name, event in seen if event in ("GREETING", "QUIT")]
    assert order == ["high", "high", "normal", "normal", "low", "low"] and len(office.files("ivan")) == 3
    seen.clear()
    assert office.cli("session").returncode == 1
    assert [name for name, event in seen if event == "QUIT"] == ["normal", "low"]
    for name in ("normal", "low"):
        servers[name].stop()
