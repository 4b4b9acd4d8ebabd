"""A provider or smarthost that never ends, or claims what cannot be: its account fails, all else goes on, nothing is lost."""
import collections

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3, MisbehavingSmtp
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


def endless(connection, stopping, first, line):
    """Sends lines until the client has had enough."""
    connection.raw(first)
    piece = line * (65536 // len(line))
    while not stopping.is_set():
        connection.raw(piece)


class Pop3(MisbehavingPop3):
    def server_greets_without_end(self, event, argument, connection):
        if event == "GREETING":
            endless(connection, self.stopping, b"+OK ", b"x" * 100)

    def server_has_endless_abilities(self, event, argument, connection):
        if event == "CAPA":
            endless(connection, self.stopping, b"+OK\r\n", b"X-ABILITY\r\n")

    def server_lists_without_end(self, event, argument, connection):
        if event == "LIST":
            endless(connection, self.stopping, b"+OK\r\n", b"1 100\r\n")

    def server_lists_ever_more(self, event, argument, connection):
        if event == "UIDL":
            connection.raw(b"+OK\r\n")
            n = 0
            while not self.stopping.is_set():
                connection.raw(b"".join(b"%d uid-%d\r\n" % (k, k) for k in range(n, n + 5000)))
                n += 5000

    def server_has_a_header_without_end(self, event, argument, connection):
        if event in ("RETR", "TOP"):
            endless(connection, self.stopping, b"+OK\r\n", b"X-Field: value\r\n")

    def server_refuses_in_endless_words(self, event, argument, connection):
        if event == "PASS":
            endless(connection, self.stopping, b"-ERR ", b"no " * 30)

    def server_asks_for_logins_without_end(self, event, argument, connection):
        if event == "CAPA":
            connection.raw(b"+OK\r\nSASL PLAIN LOGIN CRAM-MD5\r\nUIDL\r\n.\r\n")
            return True
        if event == "AUTH":
            endless(connection, self.stopping, b"", b"+ \r\n")


POP3 = [name.removeprefix("server_") for name in vars(Pop3) if name.startswith("server_")]


def office_at(make_gateway, url, good):
    """One account at the liar, one where all is well."""
    keys = {"tls": "none", "user": "x", "password": "y", "timeout": "5s", "connect_timeout": "5s"}
    return make_gateway(users=IVAN, sections={"line": {"session_timeout": "20s"}, "limits": {"max_message_size": "1M"}}, accounts={
        "liar": {"url": url, **keys}, "good": {"url": f"pop3://127.0.0.1:{good.port}", **keys, "deliver_to": "ivan"}})


def check(make_gateway, liar, scheme, code):
    good = MisbehavingPop3([letter(number=n) for n in (1, 2)])
    office = office_at(make_gateway, f"{scheme}://127.0.0.1:{liar.port}", good)
    done = office.cli("session", timeout=100)
    liar.stop()
    good.stop()
    assert done.returncode in code, done.stdout
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2])
    assert office.cli("status").returncode == 0


@pytest.mark.parametrize("misdeed", POP3)
def test_what_has_no_end_is_ended(make_gateway, misdeed):
    is_message = misdeed == "has_a_header_without_end"  # that one is left there and reported
    check(make_gateway, Pop3([b"Subject: x\r\n\r\nx\r\n"], misdeed), "pop3", (0, 1) if is_message else (1,))


class Smarthost(MisbehavingSmtp):
    def server_greets_without_end(self, event, argument, connection):
        if event == "GREETING":
            endless(connection, self.stopping, b"", b"220-hello\r\n")

    def server_has_endless_abilities(self, event, argument, connection):
        if event == "EHLO":
            endless(connection, self.stopping, b"", b"250-X-ABILITY\r\n")

    def server_refuses_in_endless_words(self, event, argument, connection):
        if event == "MAIL":
            endless(connection, self.stopping, b"", b"451-no\r\n")

    def server_answers_in_a_line_without_end(self, event, argument, connection):
        if event == "RCPT":
            endless(connection, self.stopping, b"250 ", b"ok " * 30)

    def server_says_far_more_than_it_was_asked(self, event, argument, connection):
        if event == "MAIL":
            endless(connection, self.stopping, b"", b"250 ok\r\n")


SMTP = [name.removeprefix("server_") for name in vars(Smarthost) if name.startswith("server_")]


@pytest.mark.parametrize("misdeed", SMTP)
def test_a_smarthost_without_end_keeps_nothing(make_gateway, misdeed):
    smarthost = Smarthost(misdeed)
    office = make_gateway(users=IVAN, sections={"line": {"session_timeout": "20s"}}, smarthosts={"default": {
        "url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none", "user": "", "connect_timeout": "5s"}})
    office.send("ivan@office.lan", ["x@outside.ru"], letter(number=1))
    done = office.cli("session", timeout=100)
    smarthost.stop()
    assert done.returncode == 1, done.stdout
    assert len(office.queued_files()) == 1
    assert office.cli("status").returncode == 0
