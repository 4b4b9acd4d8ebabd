"""IMAP accounts: the same promises as with POP3, against Dovecot, plain and inside TLS."""
import collections
import imaplib
import time

import pytest

from harness.letters import letter
from harness.numbered import in_mailbox

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


@pytest.fixture(params=["imap", "imaps", "starttls"])
def imap_account(request, dovecot):
    scheme = "imaps" if request.param == "imaps" else "imap"
    port = dovecot.imaps_port if scheme == "imaps" else dovecot.imap_port
    return {"url": f"{scheme}://127.0.0.1:{port}", "user": "office", "password": "provider-pw", "ca_file": dovecot.ca,
            "tls": "none" if request.param == "imap" else "required"}


def test_everything_comes_once_and_is_deleted(make_gateway, dovecot, imap_account):
    for n in range(1, 201):
        dovecot.deliver("office", letter(number=n, body="one\n.two\n"))
    office = make_gateway(users=IVAN, accounts={"a": imap_account})
    office.session()
    assert dovecot.left("office") == []
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 201))


@pytest.fixture
def plain(dovecot):
    return {"url": f"imap://127.0.0.1:{dovecot.imap_port}", "user": "office", "password": "provider-pw", "tls": "none"}


def connect(dovecot):
    client = imaplib.IMAP4("127.0.0.1", dovecot.imap_port)
    client.login("office", "provider-pw")
    client.select("INBOX")
    return client


def test_what_is_kept_on_the_server_is_not_fetched_again_and_stays_unseen(make_gateway, dovecot, plain):
    for n in (1, 2, 3):
        dovecot.deliver("office", letter(number=n))
    office = make_gateway(users=IVAN, accounts={"a": {**plain, "keep_on_server": "yes"}})
    for _ in range(2):
        office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3])
    client = connect(dovecot)
    assert client.search(None, "UNSEEN")[1] == [b"1 2 3"]
    client.logout()


def test_what_somebody_else_marked_as_deleted_is_left_alone(make_gateway, dovecot, plain):
    for n in (1, 2, 3):
        dovecot.deliver("office", letter(number=n))
    office = make_gateway(users=IVAN, accounts={"a": {**plain, "keep_on_server": "yes"}})
    office.session()
    client = connect(dovecot)
    client.store("2", "+FLAGS", "\\Deleted")
    client.logout()
    dovecot.deliver("office", letter(number=4))
    office.accounts["a"]["keep_on_server"] = "no"
    office.write()
    office.cli("reload")
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])


def test_a_new_uidvalidity_brings_no_flood(make_gateway, dovecot, plain):
    for n in (1, 2, 3):
        dovecot.deliver("office", letter(number=n))
    office = make_gateway(users=IVAN, accounts={"a": {**plain, "keep_on_server": "yes"}})
    office.session()
    time.sleep(1.1)  # Dovecot's UIDVALIDITY is a time in seconds
    for path in (dovecot.mail / "office").glob("dovecot*"):
        path.unlink()
    dovecot.deliver("office", letter(number=4))
    office.session()
    assert "mailbox-renumbered" in office.log()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4])


def test_a_large_message_is_streamed(make_gateway, dovecot, plain):
    dovecot.deliver("office", letter(number=1, body="x" * 76 + "\n" * 2 + ("y" * 76 + "\n") * 400_000))
    office = make_gateway(users=IVAN, accounts={"a": plain})
    office.session()
    assert len(office.mailbox("ivan")[0]) > 30_000_000


def test_an_empty_mailbox_and_a_wrong_password(make_gateway, dovecot, plain):
    office = make_gateway(users=IVAN, accounts={"a": plain, "b": {**plain, "password": "wrong"}})
    office.session("--account", "a")
    done = office.session("--account", "b", code=1)
    assert "refused the login" in done.stdout + done.stderr
