"""A stub is completed by the keyword $Fetch or by moving it to Fetch: the whole message takes its place, once."""
import re

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.waiting import until

PEOPLE = {"ivan": {"external_alias": "ivan@example.ru"}, "olga": {"external_alias": "olga@example.ru"}}
WHOLE = 400_000


def big(number):
    return letter(number=number, subject=f"number {number}", body="long\n" * 100_000, to="ivan@example.ru, olga@example.ru")


@pytest.fixture
def server():
    server = MisbehavingPop3([big(1), letter(number=2), big(3)])
    yield server
    server.stop()


def make_office(make_gateway, server, start=True, **sections):
    office = make_gateway(users=PEOPLE, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y",
                                                        "max_size": "100K", "deliver_to": "ivan, olga"}}, sections=sections)
    for user in PEOPLE:
        with office.imap(user):
            pass  # the usual folders
    if start:
        office.session()
    return office


@pytest.fixture
def office(make_gateway, server):
    return make_office(make_gateway, server)


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data


def content(office, folder, user="ivan"):
    """The messages of a folder: number and whether it is whole."""
    with office.imap(user) as client:
        if good(client.select(folder, readonly=True)) == [b"0"]:
            return []
        parts = [part for part in good(client.fetch("1:*", "(RFC822.SIZE BODY.PEEK[HEADER])")) if isinstance(part, tuple)]
        return sorted((int(re.search(rb"Message-ID: <(\d+)\.", header)[1]), int(re.search(rb"RFC822.SIZE (\d+)", head)[1]) > WHOLE)
                      for head, header in parts if b"test@bank.ru>" in header)


def reports(office, user="ivan"):
    return [message for message in office.mailbox(user) if b"Report of the mail gateway" in message]


def find(client, number):
    return good(client.search(None, "HEADER", "Message-ID", f"<{number}."))[0].decode()


STUBS = [(1, False), (2, False), (3, False)]


def test_the_keyword_brings_the_whole_message_in_place_of_the_stub(office):
    with office.imap("ivan") as client:
        assert re.search(rb"Fetch", b"".join(good(client.list())))
        good(client.create("Photos"))
        good(client.select())
        good(client.uid("MOVE", find(client, 3), "Photos"))
        good(client.select("Photos"))
        good(client.store("1", "+FLAGS", r"($fetch \Seen)"))
        until(lambda: content(office, "Photos") == [(3, True)], 20, office.log()[-2000:])
        client.noop()
        assert good(client.search(None, "UNSEEN")) and good(client.search(None, "KEYWORD", "$Fetch")) == [b""]
    assert content(office, "INBOX") == [(1, False), (2, False)] and reports(office) == []
    until(lambda: content(office, "INBOX", "olga") == sorted([*STUBS, (3, True)]), 10, "the other recipient keeps her stub")
    assert "in place of its stub" in office.cli("trace", "<3.test@bank.ru>").stdout
    office.session()
    assert content(office, "Photos") == [(3, True)]


def test_the_folder_fetch_brings_it_back_to_where_it_came_from(office):
    with office.imap("ivan") as client:
        good(client.create("Photos"))
        good(client.select())
        good(client.uid("MOVE", find(client, 3), "Photos"))
        good(client.select("Photos"))
        good(client.uid("MOVE", "1", "Fetch"))
        good(client.select())
        good(client.copy(find(client, 1), "Fetch"))
    until(lambda: content(office, "Photos") == [(3, True)] and content(office, "INBOX") == [(1, True), (2, False)], 20, office.log()[-2000:])
    assert content(office, "Fetch") == [] and reports(office) == []


def test_both_recipients_ask_and_each_has_one(office):
    for user in PEOPLE:
        with office.imap(user) as client:
            good(client.select())
            good(client.store(find(client, 1), "+FLAGS", "$Fetch"))
    for user in PEOPLE:
        until(lambda: content(office, "INBOX", user) == [(1, True), (2, False), (3, False)], 20, office.log()[-2000:])


def test_nothing_is_lost_while_it_cannot_be_fetched(office, server):
    server.stop()
    with office.imap("ivan") as client:
        good(client.select())
        good(client.store(find(client, 1), "+FLAGS", "$Fetch"))
    until(lambda: len(reports(office)) == 1, 30, office.log()[-2000:])
    office.session(code=1)
    assert content(office, "INBOX") == STUBS and len(reports(office)) == 1
    with office.imap("ivan") as client:
        good(client.select(readonly=True))
        assert good(client.search(None, "KEYWORD", "$Fetch")) != [b""]
    again = MisbehavingPop3([big(1), letter(number=2), big(3)], port=server.port)
    office.session()
    again.stop()
    assert (1, True) in content(office, "INBOX") and (1, False) not in content(office, "INBOX")


def test_death_after_the_request(office):
    with office.imap("ivan") as client:
        good(client.select())
        good(client.store(find(client, 1), "+FLAGS", "$Fetch"))
    office.kill_all()
    office.start()
    until(lambda: content(office, "INBOX") == [(1, True), (2, False), (3, False)], 30, office.log()[-2000:])


def test_only_stubs_and_only_for_those_who_may(make_gateway, server):
    office = make_office(make_gateway, server, gateway={"daemon_users": "olga"})
    with office.imap("ivan") as client:
        good(client.select())
        good(client.store(find(client, 2), "+FLAGS", "$Fetch"))
        kind, data = client.store(find(client, 1), "+FLAGS", "$Fetch")
        assert kind == "NO" and b"daemon_users" in data[0]
        kind, _ = client.uid("MOVE", find(client, 1), "Fetch")
        assert kind == "NO"
    assert content(office, "INBOX") == STUBS and "event=imap-fetch-asked" not in office.log()
