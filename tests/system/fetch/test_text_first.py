"""`attachments = later`: texts and small parts of a message come first; the whole message takes their place when it is asked for, byte for byte."""
import email
import email.policy
import functools
import re
import urllib.parse
from email.message import EmailMessage

import pytest

from harness.letters import crlf, letter
from harness.line import Line
from harness.misbehaving_imap import MisbehavingImap
from harness.waiting import until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}
LARGE = bytes(range(256)) * 1200


@functools.lru_cache
def photos(number=1):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Анна <anna@bank.ru>", "ivan@example.ru", "Договор и фото"
    message["Message-ID"], message["Date"] = f"<{number}.test@bank.ru>", "Mon, 23 Nov 2026 09:00:00 +0300"
    message.set_content("Посмотрите, пожалуйста.\n")
    message.add_alternative("<p>Посмотрите, <b>пожалуйста</b>.</p>\n", subtype="html")
    message.add_attachment(LARGE, maintype="image", subtype="jpeg", filename="Фото дома.jpg")
    message.add_attachment(b"small", maintype="application", subtype="octet-stream", filename="note.bin")
    message.add_attachment(b"PK" * 30, maintype="application", subtype="zip", filename="list.zip")
    return crlf(message.as_bytes(policy=email.policy.SMTP))


def office_at(make_gateway, port, **keys):
    return make_gateway(users=IVAN, accounts={"a": {"url": f"imap://127.0.0.1:{port}", "tls": "none", "user": "office", "password": "provider-pw",
                                                    "attachments": "later", **keys}})


def parsed(office):
    return [email.message_from_bytes(message, policy=email.policy.default) for message in office.mailbox("ivan")]


def body_of(message):
    """Without the fields that we add in front."""
    return message[message.index(b"From: "):]


@pytest.fixture
def fetched(make_gateway, dovecot):
    dovecot.deliver("office", photos())
    dovecot.deliver("office", letter(number=2, body="long text\n" * 20_000))  # text comes at any size
    line = Line(dovecot.imap_port)
    office = office_at(make_gateway, line.port, attachments_types="*.zip", compress="no", keep_on_server="no")
    plan = office.cli("session", "--plan", "--json").stdout
    bytes_planned = int(re.search(r'"bytes": (\d+)', plan)[1])
    line.reset()
    office.session()
    assert line.down < len(LARGE) + 20_000 and 200_000 < bytes_planned < 230_000
    yield office
    line.stop()


def test_the_text_comes_first(fetched, dovecot):
    office = fetched
    message = next(one for one in parsed(office) if "фото" in one["Subject"])
    assert message["Subject"] == "Договор и фото" and message["From"].addresses[0].addr_spec == "anna@bank.ru" and message["Reply-To"] is None
    parts = list(message.walk())
    assert [part.get_content_type() for part in parts] == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain",
                                                           "application/octet-stream", "text/plain"]
    assert "Посмотрите" in parts[2].get_content() and parts[5].get_content() == b"small"
    assert "Фото дома.jpg (image/jpeg)" in parts[4].get_content() and re.search(r"about 30\d KB", parts[4].get_content())
    assert "list.zip (application/zip)" in parts[6].get_content()
    assert len(dovecot.left("office")) == 1
    office.session()
    assert len(office.mailbox("ivan")) == 2
    assert "attachments" in office.cli("status").stdout


def ident(office):
    return next(re.search(rb"X-Lanpost-Stub: .*id=(\w+)", message)[1].decode() for message in office.mailbox("ivan") if b"X-Lanpost-Stub" in message)


def test_the_link_in_the_text_makes_the_message_that_brings_the_whole(fetched, dovecot):
    office = fetched
    message = next(one for one in parsed(office) if "фото" in one["Subject"])
    link = urllib.parse.urlsplit(re.search(r"<(mailto:[^>]+)>", list(message.walk())[4].get_content())[1])
    subject, = urllib.parse.parse_qs(link.query)["subject"]
    assert link.path == "daemon@office.lan" and subject == f"fetch {ident(office)}"
    office.send("ivan@office.lan", [link.path], f"Subject: {subject}\r\n\r\n".encode())
    until(lambda: any(photos() == body_of(message) for message in office.mailbox("ivan")), 60, office.log()[-3000:])
    until(lambda: dovecot.left("office") == [], 30, "it is deleted there")


def test_the_flag_puts_the_whole_in_its_place(fetched):
    office = fetched
    ident(office)
    with office.imap("ivan") as client:
        client.select("INBOX")
        number = client.search(None, "HEADER", "Message-ID", "<1.")[1][0].decode()
        client.store(number, "+FLAGS", "$Fetch")
    until(lambda: [message for message in office.mailbox("ivan") if b"<1.test@" in message and body_of(message) == photos()], 60, office.log()[-3000:])
    until(lambda: len(office.mailbox("ivan")) == 2, 30, "the first one is gone")


def test_a_kill_on_the_way_doubles_nothing(make_gateway, dovecot):
    for n in range(1, 5):
        dovecot.deliver("office", photos(n))
    line = Line(dovecot.imap_port)
    office = office_at(make_gateway, line.port, keep_on_server="yes", attachments_above="100K")
    office.cli("session", "--no-wait")
    until(lambda: line.down > 2500 or "event=account-done" in office.log(), 60, "the session is under way")
    office.kill_all()
    office.start()
    office.session()
    office.session()
    assert sorted(re.search(rb"<(\d)\.test@", message)[1] for message in office.mailbox("ivan")) == [b"1", b"2", b"3", b"4"]
    line.stop()


def test_what_comes_first_is_looked_at_as_any_mail(make_gateway, dovecot):
    """A part that stays away is no way around the filter."""
    dovecot.deliver("office", photos())
    office = make_gateway(users=IVAN, sections={"filter": {"attachments_forbidden": "*.bin"}}, accounts={
        "a": {"url": f"imap://127.0.0.1:{dovecot.imap_port}", "tls": "none", "user": "office", "password": "provider-pw", "attachments": "later"}})
    office.session()
    assert office.mailbox("ivan") == [] and "note.bin" in office.cli("quarantine", "list").stdout


def test_a_rule_that_has_a_message_fetched_wants_it_whole(make_gateway, dovecot):
    dovecot.deliver("office", photos())
    office = make_gateway(users=IVAN, rules={"bank": {"when": 'from is "anna@bank.ru"', "on": "listed", "fetch": True}}, accounts={
        "a": {"url": f"imap://127.0.0.1:{dovecot.imap_port}", "tls": "none", "user": "office", "password": "provider-pw", "attachments": "later"}})
    office.session()
    assert [body_of(message) for message in office.mailbox("ivan")] == [photos()]


class Structured(MisbehavingImap):
    """Says what it likes about the structure of its message, and about its parts."""
    structure = b"NIL"
    parts = ()

    def answer(self, word, argument, connection):
        if word == "UID FETCH" and "BODYSTRUCTURE" in argument:
            connection.raw(b"* 1 FETCH (UID 101 BODYSTRUCTURE " + self.structure + b")\r\n")
            return self.done(connection)
        if word == "UID FETCH" and "BODY.PEEK[1" in argument:
            if self.parts:
                connection.raw(b"* 1 FETCH (UID 101" + b"".join(b" BODY[%s] {%d}\r\n%s" % (name, len(data), data) for name, data in self.parts) + b")\r\n")
            return self.done(connection)
        return super().answer(word, argument, connection)


PDF = b'("APPLICATION" "PDF" ("NAME" "x.pdf") NIL NIL "BASE64" 900000 NIL NIL NIL NIL)'
TEXT = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL NIL NIL NIL)'
WHOLE = ((b"HEADER", b"Subject: x\r\n\r\n"), (b"1.MIME", b"\r\n"), (b"1", b"hello"))
MIXED = b"(" + TEXT + PDF + b' "MIXED" ("BOUNDARY" "b") NIL NIL NIL)'


@pytest.mark.parametrize("structure, parts", [
    (b"NIL", ()), (b"(" * 5000, ()), (b"(" + PDF * 500 + b' "MIXED" ("BOUNDARY" "b"))', ()), (b"(" + TEXT + PDF + b' "MIXED" NIL)', ()),
    (MIXED, ()), (MIXED, ((b"HEADER", b"Subject: x\r\n\r\n"),)), (MIXED, ((b"1", b"text\n"), (b"HEADER", b"Subject: x\r\n\r\n"), (b"1.MIME", b"\r\n"))),
    (MIXED, ((b"HEADER", b"Subject: x\r\n\r\n"),) * 300), (MIXED.replace(b'"x.pdf"', b"{3}\r\nx\0y"), WHOLE), (MIXED.replace(b'"b"', b'"%s"' % (b"b" * 200)), WHOLE),
    (MIXED, (*WHOLE[:2], (b"1", b"a line\r\n" * 200_000)))])
def test_whatever_a_provider_says_the_message_comes_once(make_gateway, structure, parts):
    server = Structured([letter(number=1, body="text\n" * 20_000)])
    server.structure, server.parts = structure, parts
    office = office_at(make_gateway, server.port)
    office.session()
    office.session()
    assert [b"text\r\ntext\r\n" in message for message in office.mailbox("ivan")] == [True]
    server.stop()


@pytest.mark.parametrize("asked", ["BODYSTRUCTURE", "BODY.PEEK[1"])
def test_a_message_at_which_the_provider_breaks_off_comes_whole(make_gateway, asked):
    """It blocks neither the others nor what a rule deletes."""
    server = Structured([letter(number=1, body="text\n" * 20_000), letter(number=2), letter(number=3, subject="advert")])
    server.misdeed = lambda event, argument, connection: connection.close() or True if asked in argument and argument.startswith("101 ") else None
    server.structure = MIXED
    office = make_gateway(users=IVAN, rules={"ads": {"when": 'subject is "advert"', "on": "listed", "delete": True}}, accounts={
        "a": {"url": f"imap://127.0.0.1:{server.port}", "tls": "none", "user": "office", "password": "provider-pw", "attachments": "later"}})
    office.session()
    assert sorted(b"text\r\ntext\r\n" in message for message in office.mailbox("ivan")) == [False, True]
    assert server.left == []
    server.stop()
