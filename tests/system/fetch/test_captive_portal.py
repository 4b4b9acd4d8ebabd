"""A line on which a captive portal answers in place of all servers: postmaster gets one report about the line, and no account or smarthost has failed."""
import json
import ssl

import pytest

from harness.certificates import authority
from harness.letters import letter
from harness.sink import ThreadedServer

USERS = {"ivan": {"external_alias": "ivan@example.ru"}}
PAGE = b"HTTP/1.1 302 Found\r\nLocation: http://portal.hotel.example/\r\nContent-Length: 0\r\n\r\n"


class Portal(ThreadedServer):
    """Sends a web page to everybody, or shows a certificate for its own name. `heard` is what clients have said inside."""

    def __init__(self, certificate=None):
        self.certificate, self.heard = certificate, []
        super().__init__()

    def serve(self, connection):
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, self.certificate))
            connection.sock = context.wrap_socket(connection.sock, server_side=True)
            connection.file = connection.sock.makefile("rb")
            connection.raw(b"+OK ready\r\n")
        else:
            connection.raw(PAGE)
        while (line := connection.line()) is not None:
            self.heard.append(line)


@pytest.fixture(params=["page", "certificate"])
def portal(request):
    server = Portal(authority().server("portal", hosts="DNS:portal.hotel.example") if request.param == "certificate" else None)
    yield server
    server.stop()


def keys(portal, kind):
    if portal.certificate:
        return {"url": f"{kind}s://127.0.0.1:{portal.port}", "user": "x", "password": "geheim", "ca_file": authority().ca}
    return {"url": f"{kind}://127.0.0.1:{portal.port}", "tls": "none", "user": "x", "password": "geheim"}


def test_a_captive_portal_is_told_of_the_line_and_of_nobody_else(make_gateway, portal):
    accounts = {"a": keys(portal, "pop3"), "b": {**keys(portal, "imap"), "user": "y"}}
    office = make_gateway(users=USERS, accounts=accounts, smarthosts={"out": keys(portal, "smtp")})
    office.send("ivan@office.lan", ["client@bank.ru"], letter(number=1))
    for _ in range(2):
        done = office.session(code=1)
        assert "captive portal" in done.stdout + done.stderr
    told, = office.mailbox_when("postmaster", 1)
    assert b"captive portal" in told and b"account" not in told.split(b"\r\n\r\n", 1)[0]
    assert len(office.queued_files("active", "deferred")) == 1 and office.files("ivan") == []
    status = office.status()
    assert "captive portal" in status["session"]["last"]["line_error"]
    item, *_ = json.loads(office.cli("trace", status["session"]["last"]["session"], "--json").stdout)
    assert any("captive portal" in event["detail"] for event in item["events"])
    assert b"geheim" not in b"".join(portal.heard) and portal.heard == []


def test_one_wrong_server_is_no_portal(make_gateway, portal, account, dovecot):
    dovecot.deliver("office", letter(number=1))
    office = make_gateway(users=USERS, accounts={"wrong": keys(portal, "pop3"), "office": account})
    done = office.session(code=1)
    assert len(office.files("ivan")) == 1
    assert office.status()["session"]["last"]["line_error"] is None
    told, = office.mailbox_when("postmaster", 1)
    assert b"account wrong" in told
    assert ("another name" if portal.certificate else "web server") in done.stdout + done.stderr
