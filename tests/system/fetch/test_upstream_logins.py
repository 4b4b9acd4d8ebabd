"""Ways to log in, to be sure of the server and to get there; and `lanpost account test`."""
import base64
import hashlib
import hmac
import json
import socket
import subprocess
import threading

import pytest

from harness.certificates import authority
from harness.dovecot import Dovecot
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3, MisbehavingSmtp
from harness.misbehaving_imap import MisbehavingImap
from harness.sink import ThreadedServer

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


class LoginPop3(MisbehavingPop3):
    """Takes one way to log in only; notes which one was used."""

    def __init__(self, way, messages=None, **settings):
        self.way, self.used = way, []
        if way == "apop":
            self.greeting = "+OK ready <123.456@pop.example.ru>"
        super().__init__(messages or [letter(number=1)], **settings)

    def answer(self, word, argument, connection):
        if word == "CAPA":
            sasl = {"plain": "PLAIN", "login": "LOGIN", "cram-md5": "CRAM-MD5", "xoauth2": "XOAUTH2",
                    "oauthbearer": "OAUTHBEARER"}.get(self.way)
            connection.raw(b"+OK\r\n" + (f"SASL {sasl}\r\n".encode() if sasl else b"") +
                           (b"USER\r\n" if self.way == "user" else b"") + b"UIDL\r\nTOP\r\n.\r\n")
            return None
        if word == "APOP":
            wanted = "me " + hashlib.md5(b"<123.456@pop.example.ru>secret").hexdigest()
            return self.verdict("apop", argument == wanted, connection)
        if word == "PASS" and self.way == "user":
            return self.verdict("user", argument == "secret", connection)
        if word == "AUTH":
            return self.auth(argument, connection)
        if word in ("USER", "PASS") and self.way != "user":
            connection.say("-ERR not this way")
            return None
        return super().answer(word, argument, connection)

    def verdict(self, way, good, connection):
        self.used.append(way)
        connection.say("+OK" if good else "-ERR [AUTH] wrong")

    def auth(self, argument, connection):
        mechanism, _, initial = argument.partition(" ")
        ask = lambda text: (connection.say("+ " + base64.b64encode(text).decode()),
                            base64.b64decode(connection.line()))[1]
        if mechanism == "CRAM-MD5":
            given = ask(b"<1@x>")
            good = given == b"me " + hmac.new(b"secret", b"<1@x>", "md5").hexdigest().encode()
        elif mechanism == "LOGIN":
            good = (base64.b64decode(initial) if initial else ask(b"Username:")) == b"me" and ask(b"Password:") == b"secret"
        else:
            given = base64.b64decode(initial) if initial else ask(b"")
            good = {"PLAIN": given.endswith(b"me\0secret"), "XOAUTH2": b"user=me\x01auth=Bearer token-77\x01" in given,
                    "OAUTHBEARER": b"auth=Bearer token-77\x01" in given}[mechanism]
        self.verdict(mechanism.lower(), good, connection)


def office_at(make_gateway, server, sections=None, **keys):
    return make_gateway(users=IVAN, sections=sections, accounts={"a": {
        "url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "me", "password": "secret", **keys}})


@pytest.mark.parametrize("way", ["user", "apop", "plain", "login", "cram-md5"])
def test_a_password_is_said_in_the_way_that_the_server_knows(make_gateway, way):
    server = LoginPop3(way)
    office_at(make_gateway, server).session()
    server.stop()
    assert server.used == [way] and server.left == []


@pytest.mark.parametrize("way", ["xoauth2", "oauthbearer"])
def test_a_token_comes_from_its_command(make_gateway, way):
    server = LoginPop3(way)
    office_at(make_gateway, server, password="", oauth2_token_command="echo token-77", auth=way).session()
    server.stop()
    assert server.used == [way] and server.left == []


@pytest.mark.parametrize("command", ["exit 1", "echo token-old"])
def test_the_advice_after_a_refused_token_is_about_tokens(make_gateway, command):
    server = LoginPop3("xoauth2")
    done = office_at(make_gateway, server, password="", oauth2_token_command=command, auth="xoauth2").cli("account", "test", "a")
    server.stop()
    assert done.returncode != 0 and "sign in again" in done.stderr and "separate password" not in done.stderr, done.stdout + done.stderr


@pytest.mark.parametrize("protocol", ["pop3s", "imaps"])
@pytest.mark.parametrize("mechanisms, used", [
    ("plain", "PLAIN"), ("login", "LOGIN"), ("cram-md5", "CRAM-MD5"), ("digest-md5", "DIGEST-MD5"), ("scram-sha-1", "SCRAM-SHA-1"),
    ("scram-sha-256", "SCRAM-SHA-256"), ("cram-md5 plain scram-sha-256", "SCRAM-SHA-256"), ("digest-md5 cram-md5 plain", "PLAIN")])
def test_each_mechanism_of_dovecot(folder, make_gateway, protocol, mechanisms, used):
    server = Dovecot(folder, {"office": "secret, with = signs"}, mechanisms=mechanisms).start()
    try:
        server.deliver("office", letter(number=1))
        port = server.tls_port if protocol == "pop3s" else server.imaps_port
        office = make_gateway(start=False, users=IVAN, accounts={"a": {
            "url": f"{protocol}://127.0.0.1:{port}", "user": "office", "password": "secret, with = signs", "ca_file": server.ca}})
        done = office.cli("account", "test", "a")
        assert done.returncode == 0 and f"auth = {used.lower()}" in done.stdout, done.stdout + done.stderr + server.log()
        assert f"method={used.upper()}" in server.log()
        office.start()
        office.session()
        assert len(office.mailbox("ivan")) == 1 and server.left("office") == []
        for auth in ("auto", used.lower()):
            office.accounts["a"].update(password="wrong", auth=auth)
            office.write()
            failed = office.cli("account", "test", "a")
            assert failed.returncode == 1 and "refused the login (check user and password" in failed.stdout, failed.stdout
        assert ("set auth = auto" in failed.stdout) == (used != "auto")
    finally:
        server.stop()


class Hasher(MisbehavingPop3):
    """Keeps hashes only: offers CRAM-MD5, and refuses it to everybody in the words for a wrong password."""

    def __init__(self, hangs_up=False, good=b"secret"):
        self.hangs_up, self.good, self.attempts = hangs_up, good, []
        super().__init__([letter(number=1)])

    def answer(self, word, argument, connection):
        if word == "CAPA":
            connection.raw(b"+OK\r\nSASL CRAM-MD5 PLAIN LOGIN\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n")
        elif word == "AUTH":
            mechanism, _, initial = argument.partition(" ")
            self.attempts.append(mechanism)
            if mechanism == "CRAM-MD5":
                connection.say("+ " + base64.b64encode(b"<1@x>").decode())
                connection.line()
            good = mechanism == "PLAIN" and base64.b64decode(initial) == b"\0me\0" + self.good
            connection.say("+OK" if good else "-ERR [AUTH] Authentication failed")
            return "close" if self.hangs_up and not good else None
        else:
            return super().answer(word, argument, connection)
        return None


@pytest.mark.parametrize("hangs_up", [False, True])
def test_what_is_offered_and_not_kept_is_got_round_once(make_gateway, hangs_up):
    server = Hasher(hangs_up)
    office = office_at(make_gateway, server, keep_on_server="yes")
    office.session()
    assert server.attempts == ["CRAM-MD5", "PLAIN"] and len(office.mailbox("ivan")) == 1
    assert "event=login-by-another-way" in office.log() and "used=plain" in office.log()
    office.session()
    server.stop()
    assert server.attempts == ["CRAM-MD5", "PLAIN", "PLAIN"]


def test_a_wrong_password_is_shown_twice_at_most(make_gateway):
    server = Hasher(good=b"another")
    office = office_at(make_gateway, server)
    done = office.session(code=1)
    server.stop()
    assert server.attempts == ["CRAM-MD5", "PLAIN"] and "refused the login" in done.stdout + done.stderr


def test_a_way_that_does_not_work_names_the_setting(make_gateway):
    server = Hasher()
    office = office_at(make_gateway, server, auth="cram-md5")
    office.session(code=1)
    test = office.cli("account", "test", "a")
    report = office.mailbox_when("postmaster", 1)[0]
    server.stop()
    assert "set auth = auto" in test.stdout and b"auth = auto" in report.replace(b"=\r\n", b"").replace(b"=3D", b"=")


def test_the_command_login_where_mechanisms_fail(make_gateway):
    """Kept hashes behind AUTH=CRAM-MD5, in IMAP; and AUTHENTICATE that takes one argument."""
    for capabilities, refusal in (("AUTH=CRAM-MD5", "NO [AUTHENTICATIONFAILED] no"), ("AUTH=PLAIN", "BAD takes one argument")):
        def authenticate(event, argument, connection):
            if event == "CAPABILITY":
                connection.say(f"* CAPABILITY IMAP4rev1 UIDPLUS {capabilities}")
                server.done(connection)
                return True
            if event == "AUTHENTICATE":
                assert " " not in argument
                connection.say("+ " + base64.b64encode(b"<1@x>").decode() if "CRAM" in argument else "+")
                connection.line()
                server.done(connection, refusal)
                return True
            return None
        server = MisbehavingImap([letter(number=1)])
        server.misdeed = authenticate
        office = make_gateway(users=IVAN, accounts={"a": {
            "url": f"imap://127.0.0.1:{server.port}", "tls": "none", "user": "me", "password": "secret"}})
        office.session()
        server.stop()
        assert server.left == [] and any(b'LOGIN "me" "secret"' in line for line in server.commands)


def test_a_way_of_another_protocol_is_an_error_with_the_right_one(make_gateway):
    office = make_gateway(start=False, users=IVAN, accounts={
        "a": {"url": "imap://127.0.0.1", "auth": "user"}, "b": {"url": "pop3://127.0.0.1", "auth": "login-command"},
        "c": {"url": "pop3://127.0.0.1", "auth": "sram-sha-256"}})
    done = office.cli("check")
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "auth = login-command" in text and "auth = user" in text and "scram-sha-256" in text


def test_auth_chooses_among_several(make_gateway, dovecot, account):
    dovecot.deliver("office", letter(number=1))
    office = make_gateway(users=IVAN, accounts={"a": {**account, "auth": "plain"}})
    office.session()
    assert dovecot.left("office") == []


def test_opportunistic_encrypts_without_asking_who_it_is(make_gateway):
    stranger = authority().server("stranger")
    server = LoginPop3("user", certificate=stranger)
    server.answer = lambda word, argument, connection: (
        connection.raw(b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\nSTLS\r\n.\r\n") if word == "CAPA"
        else LoginPop3.answer(server, word, argument, connection))
    office = office_at(make_gateway, server, tls="opportunistic")
    office.session()
    assert server.left == [] and any(line.startswith(b"STLS") for line in server.commands)
    office.accounts["a"].update(tls="required")
    office.write()
    office.cli("reload")
    done = office.session(code=1)
    server.stop()
    assert "certificate" in done.stdout + done.stderr


def pin_of(certificate):
    spki = subprocess.run(["openssl", "x509", "-in", str(certificate[0]), "-noout", "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=spki, capture_output=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def test_a_pinned_key_is_proof_enough_and_another_one_is_none(make_gateway):
    certificate = authority().server("pinned")
    server = LoginPop3("user", certificate=certificate, tls_from_start=True)
    keys = {"url": f"pop3s://127.0.0.1:{server.port}"}
    office = office_at(make_gateway, server, **keys, pin_sha256=pin_of(certificate))
    office.session()
    assert server.left == []
    office.accounts["a"]["pin_sha256"] = pin_of(authority().server("another"))
    office.write()
    office.cli("reload")
    done = office.session(code=1)
    server.stop()
    assert "pin_sha256" in done.stdout + done.stderr


@pytest.mark.parametrize("tls", ["opportunistic", "none"])
def test_a_pin_demands_encryption(make_gateway, tls):
    """Who hides STLS would else get the password in the clear, pin or not."""
    server = LoginPop3("user")
    office = office_at(make_gateway, server, tls=tls, pin_sha256=base64.b64encode(b"x" * 32).decode())
    office.session(code=1)
    server.stop()
    assert not any(line.startswith((b"USER", b"PASS", b"AUTH PLAIN")) for line in server.commands)


class Proxy(ThreadedServer):
    """HTTP CONNECT or SOCKS 5, as the first byte says."""

    def __init__(self):
        self.asked = []
        super().__init__()

    def serve(self, connection):
        sock = connection.sock
        first = sock.recv(1)
        if first == b"\x05":
            sock.recv(sock.recv(1)[0])
            sock.sendall(b"\x05\x00")
            head = sock.recv(4)
            host = socket.inet_ntoa(sock.recv(4)) if head[3] == 1 else sock.recv(sock.recv(1)[0]).decode()
            port = int.from_bytes(sock.recv(2), "big")
            self.asked.append("socks")
        else:
            text = first
            while b"\r\n\r\n" not in text:
                text += sock.recv(1)
            host, port = text.split()[1].decode().split(":")
            self.asked.append("http")
        server = socket.create_connection((host, int(port)))
        sock.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" if first == b"\x05" else b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self.carry, args=(server, sock), daemon=True).start()
        self.carry(sock, server)

    @staticmethod
    def carry(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
def test_through_a_proxy(make_gateway, scheme):
    proxy, server = Proxy(), LoginPop3("user")
    office_at(make_gateway, server, sections={"line": {"proxy": f"{scheme}://127.0.0.1:{proxy.port}"}}).session()
    server.stop()
    proxy.stop()
    assert server.left == [] and proxy.asked == [scheme[:5].rstrip("5")]


def test_the_steps_of_an_account_are_told(make_gateway, dovecot, account):
    dovecot.deliver("office", letter(number=1))
    imap = {**account, "url": f"imaps://127.0.0.1:{dovecot.imaps_port}"}
    office = make_gateway(start=False, users=IVAN, accounts={"pop": account, "imap": imap})
    for name, word in (("pop", "UIDL"), ("imap", "IMAP4rev1")):
        done = office.cli("account", "test", name)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "TLSv1" in done.stdout and word in done.stdout and "messages: 1" in done.stdout
        told = json.loads(office.cli("account", "test", name, "--json").stdout)
        assert told["ok"] and told["messages"] == 1 and [step["step"] for step in told["steps"]] == [
            "name", "connection", "encryption", "login", "capabilities", "mailbox"]
    assert len(dovecot.left("office")) == 1


def test_the_steps_of_a_smarthost_are_told(make_gateway, smarthost):
    office = make_gateway(start=False, users=IVAN, smarthosts={"default": {**smarthost, "default_sender": "branch@example.ru"}})
    done = office.cli("smarthost", "test", "default")
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    for word in ("TLSv1", "branch (auth = ", "PIPELINING", " bytes", "branch@example.ru"):
        assert word in done.stdout
    told = json.loads(office.cli("smarthost", "test", "default", "--json").stdout)
    assert told["ok"] and told["max_size"] > 0 and [step["step"] for step in told["steps"]] == [
        "name", "connection", "encryption", "login", "capabilities", "size", "sender"]
    names = office.cli("completion", "words", "smarthost", "test")
    assert "default" in names.stdout.split()


@pytest.mark.parametrize("keys, step, hint", [
    ({"url": "smtps://no-such-host.invalid"}, "name", "Check the host name"), ({"url": "smtp://127.0.0.1:1"}, "connection", "587"),
    ({"ca_file": ""}, "encryption", "ca_file"), ({"password": "wrong"}, "login", "auth of the smarthost"),
    ({"user": "", "password": "", "default_sender": "me@example.ru"}, None, "")])
def test_the_step_of_a_smarthost_that_fails_is_named(make_gateway, smarthost, keys, step, hint):
    office = make_gateway(start=False, users=IVAN, smarthosts={"default": {**smarthost, **keys}})
    done = office.cli("smarthost", "test", "default")
    told = json.loads(office.cli("smarthost", "test", "default", "--json").stdout)
    assert done.returncode == (1 if step else 0) and told.get("failed_step") == step and hint in told.get("hint", ""), done.stdout
    assert hint in done.stderr and "wrong" not in done.stdout + done.stderr


def test_a_smarthost_that_does_not_take_the_sender(make_gateway):
    server = MisbehavingSmtp("refuses_the_sender")
    office = make_gateway(start=False, users=IVAN, smarthosts={"default": {
        "url": f"smtp://127.0.0.1:{server.port}", "tls": "none", "default_sender": "me@example.ru"}})
    done = office.cli("smarthost", "test", "default")
    server.stop()
    assert done.returncode == 1 and "sender" in done.stdout and "default_sender" in done.stderr
    missing = office.cli("smarthost", "test", "defalt")
    assert missing.returncode == 1 and "did you mean default" in missing.stderr
    assert office.cli("smarthost", "test").returncode == 2


@pytest.mark.parametrize("keys, step, hint", [
    ({"url": "pop3s://no-such-host.invalid"}, "name", "Check the host name"),
    ({"url": "pop3://127.0.0.1:1", "tls": "none"}, "connection", "port in url"),
    ({"ca_file": ""}, "encryption", "ca_file"),
    ({"password": "wrong"}, "login", "separate password for mail programs"),
])
def test_the_step_that_fails_is_named_with_what_to_do(make_gateway, account, keys, step, hint):
    office = make_gateway(start=False, users=IVAN, accounts={"a": {**account, **keys}})
    done = office.cli("account", "test", "a")
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith(step) and "failed" in line], done.stdout
    assert hint in done.stderr
    assert "wrong" not in done.stdout + done.stderr
    told = office.cli("account", "test", "a", "--json")
    report = json.loads(told.stdout)
    assert told.returncode == 1 and not report["ok"]
    assert report["failed_step"] == step and hint in report["hint"] and report["error"]
