"""Users get one list a day of what was kept back from them, and release it by mail: only their own, only what may be, each once."""
import email
import email.policy
import json
import re
import smtplib
import sqlite3
import time

import pytest

from filter.test_scanners import office
from harness.gateway import PASSWORD
from harness.letters import letter
from harness.scanner import Clamd, Rspamd
from harness.waiting import until


def tomorrow(gateway):
    """Lists are due again: the last ones were sent two days ago."""
    with sqlite3.connect(gateway.spool / "state.db", timeout=90) as state:
        (old,), = state.execute("SELECT text FROM value WHERE key = 'kept-lists'")
        last, since = old.split()
        state.execute("UPDATE value SET text = ? WHERE key = 'kept-lists'", (f"{int(last) - 2 * 86400} {since}",))


def next_day(gateway):
    until(lambda: all(time.time() > path.stat().st_ctime + 1.1 for path in gateway.files("_quarantine")), 30, "the second that is for the next list")
    tomorrow(gateway)
    gateway.session()


def lists(gateway, user):
    return [message for message in (email.message_from_bytes(raw, policy=email.policy.default) for raw in gateway.mailbox(user))
            if "[release]" in message["Subject"]]


def numbers(message):
    return re.findall(r"(?:Number|Номер) (\d{8})", message.get_content())


def ask(gateway, user, subject, text="", login=True, sender=None):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = sender or f"{user}@office.lan", "daemon@office.lan", subject
    message.set_content(text)
    with smtplib.SMTP("127.0.0.1", gateway.smtp_port) as client:
        if login:
            client.login(user, PASSWORD)
        client.send_message(message)


def kept(gateway):
    return json.loads(gateway.cli("quarantine", "list", "--json").stdout)


def subjects(gateway, user):
    return [message["Subject"] for message in (email.message_from_bytes(raw, policy=email.policy.default) for raw in gateway.mailbox(user))]


@pytest.fixture
def gateway(make_gateway):
    """Spam 1 is for ivan and anna, spam 2 for ivan; message 3 has a virus."""
    bodies = ("SCORE:20\n", "SCORE:21\n", "SCORE:22 VIRUS:Bad.Invoice\n")
    gateway, _ = office(make_gateway, {"av": Clamd(), "rs": Rspamd()}, [letter(number=n, subject=f"spam {n}", body=body) for n, body in enumerate(bodies, 1)])
    gateway.users["anna"]["language"] = "ru"
    gateway.rules = {"first": {"when": 'subject is "spam 1"', "deliver": "ivan, anna", "stop": "yes"}, "all": {"when": "always", "deliver": "ivan"}}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    gateway.session()
    assert len(kept(gateway)) == 3 and lists(gateway, "ivan") == [] and lists(gateway, "anna") == []
    return gateway


def test_one_list_a_day_in_the_users_language_and_none_when_empty(gateway):
    next_day(gateway)
    gateway.session()
    of_ivan, = lists(gateway, "ivan")
    of_anna, = lists(gateway, "anna")
    assert of_ivan["Subject"] == "3 messages were kept back [release]" and of_ivan["Reply-To"] == "daemon@office.lan"
    text = of_ivan.get_content()
    assert all(word in text for word in ("spam 1", "spam 2", "spam 3", "client@bank.ru", "spam score 21.0", "virus Bad.Invoice. Only the admin can release it"))
    assert len(set(numbers(of_ivan))) == 3
    assert "задержано" in of_anna["Subject"] and numbers(of_anna) == numbers(of_ivan)[:1]
    next_day(gateway)  # nothing new
    assert len(lists(gateway, "ivan")) == 1 and len(lists(gateway, "anna")) == 1


def test_a_reply_releases_for_this_user_alone_and_once(gateway):
    next_day(gateway)
    of_ivan, = lists(gateway, "ivan")
    first, second, virus = numbers(of_ivan)
    quoted = "".join(f"> {line}\n" for line in of_ivan.get_content().splitlines()) + of_ivan.get_content()
    ask(gateway, "ivan", "Re: " + of_ivan["Subject"], f"Please:\n{first}, {virus}\n\n{quoted}")
    until(lambda: "spam 1" in subjects(gateway, "ivan"), 30, "the released message")
    until(lambda: "Report of the mail gateway" in subjects(gateway, "ivan"), 30, "the answer")
    assert "spam 3" not in subjects(gateway, "ivan") and "spam 1" not in subjects(gateway, "anna")
    assert sorted((one["subject"], *one["recipients"]) for one in kept(gateway)) == [("spam 1", "anna"), ("spam 2", "ivan"), ("spam 3", "ivan")]
    ask(gateway, "ivan", f"release {first}")  # once more
    until(lambda: subjects(gateway, "ivan").count("Report of the mail gateway") == 2, 30, "the second answer")
    assert subjects(gateway, "ivan").count("spam 1") == 1
    ask(gateway, "anna", f"Выпустить {first} {second}")  # the second is not hers
    until(lambda: "spam 1" in subjects(gateway, "anna"), 30, "anna's copy")
    assert "spam 2" not in subjects(gateway, "anna")
    assert sorted(one["subject"] for one in kept(gateway)) == ["spam 2", "spam 3"]


def test_only_a_login_releases(gateway):
    next_day(gateway)
    number = numbers(lists(gateway, "ivan")[0])[1]
    for subject in (f"release {number}", f"Re: [release] {number}", f"$Release ivan {number}", f" $RELEASE ivan {number}"):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            ask(gateway, "ivan", subject, f"{number}\n", login=False)
        assert refused.value.smtp_code == 550, subject
        with pytest.raises(smtplib.SMTPException):
            ask(gateway, "anna", subject, f"{number}\n", sender="ivan@office.lan")
    with pytest.raises(smtplib.SMTPDataError):
        ask(gateway, "ivan", "Re: 3 messages were kept back [release]", "all of them\n")
    assert len(kept(gateway)) == 3


def test_what_users_may_release_and_whether_there_are_lists_is_set(gateway):
    gateway.main["filter"] = {"daily_list_at": "10:00", "user_release": "attachments", "daily_list": "no"}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    next_day(gateway)
    assert lists(gateway, "ivan") == []
    identity = kept(gateway)[1]["id"]
    ask(gateway, "ivan", f"release {identity}")
    until(lambda: "Report of the mail gateway" in subjects(gateway, "ivan"), 30, "the answer")
    assert "spam 2" not in subjects(gateway, "ivan") and len(kept(gateway)) == 3


def test_what_was_too_large_for_the_virus_scanner_is_not_released(make_gateway):
    gateway, _ = office(make_gateway, {"av": Clamd(), "rs": Rspamd()}, [letter(number=1, subject="large", body="SCORE:20\n" + ("x" * 70 + "\n") * 50)])
    gateway.main["scanner av"]["max_size"] = "1K"
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    gateway.session()
    one, = kept(gateway)
    ask(gateway, "ivan", f"release {one['id']}")
    until(lambda: "Report of the mail gateway" in subjects(gateway, "ivan"), 30, "the answer")
    assert "large" not in subjects(gateway, "ivan") and len(kept(gateway)) == 1
