"""No text from outside reaches a terminal, a log or a line of JSON as anything but printable text, whichever way it comes in and goes out."""
import json
import re

import pytest

from harness.misbehaving import MisbehavingPop3, MisbehavingSmtp
from harness.raw import Raw

# Clears the screen, sets the title, begins a hyperlink; C1 in one byte and in UTF-8; turns the text round; ends a line; ends the text.
NASTY = b"\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil/\x1b\\ \x9b31m \xc2\x9b31m \xe2\x80\xaetxt \xe2\x81\xa6 a\rb\x08\x7f\xff\xfe"
WORD = b"=?utf-8?b?G1sySl0wO293bmVkB8KbMzFt4oCuDQpYLUV2aWw6IHllcw==?="  # the same, encoded; with a line end and a field behind it
UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")

LETTERS = [
    b"From: " + NASTY + b" <a@b.c>\r\nTo: ivan@example.ru\r\nSubject: " + NASTY + b"\r\n\r\n" + NASTY + b"\r\n",
    b"From: " + WORD + b" <a@b.c>\r\nTo: " + WORD + b" <ivan@example.ru>\r\nSubject: " + WORD + b" x\r\n\r\nx\r\n",
    b"From: \"" + NASTY + b"\" <a@b.c>\r\nMessage-ID: <" + NASTY + b"@x>\r\nDate: " + NASTY + b"\r\nSubject: id\r\n\r\nx\r\n",
    b"From: a@b.c\r\nSubject: name\r\nContent-Type: application/x; name=\"" + NASTY + b"\"\r\nContent-Disposition: attachment; filename=\"" + NASTY + b"\"\r\n\r\nx\r\n",
    b"From: a@b.c\r\nSubject: words\r\nContent-Type: application/x; name=\"" + WORD + b"\"\r\nContent-Disposition: attachment; filename*=utf-8''%1b%5b2J%0d%0a\r\n\r\nx\r\n",
    b"Return-Path: <" + NASTY + b"@b.c>\r\nReceived: from " + NASTY + b"\r\nReply-To: " + NASTY + b"@x\r\nList-Id: " + NASTY + b"\r\nSubject: path\r\n\r\nx\r\n",
    NASTY + b": value\r\nSubject: field\r\n\r\nx\r\n",
]


class Provider(MisbehavingPop3):
    """Says nasty things wherever a server may say something."""

    greeting = "+OK \x1b[2J ready"

    def answer(self, word, argument, connection):
        if word in ("USER", "PASS", "DELE"):
            if word == "DELE":
                self.marked.add(int(argument))
            connection.say(b"+OK " + NASTY)
            return None
        if word == "UIDL":
            connection.say(b"+OK " + NASTY)
            for n, _ in self._numbered():
                connection.raw(b"%d %d%s\r\n" % (n, n, re.sub(rb"[\r\n]", b"", NASTY)))
            connection.say(".")
            return None
        return super().answer(word, argument, connection)


class Smarthost(MisbehavingSmtp):
    def answer(self, word, argument, connection):
        if word == "RCPT":
            connection.say(b"550 5.1.1 " + re.sub(rb"[\r\n]", b"", NASTY))
            return None
        return super().answer(word, argument, connection)


def say_nasty_things(office):
    smtp, pop3 = Raw(office.smtp_port), Raw(office.pop3_port)
    for line in (b"EHLO " + NASTY, b"EHLO pc", b"MAIL FROM:<" + NASTY + b"@x>", b"MAIL FROM:<ivan@office.lan>", b"RCPT TO:<" + NASTY + b"@office.lan>",
                 b"RCPT TO:<x@outside.ru>", NASTY, b"AUTH PLAIN " + NASTY):
        smtp.send(re.sub(rb"[\r\n]", b"", line) + b"\r\n")
        smtp.reply()
    smtp.send(b"QUIT\r\n")
    for line in (b"USER " + NASTY, b"PASS " + NASTY, NASTY, b"QUIT"):
        pop3.send(re.sub(rb"[\r\n]", b"", line) + b"\r\n")
        pop3.line()


@pytest.fixture(scope="module")
def office(make_shared):
    provider, smarthost = Provider(LETTERS), Smarthost()
    office = make_shared(
        users={"ivan": {"external_alias": "ivan@example.ru"}},
        rules={"out": {"when": "subject contains \"id\"", "forward": "x@outside.ru"}},
        accounts={"a": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none", "user": "x", "password": "y", "deliver_to": ""}},
        smarthosts={"default": {"url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none", "user": "", "default_sender": "ivan@example.ru"}},
        sections={"sorter": {"unsorted_to": "ivan"}})
    say_nasty_things(office)
    office.cli("session")
    office.send("ivan@office.lan", ["x@outside.ru"], re.sub(rb"\r(?!\n)", b" ", LETTERS[0]))
    office.cli("session")
    provider.stop()
    smarthost.stop()
    assert len(office.files("ivan")) >= len(LETTERS)
    return office


VERBS = [["status"], ["status", "--json"], ["mailbox", "list"], ["mailbox", "list", "--json"], ["mailbox", "show", "ivan"], ["mailbox", "show", "ivan", "--json"],
         ["trace", "a@b.c"], ["trace", "--json", "a@b.c"], ["trace", "ivan"], ["queue", "list"], ["queue", "list", "--json"], ["who"], ["user", "list"],
         ["account", "list"], ["rule", "list"], ["check"], ["session"], ["account", "test", "a"]]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_verb_prints_what_a_terminal_obeys(office, verb, language):
    done = office.cli(*verb, language=language)
    shown = done.stdout + done.stderr
    assert not UNPRINTABLE.search(shown), repr(UNPRINTABLE.search(shown))
    if "--json" in verb:
        json.loads(done.stdout)


@pytest.mark.parametrize("number", range(len(LETTERS)))
def test_no_letter_is_decoded_or_sorted_to_anything_else(office, folder, number):
    (folder / "letter").write_bytes(LETTERS[number])
    for verb in ("decode", "sort"):
        for args in ([], ["--json"]):
            done = office.cli(verb, *args, folder / "letter")
            assert not UNPRINTABLE.search(done.stdout + done.stderr), (verb, args)


def test_the_log_is_lines_of_text(office):
    text = office.log_path.read_bytes()
    assert not UNPRINTABLE.search(text.decode())  # and it is UTF-8
    assert all(re.match(r"\d{4}-\d\d-\d\d |lanpostd: |lanpost: ", line) for line in text.decode().splitlines())


def test_what_the_gateway_writes_is_clean(office):
    written = [path.read_bytes() for user in ("ivan", "postmaster") for path in office.files(user)]
    ours = [text for text in written if b"From: lanpost <" in text]
    assert ours
    for text in ours:
        head, _, body = text.partition(b"\r\n\r\n")
        assert not re.search(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]", head)
        own = body.split(b"Content-Type: message/rfc822")[0].split(b"Content-Type: text/rfc822-headers")[0]
        assert not UNPRINTABLE.search(own.decode().replace("\r\n", "\n"))
    for text in written:  # nothing begins a field of its own
        head = text.split(b"\r\n\r\n")[0]
        assert b"\nX-Evil" not in head
