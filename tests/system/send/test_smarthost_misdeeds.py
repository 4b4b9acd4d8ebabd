"""A smarthost that refuses, breaks off or lies at every step: each recipient's fate is exact, nothing is sent twice but for the
one doubt that SMTP leaves, and what can wait waits."""
import json
import re
import sqlite3
import subprocess
import threading
import time

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingSmtp
from harness.smarthost import Smarthost
from harness.waiting import answers, free_port, until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}
STEPS = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "MESSAGE", "DOT"]


def office_at(make_gateway, *servers, **settings):
    names = ["default", *(f"other{n}" for n in range(1, len(servers)))]
    return make_gateway(users={**IVAN, "anna": {}}, smarthosts={
        name: {"url": f"smtp://127.0.0.1:{server.port}", "tls": "none", **settings} for name, server in zip(names, servers)})


def write(office, count, to="client@bank.ru"):
    for n in range(1, count + 1):
        assert office.send("ivan@office.lan", [to], letter(number=n, sender="ivan@office.lan", to=to)) == {}
    until(lambda: len(office.queued_files()) == count, 15, "the queue")


def once(step, deed):
    """Does it at the first time only."""
    done = []

    def act(now, connection):
        if now == step and not done:
            done.append(1)
            return deed(connection)
        return None
    return act


def cut(connection):
    connection.close()
    return True


ABILITIES = {"one by one": (), "pipelined": ("PIPELINING",), "chunked": ("PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING")}


@pytest.mark.parametrize("abilities", ABILITIES)
@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
def test_a_line_cut_once_at_any_step_loses_nothing(make_gateway, step, abilities):
    server = Smarthost(once(step, cut), ABILITIES[abilities])
    office = office_at(make_gateway, server, retry="1s")
    write(office, 3)
    for _ in range(3):
        office.cli("queue", "flush")
    server.stop()
    # Cut at the dot the server here has not taken it; the gateway cannot know, and says so.
    assert server.got == [1, 2, 3]
    assert office.queued_files() == [] and office.files("ivan") == []
    if step == "DOT":
        assert "in-doubt" in office.cli("trace", "1.test").stdout or "in doubt" in office.cli("trace", "client@bank.ru").stdout


@pytest.mark.parametrize("abilities", ABILITIES)
def test_taken_but_not_answered_is_sent_again_and_the_journal_says_so(make_gateway, abilities):
    def take_and_cut(connection):
        server.letters.append(None)
        connection.close()
        return True
    server = Smarthost(once("DOT", take_and_cut), ABILITIES[abilities])
    office = office_at(make_gateway, server, retry="1h")
    write(office, 1)
    office.cli("session", "--send-only")
    assert len(office.queued_files()) == 1
    office.cli("queue", "flush")
    server.stop()
    assert len(server.letters) == 2 and office.queued_files() == []
    assert "doubt" in office.cli("trace", "client@bank.ru").stdout


@pytest.mark.parametrize("abilities", ABILITIES)
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("reply, bounced", [("451 4.3.0 later", 0), ("550-5.7.1 not\r\n550 5.7.1 wanted", 1)])
def test_each_class_of_reply_at_each_step(make_gateway, step, reply, bounced, abilities):
    def answer(connection):
        connection.say(reply)
        if step == "DATA" and "CHUNKING" in ABILITIES[abilities]:
            return None
        return True
    server = Smarthost(once(step, answer), ABILITIES[abilities])
    office = office_at(make_gateway, server, retry="1h")
    write(office, 2)
    office.cli("session", "--send-only")
    server.stop()
    if step == "DATA" and abilities == "chunked":  # there is no such step
        assert server.got == [1, 2]
        return
    assert len(server.got) == 1
    assert len(office.files("ivan")) == bounced
    assert len(office.queued_files()) == 1 - bounced


@pytest.mark.parametrize("abilities", ABILITIES)
def test_a_farewell_is_no_refusal(make_gateway, abilities):
    """421 after every two messages, as hosts do that limit messages a connection."""
    def act(step, connection):
        connection.mails = getattr(connection, "mails", 0) + (step == "MAIL")
        if step == "MAIL" and connection.mails > 2:
            connection.say("421 4.7.0 enough for one connection")
            connection.close()
            return True
        return None
    server = Smarthost(act, ABILITIES[abilities])
    office = office_at(make_gateway, server)
    write(office, 7)
    office.session("--send-only")
    server.stop()
    assert server.got == [1, 2, 3, 4, 5, 6, 7]
    assert office.queued_files() == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DOT"])
def test_a_smarthost_that_breaks_off_each_time_has_failed(make_gateway, step):
    """The letters wait as after any temporary failure; but the session reports a failure, and postmaster gets one report."""
    server = Smarthost(lambda now, connection: cut(connection) if now == step else None, ABILITIES["pipelined"])
    office = office_at(make_gateway, server, retry="1s")
    write(office, 1)
    office.session("--send-only", code=1)
    time.sleep(1)
    office.session("--send-only", code=1)
    server.stop()
    assert len(office.queued_files()) == 1 and office.files("ivan") == []
    assert len(office.files("postmaster")) == 1


def test_chunking_that_is_offered_but_not_understood_is_got_round(make_gateway):
    def act(step, connection):
        if step == "BDAT":
            connection.say("500 5.5.1 what?")
            return True
        return None
    server = Smarthost(act, ABILITIES["chunked"])
    office = office_at(make_gateway, server)
    write(office, 3)
    office.session("--send-only")
    server.stop()
    assert server.got == [1, 2, 3]
    assert office.queued_files() == [] and office.files("ivan") == []


def test_a_smarthost_that_offers_no_login_gets_nothing(make_gateway):
    """What it would refuse for want of the login would come back to the sender."""
    server = Smarthost(lambda step, connection: None, ABILITIES["pipelined"])
    office = office_at(make_gateway, server, user="branch", password="secret")
    write(office, 1)
    assert "no login method" in office.session("--send-only", code=1).stdout
    server.stop()
    assert server.letters == [] and len(office.queued_files()) == 1 and office.files("ivan") == []


def test_the_old_form_of_auth_is_understood(make_gateway):
    logins = []

    def act(step, connection):
        if step == "AUTH":
            logins.append(step)
            connection.say("235 in")
            return True
        if step == "MAIL" and not logins:
            connection.say("550 5.7.1 relaying denied")
            return True
        return None
    server = Smarthost(act, ["AUTH=PLAIN LOGIN"])
    office = office_at(make_gateway, server, user="branch", password="secret")
    write(office, 1)
    office.session("--send-only")
    server.stop()
    assert server.got == [1] and logins == ["AUTH"] and office.files("ivan") == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_login_that_is_wanted_is_no_fault_of_the_letter(make_gateway, step):
    """530: a server that has dropped AUTH from what it offers, or wants TLS. Nothing comes back to the sender for it."""
    def act(now, connection):
        if now == step and wanted:
            connection.say("530 5.7.0 Authentication required")
            return True
        return None
    wanted = True
    server = Smarthost(act, ABILITIES["pipelined"])
    office = office_at(make_gateway, server, retry="1s")
    write(office, 2)
    office.session("--send-only", code=1)
    assert len(office.queued_files()) == 2 and office.files("ivan") == []
    wanted = False
    office.cli("queue", "flush")
    server.stop()
    assert server.got == [1, 2] and office.queued_files() == []


def test_surplus_recipients_go_in_another_transaction(make_gateway):
    def act(step, connection):
        if step == "RCPT" and len(getattr(connection, "recipients", [])) >= 3:
            connection.say("452 4.5.3 too many recipients")
            return True
        return None
    server = Smarthost(act)
    office = office_at(make_gateway, server)
    everybody = [f"client{n}@bank.ru" for n in range(1, 9)]
    assert office.send("ivan@office.lan", everybody, letter(sender="ivan@office.lan", to="all@bank.ru")) == {}
    office.session("--send-only")
    server.stop()
    assert [len(letter_.recipients) for letter_ in server.letters] == [3, 3, 2]
    assert sorted(name for letter_ in server.letters for name in letter_.recipients) == everybody
    assert office.queued_files() == []


def test_many_connections_send_each_message_once(make_gateway):
    server = Smarthost(abilities=("PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING"))
    office = office_at(make_gateway, server, max_connections="5")
    write(office, 120)
    office.session("--send-only")
    server.stop()
    assert server.got == list(range(1, 121))
    assert 1 < server.most_at_once <= 5


def test_a_server_that_takes_one_connection_only_gets_one(make_gateway):
    def act(step, connection):
        if step == "GREETING" and server.at_once > 1:
            connection.say("421 4.7.0 too many connections")
            connection.close()
            return True
        return None
    server = Smarthost(act)
    office = office_at(make_gateway, server)
    write(office, 40)
    office.session("--send-only")
    server.stop()
    assert server.got == list(range(1, 41))


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_too_many_connections_are_held_against_no_message(make_gateway, step):
    """As Exchange Online says it: not in the greeting, but to a command of the message. The other lanes are closed."""
    turned_away = set()

    def act(now, connection):
        if now == "GREETING":
            connection.is_extra = server.at_once > 1
        if now == step and connection.is_extra:
            turned_away.add(connection)
            connection.say("432 4.3.2 Concurrent connections limit exceeded")
            return True
        if now == "DATA" and connection.is_extra:
            connection.say("503 5.5.1 no")
            return True
        if now == "DOT" and not turned_away:
            until(lambda: turned_away, 15, "a second connection")
        return None
    server = Smarthost(act)
    office = office_at(make_gateway, server, max_connections="4", retry="1h")
    write(office, 40)
    office.session("--send-only")
    server.stop()
    assert server.got == list(range(1, 41)) and office.queued_files() == [] and turned_away
    told = office.cli("trace", "client@bank.ru").stdout
    assert "4.3.2" not in told and "deferred" not in told and "put off" not in told
    assert all(connection.sock.fileno() == -1 or connection.line() is None for connection in turned_away)


@pytest.mark.parametrize("said_twice", ["MAIL", "RCPT"])
@pytest.mark.parametrize("abilities", ["pipelined", "chunked"])
def test_a_reply_said_twice_is_taken_for_no_other(make_gateway, abilities, said_twice):
    """One of five is refused: exactly that one comes back, and each of the others arrives; duplicates are in the journal as doubts."""
    codes = {"MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "BDAT": "250 2.0.0 ok", "DOT": "250 2.0.0 ok", "RSET": "250 2.0.0 ok"}
    stuttered = []

    def act(step, connection):
        if step == "GREETING":
            plain, connection.now = connection.say, step
            connection.say = lambda text: plain(codes.get(connection.now, text) if text in ("250 ok", "250 more") else text)
        connection.now = step
        if step == said_twice and not stuttered:
            stuttered.append(1)
            connection.say("250 ok")
        if step == "RCPT" and server.commands[-1].upper().startswith(b"RCPT TO:<BAD@"):
            connection.say("550 5.1.1 no such user")
            return True
        return None
    server = Smarthost(act, ABILITIES[abilities])
    office = office_at(make_gateway, server, retry="1s")
    for n in range(1, 6):
        to = "bad@bank.ru" if n == 3 else "client@bank.ru"
        assert office.send("ivan@office.lan", [to], letter(number=n, sender="ivan@office.lan", to=to)) == {}
    office.cli("session", "--send-only")
    for _ in range(3):
        office.cli("queue", "flush")
    server.stop()
    assert stuttered and set(server.got) == {1, 2, 4, 5} and office.queued_files() == []
    bounce, = office.mailbox_when("ivan", 1)
    assert b"Final-Recipient: rfc822; bad@bank.ru" in bounce
    assert "event=smarthost-stutters" in office.log()
    if len(server.got) > 4:
        assert "doubt" in office.cli("trace", "client@bank.ru").stdout


@pytest.mark.parametrize("abilities", ["pipelined", "chunked"])
def test_killed_in_the_middle_nothing_is_lost(make_gateway, abilities):
    """At most what was under way comes twice, and the journal knows of it."""
    seen, reached, killed = [], threading.Event(), threading.Event()

    def act(step, connection):
        if step == "DOT" and not killed.is_set():
            seen.append(1)
            if len(seen) >= 20:
                reached.set()
                killed.wait(90)
                connection.close()
                return True
        return None
    server = Smarthost(act, ABILITIES[abilities])
    office = office_at(make_gateway, server, max_connections="2")
    write(office, 60)
    office.cli("session", "--send-only", "--no-wait")
    assert reached.wait(90)
    office.kill_all()
    killed.set()
    office.abandon()
    office.start()
    office.cli("queue", "flush")
    until(lambda: office.queued_files() == [], 30, "the queue to be empty")
    server.stop()
    assert set(server.got) == set(range(1, 61))
    assert len(server.got) - 60 <= 2 * 8  # connections times SMTP_WINDOW


# --- several smarthosts


def test_each_sender_has_his_provider_and_a_dead_one_its_fallback(make_gateway):
    own, general, spare = Smarthost(), Smarthost(), Smarthost()
    office = make_gateway(
        users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"external_alias": "anna@other.org"}},
        smarthosts={"own": {"url": f"smtp://127.0.0.1:{own.port}", "tls": "none", "senders": "other.org"},
                    "default": {"url": f"smtp://127.0.0.1:{general.port}", "tls": "none", "fallback": "own, spare"},
                    "spare": {"url": f"smtp://127.0.0.1:{spare.port}", "tls": "none"}})
    for n, name in ((1, "ivan"), (2, "anna")):
        office.send(f"{name}@office.lan", ["client@bank.ru"], letter(number=n, sender=f"{name}@office.lan", to="client@bank.ru"))
    office.session("--send-only")
    assert (own.got, general.got, spare.got) == ([2], [1], [])
    general.stop()
    office.send("ivan@office.lan", ["client@bank.ru"], letter(number=3, sender="ivan@office.lan", to="client@bank.ru"))
    office.session("--send-only", code=1)  # one of them failed, and postmaster knows; the letter is out all the same
    assert (own.got, spare.got) == ([2, 3], []) and office.queued_files() == []
    assert any(b"smarthost default" in mail for mail in office.mailbox("postmaster"))
    own.stop()
    office.send("ivan@office.lan", ["client@bank.ru"], letter(number=4, sender="ivan@office.lan", to="client@bank.ru"))
    office.session("--send-only", code=1)
    assert spare.got == [4]
    spare.stop()


@pytest.mark.parametrize("limit", ["max_messages_per_session", "max_messages_per_hour"])
def test_what_the_provider_limits_waits(make_gateway, limit):
    server = Smarthost()
    office = office_at(make_gateway, server, **{limit: "4"})
    write(office, 10)
    note = json.loads(office.session("--send-only", "--json").stdout)["send_note"]
    assert len(server.got) == 4 and len(office.queued_files()) == 6
    said, = office.status()["limits"]
    assert (said["setting"], said["smarthost"]) == (limit, "default") and f"{limit} of smarthost default is reached" in said["text"]
    assert note == said["text"].replace("Mail waits", "6 messages wait")
    assert (said["until"] is None) == limit.endswith("session")
    waiting = office.queue()
    assert all(f"{limit} of smarthost default is reached" in entry["limit"] for entry in waiting)
    assert f"{limit} of smarthost default is reached" in office.cli("trace", waiting[0]["id"]).stdout
    office.session("--send-only")
    server.stop()
    assert len(server.got) == (8 if limit.endswith("session") else 4)
    assert office.files("ivan") == []


def test_an_office_that_was_offline_gets_nothing_back_for_it(make_gateway):
    def act(step, connection):
        if step == "RCPT":
            connection.say("450 4.2.1 later")
            return True
        return None
    server = Smarthost(act)
    office = office_at(make_gateway, server, retry="1s", expire="1h", warn_after="30m")
    write(office, 1)
    office.cli("session", "--send-only")
    assert len(office.queued_files()) == 1

    def flush_after(days, missed):
        """As if that had happened this many days ago."""
        with sqlite3.connect(office.spool / "state.db", timeout=90) as state:
            (before,), = state.execute("SELECT text FROM value WHERE key = 'reach default'")
            total = before.split()[0]
            state.execute("UPDATE value SET text = ? WHERE key = 'reach default'",
                          [f"{total} {int(time.time() - days * 86400)} {missed}"])
        state.close()
        office.cli("queue", "flush")
    flush_after(7, 1)
    assert len(office.queued_files()) == 1 and office.files("ivan") == []
    flush_after(0.03, 0)  # and 43 minutes within reach
    delayed, = office.mailbox_when("ivan", 1)
    assert b"delayed" in delayed and len(office.queued_files()) == 1
    flush_after(0.03, 0)
    server.stop()
    until(lambda: len(office.files("ivan")) == 2, 10, "the bounce")
    assert office.queued_files() == []


# --- a server that we did not write: Postfix's smtp-sink


@pytest.fixture
def smtp_sink():
    running = []

    def start(*options):
        port = free_port()
        running.append(subprocess.Popen(["smtp-sink", "-u", "nobody", *options, f"127.0.0.1:{port}", "100"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        until(lambda: answers(port, b"220"), 10, "smtp-sink")
        return port
    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.parametrize("command", ["mail", "rcpt", "data", "."])
@pytest.mark.parametrize("option, bounced, queued", [("-r", 0, 3), ("-f", 3, 0), ("-q", 0, 3), ("-Q", 0, 3)])
def test_smtp_sink_fails_in_all_its_ways(make_gateway, smtp_sink, option, command, bounced, queued):
    port = smtp_sink(option, command)
    office = make_gateway(users=IVAN, smarthosts={"default": {"url": f"smtp://127.0.0.1:{port}", "tls": "none"}})
    write(office, 3)
    office.cli("session", "--send-only")
    until(lambda: len(office.files("ivan")) == bounced, 10, "the bounces")
    assert len(office.queued_files()) == queued
    if queued:  # and when it has come to its senses
        good = smtp_sink()
        office.smarthosts["default"]["url"] = f"smtp://127.0.0.1:{good}"
        office.write()
        office.cli("reload")
        office.cli("queue", "flush")
        assert office.queued_files() == [] and office.files("ivan") == []
