"""Sudden death at any instant: each message ends up in its mailbox exactly once, and upstream is empty.

LANPOST_KILL_ROUNDS says how many deaths each of the main tests sees in total (20 by default).
"""
import collections
import os
import random
import re
import subprocess
import time

import pytest

from harness.numbered import in_mailbox, numbers
from harness.letters import letter
from harness.sink import Sink
from harness.waiting import descendants, kill, until

ROUNDS = int(os.environ.get("LANPOST_KILL_ROUNDS", "20"))
PARTS = 4  # so that the rounds spread over test processes
MESSAGES = 500


def fill(dovecot, first, count=MESSAGES):
    for n in range(first, first + count):
        dovecot.deliver("office", letter(subject=f"message {n}", number=n, body="line of text\n" * (n % 200)))


def fetch_until_done(gateway, dovecot):
    """Sessions until nothing is left upstream; a death may leave UIDLs that only need deleting."""
    for _ in range(5):
        gateway.session()
        if not dovecot.left("office"):
            return
    raise AssertionError(f"{len(dovecot.left('office'))} messages stay upstream\n{gateway.log()[-3000:]}")


def not_sorted(gateway):
    """The messages over which the process that sorts was killed: postmaster has them, and the log knows of each."""
    found = [path.read_bytes()[:4096] for path in gateway.files("postmaster")]
    messages = [message for message in found if b".test@bank.ru" in message]
    assert all(b"X-Lanpost-Unsorted: the message could not be sorted" in message for message in messages)
    assert len(messages) <= gateway.log().count("event=message-not-sorted")
    return numbers(messages)


def expect_each_once(gateway, dovecot, total):
    found = in_mailbox(gateway, "ivan") + not_sorted(gateway)
    lost = sorted(set(range(1, total + 1)) - set(found))
    doubled = sorted(n for n, times in found.items() if times > 1)
    assert not lost and not doubled, f"lost {lost[:20]} ({len(lost)}), doubled {doubled[:20]} ({len(doubled)})"
    assert len(found) == total
    assert dovecot.left("office") == []


@pytest.fixture
def office(make_gateway, account):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, accounts={"office": account},
                        sections={"log": {"level": "info"}})


def measure(gateway, dovecot):
    """How long an undisturbed session of that size takes here."""
    fill(dovecot, 1)
    began = time.monotonic()
    gateway.session()
    return time.monotonic() - began


def death_of_everything(gateway):
    gateway.kill_all()
    gateway.start()


def death_of_one_child(gateway):
    """The supervisor lives on and starts a new one."""
    children = descendants(gateway.process.pid)
    if children:
        kill(random.choice(children))
    until(gateway.is_ready, 90, "the gateway to come back")


def death_of_the_supervisor(gateway):
    """Its children must not outlive it for long, or nobody could start again."""
    kill(gateway.process.pid)
    gateway.process.wait(90)
    gateway.process = None
    deadline = time.monotonic() + 20
    while True:
        gateway.start(wait=False)
        try:
            until(gateway.is_ready, 20, "the gateway to come back")
            return
        except AssertionError:
            if gateway.process.poll() is None or time.monotonic() > deadline:
                raise


@pytest.mark.parametrize("part", range(PARTS))
def test_each_message_once_when_everything_is_killed_in_a_session(office, dovecot, part):
    run_rounds(office, dovecot, [death_of_everything], max(1, ROUNDS // PARTS))


@pytest.mark.parametrize("death", [death_of_one_child, death_of_the_supervisor], ids=lambda death: death.__name__)
def test_each_message_once_when_one_process_is_killed_in_a_session(office, dovecot, death):
    run_rounds(office, dovecot, [death], max(1, ROUNDS // PARTS))


def run_rounds(office, dovecot, deaths, rounds):
    usual = measure(office, dovecot)
    total = MESSAGES
    for _ in range(rounds):
        fill(dovecot, total + 1)
        total += MESSAGES
        assert office.cli("session", "--no-wait").returncode == 0
        for _ in range(random.choice([1, 1, 2])):  # sometimes recovery itself is hit
            time.sleep(random.uniform(0, usual))
            random.choice(deaths)(office)
        fetch_until_done(office, dovecot)
        expect_each_once(office, dovecot, total)
    assert len(office.mailbox("ivan")) == total - len(not_sorted(office))


def test_what_smtp_acknowledged_is_there_once_after_sudden_death(make_gateway):
    """Clients send while everything dies; an unacknowledged message may be there once or not at all."""
    gateway = make_gateway(users=["ivan", "anna"])
    acknowledged, number = set(), 0
    for _ in range(max(3, ROUNDS // 4)):
        deadline = time.monotonic() + random.uniform(0.05, 0.6)
        client = gateway.smtp()
        while time.monotonic() < deadline:
            number += 1
            client.sendmail("anna@office.lan", ["ivan@office.lan"], letter(number=number, body="x" * (number % 5000)))
            acknowledged.add(number)
        # the last one is on its way when the end comes
        number += 1
        client.mail("anna@office.lan")
        client.rcpt("ivan@office.lan")
        client.docmd("DATA")
        client.sock.sendall(letter(number=number) + b".\r\n")
        time.sleep(random.uniform(0, 0.005))
        gateway.kill_all()
        client.close()
        gateway.start()
        found = in_mailbox(gateway, "ivan")
        assert acknowledged <= set(found), f"lost: {sorted(acknowledged - set(found))}"
        assert [n for n, times in found.items() if times > 1] == []
    assert numbers(gateway.mailbox("ivan")) == in_mailbox(gateway, "ivan")


def test_what_pop3_deleted_stays_deleted_after_sudden_death(make_gateway):
    gateway = make_gateway(users=["ivan"])
    for n in range(1, 31):
        gateway.send("ivan@office.lan", ["ivan@office.lan"], letter(number=n))
    client = gateway.pop3("ivan")
    for n in range(1, 11):
        client.dele(n)
    client.quit()
    client = gateway.pop3("ivan")
    client.dele(1)  # no QUIT: stays
    gateway.kill_all()
    gateway.start()
    assert in_mailbox(gateway, "ivan") == collections.Counter(range(11, 31))
    assert len(gateway.mailbox("ivan")) == 20


def test_the_queue_reaches_the_smarthost_after_sudden_death(make_gateway):
    """Sent at least once; twice only for one that was in doubt at a death."""
    sink = Sink()
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                           smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}})
    for n in range(1, 101):
        gateway.send("ivan@office.lan", [f"client{n}@bank.ru"], letter(number=n))
    deaths = 4
    for _ in range(deaths):
        assert gateway.cli("session", "--send-only", "--no-wait").returncode == 0
        time.sleep(random.uniform(0, 0.3))
        gateway.kill_all()
        gateway.start()
    gateway.session("--send-only")
    sent = numbers(letter.content for letter in sink.letters)
    sink.stop()
    assert set(sent) == set(range(1, 101))
    # At most what stood between attempt and outcome on the connections of each death.
    assert max(sent.values()) <= deaths + 1
    assert sum(sent.values()) <= 100 + deaths * 20
    assert gateway.queued_files() == []


def test_two_sessions_of_one_account_never_fetch_twice(make_gateway, account, dovecot):
    """Sessions asked for at the same time come one after the other."""
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, accounts={"office": account})
    fill(dovecot, 1, 200)
    command = [str(part) for part in gateway.cli("session").args]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(5)]
    assert [process.wait(90) for process in running] == [0] * 5
    assert in_mailbox(gateway, "ivan") == collections.Counter(range(1, 201))


def test_crash_between_dele_and_quit_only_deletes_next_time(make_gateway):
    from harness.misbehaving import MisbehavingPop3
    server = MisbehavingPop3([letter(number=n) for n in (1, 2, 3)], "always_closes_before_quit_is_answered")
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                           accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                           "password": "y"}})
    gateway.cli("session")
    assert len(server.left) == 3
    server.misdeed = lambda event, argument, connection: None
    gateway.session()
    server.stop()
    assert server.left == []
    assert in_mailbox(gateway, "ivan") == collections.Counter([1, 2, 3])
