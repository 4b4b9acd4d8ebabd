"""What the smarthost refuses comes back; what it cannot take now stays queued."""
import email
import re
import sqlite3

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingSmtp
from harness.sink import Sink


def office_at(make_gateway, port, **settings):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {}},
                        smarthosts={"default": {"url": f"smtp://127.0.0.1:{port}", "tls": "none", **settings}})


def send(office, *recipients, **settings):
    assert office.send("ivan@office.lan", list(recipients), letter(sender="ivan@office.lan", to=", ".join(recipients),
                                                                   **settings)) == {}


def test_a_refused_recipient_comes_back_to_sender_and_postmaster(make_gateway, smarthost, postfix):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts={"default": smarthost})
    send(office, "nobody@refused.example", "client@bank.ru", subject="to both")
    office.session("--send-only", code=0)
    good, = postfix.letters(1)
    assert good.recipients == ["client@bank.ru"]
    for user in ("ivan", "postmaster"):
        bounce, = office.mailbox_when(user, 1)
        assert b"nobody@refused.example" in bounce and b"550" in bounce and b"no such user here" in bounce
        assert bounce.lower().count(b"final-recipient:") == 1  # the one who has it is not among them
        assert re.search(rb"(?i)auto-submitted: auto-(replied|generated)", bounce)
    assert office.queued_files() == []
    office.session("--send-only")
    assert len(office.files("ivan")) == 1 and len(postfix.sink.letters) == 1


def test_a_deferred_recipient_stays_queued_and_the_others_go(make_gateway, smarthost, postfix):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts={"default": smarthost})
    send(office, "later@refused.example", "client@bank.ru")
    office.cli("session", "--send-only")
    good, = postfix.letters(1)
    assert good.recipients == ["client@bank.ru"]
    entry, = office.queued_files()
    text = entry.read_text()
    assert "later@refused.example" in text
    assert "450" in office.cli("queue", "list").stdout + office.cli("queue", "show", entry.stem).stdout
    assert office.files("ivan") == []
    office.cli("session", "--send-only")
    assert len(postfix.sink.letters) == 1  # never a second time to those who have it


def test_mail_in_the_queue_waits_for_a_smarthost_that_is_away(make_gateway):
    sink = Sink()
    sink.stop()
    office = office_at(make_gateway, sink.port)
    send(office, "client@bank.ru")
    assert office.cli("session", "--send-only").returncode == 1
    assert len(office.queued_files()) == 1 and office.files("ivan") == []
    back = Sink(sink.port)
    assert office.cli("queue", "flush").returncode == 0
    assert len(back.letters) == 1 and office.queued_files() == []
    back.stop()


def test_a_bounce_is_never_bounced(make_gateway):
    server = MisbehavingSmtp("refuses_the_sender")
    office = office_at(make_gateway, server.port)
    office.send("", ["client@bank.ru"], letter())
    office.cli("session", "--send-only")
    server.stop()
    assert office.queued_files() == []
    assert office.files("ivan") == []
    assert len(office.files("postmaster")) == 1


PERMANENT = ["refuses_the_sender", "refuses_the_message_after_the_dot"]
TEMPORARY = ["is_shutting_down_at_mail", "closes_after_the_dot", "defers_after_the_dot"]


@pytest.mark.parametrize("misdeed", PERMANENT)
def test_permanent_refusal_bounces_once(make_gateway, misdeed):
    server = MisbehavingSmtp(misdeed)
    office = office_at(make_gateway, server.port)
    send(office, "client@bank.ru", "other@bank.ru")
    office.cli("session", "--send-only")
    office.cli("session", "--send-only")
    server.stop()
    bounce, = office.mailbox_when("ivan", 1)
    assert b"client@bank.ru" in bounce and b"other@bank.ru" in bounce and b"\x1b" not in bounce
    assert office.queued_files() == []


@pytest.mark.parametrize("misdeed", TEMPORARY)
def test_temporary_failure_keeps_the_mail(make_gateway, misdeed):
    server = MisbehavingSmtp(misdeed)
    office = office_at(make_gateway, server.port)
    send(office, "client@bank.ru")
    office.cli("session", "--send-only")
    assert len(office.queued_files()) == 1 and office.files("ivan") == []
    server.misdeed = lambda event, argument, connection: None
    assert office.cli("queue", "flush").returncode == 0
    assert len(server.letters) == 1 and office.queued_files() == []
    server.stop()


@pytest.mark.parametrize("misdeed, bounced, queued", [
    ("refuses_one_recipient_of_three", 1, 0), ("defers_one_recipient_of_three", 0, 1)])
def test_each_recipient_has_a_fate_of_his_own(make_gateway, misdeed, bounced, queued):
    server = MisbehavingSmtp(misdeed)
    office = office_at(make_gateway, server.port)
    send(office, "one@bank.ru", "gone@bank.ru", "two@bank.ru")
    office.cli("session", "--send-only")
    office.cli("queue", "flush")
    server.stop()
    assert sorted(name for letter_ in server.letters for name in letter_.recipients
                  if name != "gone@bank.ru") == ["one@bank.ru", "two@bank.ru"]
    assert len(office.files("ivan")) == bounced and len(office.queued_files()) == queued


def test_a_message_too_large_for_the_smarthost_bounces_without_being_sent(make_gateway):
    server = MisbehavingSmtp("takes_small_messages_only")
    office = office_at(make_gateway, server.port)
    send(office, "client@bank.ru", body="x" * 70 + "\n" * 2000)
    office.cli("session", "--send-only")
    server.stop()
    assert len(office.mailbox_when("ivan", 1)) == 1
    assert not server.letters and office.queued_files() == []


def test_a_smarthost_that_never_ends_its_reply_is_left(make_gateway):
    server = MisbehavingSmtp("answers_without_end")
    office = office_at(make_gateway, server.port)
    send(office, "client@bank.ru")
    assert office.cli("session", "--send-only", timeout=120).returncode == 1
    server.stop()
    assert len(office.queued_files()) == 1


def test_what_a_server_says_beyond_ascii_stands_in_a_part_that_may_hold_it(make_gateway):
    class Smarthost(MisbehavingSmtp):
        def server_says_it_in_russian(self, event, argument, connection):
            if event == "RCPT":
                connection.say("550 5.1.1 Такого ящика нет")
                return True
            return None
    server = Smarthost("says_it_in_russian")
    office = office_at(make_gateway, server.port)
    send(office, "nobody@bank.ru")
    office.session("--send-only")
    server.stop()
    bounce, = office.mailbox_when("ivan", 1)
    part, = [part for part in email.message_from_bytes(bounce).walk() if "delivery-status" in part.get_content_type()]
    assert part.get_content_type() == "message/global-delivery-status" and part["Content-Transfer-Encoding"] == "8bit"
    assert "Такого ящика нет".encode() in bounce


def test_a_damaged_message_is_told_to_its_sender_and_no_problem_when_it_is_gone(make_gateway):
    office = office_at(make_gateway, 9)
    send(office, "client@bank.ru", subject="report")
    path, = office.queued_files("active")
    path.write_text(path.read_text().replace("client@bank.ru", "client@bang.ru"))
    shown = office.cli("queue", "show", path.stem).stdout
    assert "report" in shown and "none: the message is damaged" in shown and "client@bank.ru" in shown
    office.cli("session", "--send-only")
    told, = office.mailbox_when("ivan", 1)
    assert b"client@bank.ru" in told and b"was damaged" in told
    office.cli("session", "--send-only")
    assert len(office.files("ivan")) == 1
    known = lambda: [key for key, in sqlite3.connect(office.spool / "state.db").execute("SELECT key FROM problem") if "corrupt" in key]
    assert known() == [f"corrupt {path.stem}"]
    assert office.cli("queue", "delete", path.stem, "--yes").returncode == 0
    assert known() == []


def test_what_is_held_gets_its_time_back(make_gateway):
    class Smarthost(MisbehavingSmtp):
        def server_waits(self, event, argument, connection):
            if event == "RCPT":
                connection.say("450 4.2.1 later")
                return True
            return None
    server = Smarthost("waits")
    office = office_at(make_gateway, server.port, retry="1h")
    send(office, "client@bank.ru")
    office.session("--send-only")
    entry, = office.queue()
    assert entry["state"] == "deferred" and entry["next_attempt"] > 0
    office.cli("queue", "hold", entry["id"])
    assert office.queue()[0]["state"] == "hold"
    office.cli("queue", "release", entry["id"])
    again, = office.queue()
    server.stop()
    assert (again["state"], again["next_attempt"]) == ("deferred", entry["next_attempt"])
