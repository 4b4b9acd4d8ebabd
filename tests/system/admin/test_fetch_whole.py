"""The whole message of a stub by the verb `mailbox fetch` and by a key of the screens: it takes the place of the stub, byte for byte."""
import json
import re

import pytest

from fetch.test_text_first import body_of, office_at, photos
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.terminal import Terminal
from harness.waiting import until

BIG = 400_000


def shown(office, mailbox="ivan"):
    return json.loads(office.cli("mailbox", "show", mailbox, "--json").stdout)


def stubs(office, mailbox="ivan"):
    return [message["id"] for message in shown(office, mailbox) if message["whole_size"] is not None]


@pytest.fixture
def office(make_gateway, dovecot):
    for number in (1, 2):
        dovecot.deliver("office", photos(number))
    dovecot.deliver("office", letter(number=3))
    office = office_at(make_gateway, dovecot.imap_port, keep_on_server="yes")
    office.session()
    return office


def whole(office):
    return sorted(number for number in (1, 2) if photos(number) in [body_of(message) for message in office.mailbox("ivan")])


def both_come(office):
    """Not by POP3 meanwhile: a message that is replaced between two commands is gone for it."""
    until(lambda: len(shown(office)) == 3 and stubs(office) == [], 90, office.log()[-3000:])
    assert whole(office) == [1, 2] and len(office.mailbox("ivan")) == 3


def refused(office, *words):
    done = office.cli("mailbox", "fetch", *words)
    assert done.returncode == 1, done.stdout
    return done.stderr


def test_the_verb_puts_the_whole_in_the_place_of_the_text(office):
    first, second = stubs(office)
    sizes = [message["whole_size"] for message in shown(office)]
    assert None in sizes and max(size for size in sizes if size) == pytest.approx(len(photos()), rel=0.02)
    assert re.search(r"WHOLE.*FROM", office.cli("mailbox", "show", "ivan").stdout)
    printed = office.cli("mailbox", "fetch", "ivan", first).stdout
    assert "1 whole message is in the place of its stub" in printed, printed
    assert whole(office) == [1] and len(office.mailbox("ivan")) == 3 and stubs(office) == [second]
    assert "not a stub" in refused(office, "ivan", shown(office)[-1]["id"]) and "no message" in refused(office, "ivan", first)
    assert "1 whole message is requested" in office.cli("mailbox", "fetch", "ivan", second, "--no-wait").stdout
    both_come(office)
    assert not any(b"Report of the mail gateway" in message for user in ("ivan", "postmaster") for message in office.mailbox(user))


def test_a_request_waits_while_the_gateway_is_stopped(office):
    office.stop()
    printed = office.cli("mailbox", "fetch", "ivan", *stubs(office)).stdout
    assert "waits until it starts" in printed
    office.start()
    both_come(office)


def test_a_stub_in_a_folder_is_replaced_there_or_stays(make_gateway):
    server = MisbehavingPop3([letter(number=1, body="long\n" * 100_000)])
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, accounts={
        "a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", "max_size": "100K", "deliver_to": "ivan"}})
    office.session()
    with office.imap("ivan") as client:
        client.create("Photos")
        client.select()
        client.uid("MOVE", client.uid("SEARCH", "ALL")[1][0].decode(), "Photos")
    stub, = stubs(office, "ivan/Photos")
    server.stop()
    refused(office, "ivan/Photos", stub)
    assert stubs(office, "ivan/Photos") == [stub]
    until(lambda: any(b"was not fetched by this session" in message for message in office.mailbox("postmaster")), 90, "the admin has asked")
    again = MisbehavingPop3([letter(number=1, body="long\n" * 100_000)], port=server.port)
    office.session()
    again.stop()
    message, = shown(office, "ivan/Photos")
    assert "in place of its stub" in office.cli("trace", message["id"]).stdout
    assert message["whole_size"] is None and message["size"] > BIG and shown(office) == []


class Numbering(MisbehavingPop3):
    """Its UIDLs are the numbers of the messages; with TOP."""

    uidls = property(lambda self: [str(number) for number in range(1, len(self.messages) + 1)], lambda self, _: None)

    def answer(self, word, argument, connection):
        if word != "TOP":
            return super().answer(word, argument, connection)
        number, lines = map(int, argument.split())
        head, body = self.messages[number - 1].split(b"\r\n\r\n", 1)
        connection.say("+OK")
        connection.raw(self.stuffed(head + b"\r\n\r\n" + b"".join(body.splitlines(True)[:lines])))
        return None


def renumber(server):
    if isinstance(server, MisbehavingImap):
        server.validity += 1
        server.messages = {uid + 50: message for uid, message in server.messages.items()}
    elif not isinstance(server, Numbering):  # which does it by itself
        server.uidls = [f"new-{uidl}" for uidl in server.uidls]


@pytest.mark.parametrize("when", ["before the request", "after the request"])
@pytest.mark.parametrize("kind", [MisbehavingPop3, MisbehavingImap, Numbering])
def test_a_renumbered_mailbox_makes_no_new_stubs_and_the_old_ones_still_lead_to_their_messages(make_gateway, kind, when):
    """Nothing but stubs is left there."""
    long = [letter(number=n, subject=f"number {n}", body=f"long {n}\n" * 50_000) for n in (2, 4)]
    server = kind([letter(number=1), long[0], letter(number=3), long[1]])
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, accounts={"a": {
        "url": f"{'imap' if kind is MisbehavingImap else 'pop3'}://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", "max_size": "100K",
        "deliver_to": "ivan"}})
    office.session()
    assert len(server.left) == 2
    waiting = stubs(office)
    renumber(server)
    if when == "before the request":
        office.session()
    assert stubs(office) == waiting
    chosen, = (message["id"] for message in shown(office) if message["subject"].startswith("number 4"))
    office.cli("mailbox", "fetch", "ivan", chosen)
    until(lambda: len(stubs(office)) == 1, 90, office.log()[-3000:])
    office.session()
    server.stop()
    assert stubs(office) == [message for message in waiting if message != chosen] and len(shown(office)) == 4
    assert long[1] in [body_of(message) for message in office.mailbox("ivan")] and server.left == [long[0]]


def test_the_key_in_the_screens(office):
    term = Terminal("-c", office.conf, width=140)
    try:
        term.wait("the gateway is running")
        term.keys("F7").wait("ivan")
        term.keys("f").wait("open a mailbox first")
        term.keys("Down", "Enter").wait("WHOLE", "Договор", "Fetch whole")
        term.type("/Договор")
        term.keys("Enter", "Space", "Space", "f")
        both_come(office)
    finally:
        term.close()


def test_one_that_the_filter_keeps_is_said_to_be_there(make_gateway, dovecot):
    dovecot.deliver("office", photos())
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, sections={"filter": {"attachments_forbidden": "*.jpg"}}, accounts={
        "a": {"url": f"imap://127.0.0.1:{dovecot.imap_port}", "tls": "none", "user": "office", "password": "provider-pw", "attachments": "later"}})
    office.session()
    stub, = stubs(office)
    for _ in range(2):
        assert "its stub stays" in refused(office, "ivan", stub)
    kept, = json.loads(office.cli("quarantine", "list", "--json").stdout)
    until(lambda: [f"lanpost trace {kept['id']}".encode() in message for message in office.mailbox("postmaster")] == [True, True], 90, "the reports")
