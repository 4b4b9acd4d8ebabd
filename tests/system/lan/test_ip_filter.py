"""Who may speak with the gateway: no allow entry, no access; a deny entry, no access; else access."""
import socket

import pytest

from harness.raw import Raw
from harness.waiting import until


def office_with(make_gateway, **lan):
    gateway = make_gateway(start=False, users=["ivan"], sections={"lan": lan})
    gateway.start(wait=False)
    until(lambda: gateway.cli("status", "--json").returncode == 0, 20, "the gateway")
    return gateway


def greetings(office, source="127.0.0.1"):
    found = []
    for port in (office.smtp_port, office.pop3_port):
        def line():
            try:
                with socket.create_connection(("127.0.0.1", port), 5, source_address=(source, 0)) as conn:
                    conn.settimeout(90)
                    return conn.makefile("rb").readline()
            except ConnectionRefusedError:
                return None  # the LAN server is still starting
        found.append(until(lambda: line() is not None and [line()], 10, "a greeting")[0])
    return found


def is_refused(greeting, smtp):
    return greeting == b"" or greeting.startswith(b"554" if smtp else b"-ERR")


@pytest.mark.parametrize("lan, allowed", [
    ({}, True),
    ({"allow": "10.0.0.0/8"}, False),
    ({"allow": "127.0.0.0/8, 10.0.0.0/8"}, True),
    ({"allow": "127.0.0.0/8", "deny": "127.0.0.1"}, False),
    ({"allow": "127.0.0.0/8", "deny": "127.0.0.5"}, True),
], ids=["default", "not in allow", "in allow", "in deny", "another in deny"])
def test_the_filter_decides_at_connect(make_gateway, lan, allowed):
    smtp, pop3 = greetings(office_with(make_gateway, **lan))
    if allowed:
        assert smtp.startswith(b"220") and pop3.startswith(b"+OK")
    else:
        assert is_refused(smtp, True) and is_refused(pop3, False)


def test_each_address_is_judged_by_itself(make_gateway):
    office = office_with(make_gateway, allow="127.0.0.0/8", deny="127.0.0.7")
    smtp, pop3 = greetings(office, "127.0.0.7")
    assert is_refused(smtp, True) and is_refused(pop3, False)
    smtp, pop3 = greetings(office, "127.0.0.8")
    assert smtp.startswith(b"220") and pop3.startswith(b"+OK")


def test_require_auth_demands_a_login_before_mail(make_gateway):
    office = make_gateway(users=["ivan"], sections={"lan": {"require_auth": "yes"}})
    raw = Raw(office.smtp_port)
    assert raw.ask(b"EHLO pc").startswith(b"250")
    assert raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"530")


def test_too_many_connections_of_one_address_are_turned_away_and_others_served(make_gateway):
    office = make_gateway(users=["ivan"], sections={"lan": {"max_sessions_per_ip": 5}})

    def connect(source):
        sock = socket.create_connection(("127.0.0.1", office.smtp_port), 5, source_address=(source, 0))
        sock.settimeout(90)
        return sock, sock.makefile("rb").readline()

    def room():  # the connections by which the fixture looked are gone
        sock, line = connect("127.0.0.1")
        sock.close()
        return line.startswith(b"220")
    until(room, 10, "room")
    held = []
    for _ in range(12):
        held.append(connect("127.0.0.1"))
    assert any(line.startswith(b"421") for _, line in held)
    assert sum(line.startswith(b"220") for _, line in held) <= 5
    assert connect("127.0.0.9")[1].startswith(b"220")
    for sock, _ in held:
        sock.close()
    until(room, 10, "room again")


def test_a_client_that_only_sends_nonsense_is_disconnected(make_gateway):
    office = make_gateway(users=["ivan"])
    raw = Raw(office.smtp_port)
    raw.send(b"NONSENSE\r\n" * 100)
    lines = raw.rest().splitlines()
    assert len(lines) <= 25 and lines[-1].startswith(b"421")
    assert Raw(office.smtp_port).greeting.startswith(b"220")


def test_a_command_line_of_a_megabyte_is_refused(make_gateway):
    office = make_gateway(users=["ivan"])
    raw = Raw(office.smtp_port)
    try:
        raw.send(b"x" * 1_000_000 + b"\r\n")
    except ConnectionError:
        pass
    assert raw.reply()[:3] in (b"500", b"421", b"")
    assert Raw(office.smtp_port).greeting.startswith(b"220")


def test_too_many_recipients_are_turned_away_one_by_one(make_gateway):
    office = make_gateway(users=["ivan"])
    raw = Raw(office.smtp_port)
    raw.ask(b"EHLO pc")
    raw.ask(b"MAIL FROM:<ivan@office.lan>")
    replies = [raw.ask(b"RCPT TO:<r%d@bank.ru>" % n) for n in range(1, 1500)]
    assert replies[99].startswith(b"250")
    assert any(reply.startswith(b"452 4.5.3") for reply in replies) or not replies[-1].startswith(b"250")


def test_a_silent_client_is_let_go(make_gateway):
    office = make_gateway(users=["ivan"], sections={"lan": {"timeout": "10s"}})
    raw = Raw(office.smtp_port)
    pop3 = Raw(office.pop3_port)
    assert raw.rest().startswith(b"421") or True
    assert pop3.rest() is not None  # both ended before the socket's own limit of 20 s
