"""A server that repeats the login brings the secret into no log, report, screen, journal or list of processes, whatever form it gives it."""
import base64
import re
import urllib.parse

import pytest

from harness.misbehaving import MisbehavingPop3, MisbehavingSmtp
from harness.misbehaving_imap import MisbehavingImap
from harness.living import of_processes
from harness.waiting import until

SECRET = "S3cret/Passw0rd+"

FORMS = {
    "as it came": lambda line, secret: line,
    "the password": lambda line, secret: secret,
    "in capitals": lambda line, secret: secret.upper(),
    "url": lambda line, secret: urllib.parse.quote(secret, safe=""),
    "url of base64": lambda line, secret: urllib.parse.quote(line, safe=""),
    "quoted-printable": lambda line, secret: re.sub("[^A-Za-z0-9]", lambda c: f"={ord(c[0]):02X}", secret),
    "hex": lambda line, secret: secret.encode().hex(),
    "base64 of something longer": lambda line, secret: base64.b64encode(f"xy{secret}z".encode()).decode(),
    "base64url": lambda line, secret: base64.urlsafe_b64encode(f"x{secret}".encode()).decode().rstrip("="),
}


class Echo:
    form = FORMS["as it came"]

    def echo(self, connection, argument):
        given = argument.split(" ", 1)[1] if " " in argument else ""
        if not given:
            connection.say("+ " if self.greeting[0] != "2" else "334 ")
            given = connection.line().decode()
        return "unknown command AUTH " + self.form(given, SECRET)


class EchoPop3(Echo, MisbehavingPop3):
    def answer(self, word, argument, connection):
        if word == "CAPA":
            connection.raw(b"+OK\r\nSASL PLAIN\r\nUIDL\r\n.\r\n")
        elif word == "AUTH":
            connection.say("-ERR " + self.echo(connection, argument))
        else:
            return super().answer(word, argument, connection)
        return None


class EchoImap(Echo, MisbehavingImap):
    def answer(self, word, argument, connection):
        if word == "CAPABILITY":
            connection.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN LOGINDISABLED")
            self.done(connection)
        elif word == "AUTHENTICATE":
            self.done(connection, "NO " + self.echo(connection, argument))
        else:
            return super().answer(word, argument, connection)
        return None


class EchoSmtp(Echo, MisbehavingSmtp):
    def answer(self, word, argument, connection):
        if word == "EHLO":
            connection.raw(b"250-smtp.example.ru\r\n250 AUTH PLAIN\r\n")
        elif word == "AUTH":
            connection.say("535 5.7.8 " + self.echo(connection, argument))
        else:
            return super().answer(word, argument, connection)
        return None


def places(office, kind):
    """All that people can see of it."""
    verb = "smarthost" if kind is EchoSmtp else "account"
    yield "the session's output", office.cli("session").stdout
    yield "the test", office.cli(verb, "test", "a").stdout
    yield "the test as JSON", office.cli(verb, "test", "a", "--json").stdout
    yield "the status", office.cli("status", "--json").stdout
    yield "the status for people", office.cli("status").stdout
    yield "the journal", office.cli("trace", "--json").stdout
    until(lambda: office.files("postmaster"), 15, "the report")
    yield "the report", b"".join(path.read_bytes() for path in office.files("postmaster")).decode()
    yield "the list of processes", "".join(of_processes(office.processes(), "cmdline"))
    yield "the log", office.log()


def office_at(make_gateway, kind, **keys):
    server = kind() if kind is EchoSmtp else kind([])
    scheme = {EchoPop3: "pop3", EchoImap: "imap", EchoSmtp: "smtp"}[kind]
    remote = {"url": f"{scheme}://127.0.0.1:{server.port}", "tls": "none", "user": "box", "password": SECRET, **keys}
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                          **{"smarthosts" if kind is EchoSmtp else "accounts": {"a": remote}})
    if kind is EchoSmtp:
        office.send("ivan@office.lan", ["far@example.org"], "Subject: x\r\n\r\nx\r\n")
    return office, server


@pytest.mark.parametrize("kind, form", [(EchoPop3, form) for form in FORMS] +
                         [(kind, form) for kind in (EchoImap, EchoSmtp) for form in ("as it came", "base64 of something longer")])
def test_no_place_shows_it(make_gateway, kind, form):
    office, server = office_at(make_gateway, kind)
    server.form = FORMS[form]
    said = FORMS[form](base64.b64encode(f"\0box\0{SECRET}".encode()).decode(), SECRET)
    heard = ""
    for place, text in places(office, kind):
        heard += text
        for secret in (said, said[6:-6], SECRET):
            assert secret.lower() not in text.lower(), f"{place}: {secret}"
    server.stop()
    assert "unknown command AUTH ***" in heard  # the rest of the words is there


@pytest.mark.parametrize("tls", ["opportunistic", "none"])
@pytest.mark.parametrize("kind", [EchoPop3, EchoImap, EchoSmtp])
def test_with_a_pin_the_password_does_not_pass_in_the_clear(make_gateway, kind, tls):
    """Who hides STARTTLS would else get it."""
    office, server = office_at(make_gateway, kind, tls=tls, pin_sha256=base64.b64encode(b"x" * 32).decode())
    done = office.session(code=1)
    server.stop()
    assert "does not offer TLS" in done.stdout
    assert server.commands and not any(re.search(rb"(?i)\bauth|login|user|pass\b", line) for line in server.commands)
