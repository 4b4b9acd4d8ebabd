"""A month of an office of 50 people, time compressed: what comes in, what they write to each other and to the world, with a provider and a
smarthost that have bad days, passwords that expire, a disk that is full, and power cuts. At the end each letter is accounted for.

LANPOST_MONTH_DAYS says how many days (3 by default, `make month` has 30); LANPOST_MONTH_SEED makes a run again.
"""
import collections
import os
import poplib
import random
import re
import smtplib
import time

import pytest

from harness.disk import Disk
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.numbered import in_mailbox, numbers
from harness.smarthost import Smarthost

DAYS = int(os.environ.get("LANPOST_MONTH_DAYS", "3"))
SEED = int(os.environ.get("LANPOST_MONTH_SEED", str(random.randrange(1 << 30))))
USERS = [f"u{n}" for n in range(1, 51)]
BOSS = "u50"
ACCOUNTS = ("sales", "info", "shop")
HOURS = 4
WINDOW = 8  # messages in doubt when a line of the smarthost breaks, at most


class Month:
    def __init__(self, make_gateway, disk):
        self.dice = random.Random(SEED)
        self.disk = disk
        self.number = 0
        self.expected = collections.defaultdict(collections.Counter)  # user -> letters
        self.outside = set()
        self.found = collections.defaultdict(collections.Counter)  # what users took away
        self.fault, self.cuts = None, 0
        self.providers = {name: MisbehavingPop3([]) for name in ACCOUNTS}
        for server in self.providers.values():
            server.misdeed = self.provider_day
        self.smarthost = Smarthost(self.smarthost_day, ("PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING", "8BITMIME"))
        self.office = make_gateway(
            users={user: {"external_alias": f"{user}@example.ru", "password": ""} for user in USERS},
            accounts={name: {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": name, "password": "y",
                             "timeout": "3s"} for name, server in self.providers.items()},
            smarthosts={"default": {"url": f"smtp://127.0.0.1:{self.smarthost.port}", "tls": "none", "retry": "1s",
                                    "max_connections": "3"}},
            sections={"gateway": {"boss": BOSS, "spool": disk.path / "spool"}, "log": {"level": "info"}})

    # --- the world

    def provider_day(self, event, argument, connection):
        if self.fault == "provider" and self.dice.random() < 0.08:
            connection.close()
            return True
        if self.fault == "password" and event == "PASS":
            connection.say("-ERR [AUTH] the password has expired")
            return True
        if self.fault == "refusals" and event == "RETR" and self.dice.random() < 0.2:
            connection.say("-ERR not now")
            return True
        return None

    def smarthost_day(self, step, connection):
        if self.fault != "smarthost":
            return None
        chance = self.dice.random()
        if step in ("MAIL", "RCPT", "DOT") and chance < 0.1:
            connection.say("451 4.3.0 later")
            return True
        if chance > 0.95:
            self.cuts += 1
            connection.close()
            return True
        return None

    def next_letter(self, **settings):
        self.number += 1
        return letter(number=self.number, body="line\n" * self.dice.randrange(1, 100), **settings)

    def mail_comes_in(self):
        for server in self.providers.values():
            for _ in range(self.dice.randrange(0, 4)):
                users = self.dice.sample(USERS, self.dice.choice([1, 1, 1, 2]))
                stranger = self.dice.random() < 0.1
                to = "nobody@example.ru" if stranger else ", ".join(f"{user}@example.ru" for user in users)
                server.messages.append(self.next_letter(to=to))
                server.uidls.append(f"uidl-{self.number}")
                for user in ["postmaster"] if stranger else users:
                    self.expected[user][self.number] += 1

    # --- the office

    def people_write(self):
        for _ in range(self.dice.randrange(3, 9)):
            sender = self.dice.choice(USERS)
            users = self.dice.sample(USERS, self.dice.choice([0, 1, 2]))
            to = [f"{user}@office.lan" for user in users]
            if not to or self.dice.random() < 0.4:
                to.append("client@bank.ru")
            text = self.next_letter(sender=f"{sender}@office.lan", to=", ".join(to))
            if not self.is_taken(f"{sender}@office.lan", to, text):
                continue
            for user in {*users, BOSS}:
                self.expected[user][self.number] += 1
            if "client@bank.ru" in to:
                self.outside.add(self.number)

    def is_taken(self, sender, to, text):
        try:
            assert self.office.send(sender, to, text) == {}
            return True
        except smtplib.SMTPResponseException as error:
            assert self.fault == "disk" and error.smtp_code == 452, f"seed {SEED}: {error}"
            return False
        except (OSError, smtplib.SMTPException) as error:
            raise AssertionError(f"seed {SEED}: the LAN server was away: {error}") from None

    def people_read(self):
        for user in self.dice.sample(USERS, 10):
            letters = self.letters_of(user)
            if self.is_emptied(user):
                self.found[user] += letters
            else:
                assert self.letters_of(user) == letters, f"seed {SEED}: {user} has less, and was told that nothing went"

    def letters_of(self, user):
        return numbers(message for message in self.office.mailbox(user, password="x"))

    def is_emptied(self, user):
        client = self.office.pop3(user, password="x")
        count = client.stat()[0]
        for n in range(1, count + 1):
            client.dele(n)
        try:
            client.quit()
            return True
        except poplib.error_proto:
            assert self.fault == "disk", f"seed {SEED}: nothing was wrong with {user}"
            return False

    def power_cut(self):
        self.office.cli("session", "--no-wait")
        time.sleep(self.dice.random() * 0.15)  # any instant will do
        self.cuts += 1
        self.office.kill_all()
        self.office.start()

    def hour(self):
        self.fault = self.dice.choice([None, None, "provider", "password", "refusals", "smarthost", "disk"])
        if self.fault == "disk":
            self.disk.fill(self.dice.choice([0, self.dice.randrange(1 << 16), self.dice.randrange(1 << 24)]))
        self.mail_comes_in()
        self.people_write()
        if self.dice.random() < 0.15:
            self.power_cut()
        self.office.cli("session", timeout=120)
        if self.dice.random() < 0.5:
            self.people_read()
        self.disk.make_room()

    # --- the end of the month

    def settle(self):
        self.fault = None
        for _ in range(12):
            self.office.cli("session", timeout=120)
            self.office.cli("queue", "flush", timeout=120)
            if not self.office.queued_files() and not any(server.left for server in self.providers.values()):
                return
        raise AssertionError(f"seed {SEED}: something stays: {self.office.queued_files()}\n{self.office.log()[-3000:]}")

    def account_for_all(self):
        for user in [*USERS, "postmaster"]:
            found = self.found[user] + collections.Counter(
                {number: times for number, times in self.in_box(user).items()})
            lost, doubled = self.expected[user] - found, found - self.expected[user]
            assert not lost and not doubled, f"seed {SEED}: {user} lost {dict(lost)}, doubled {dict(doubled)}"
        sent = collections.Counter(int(re.search(rb"Message-ID: <(\d+)", taken.content)[1]) for taken in self.smarthost.letters)
        assert set(sent) == self.outside, f"seed {SEED}: outside {set(sent) ^ self.outside}"
        twice = sum(times - 1 for times in sent.values())
        assert twice <= self.cuts * 3 * WINDOW, f"seed {SEED}: {twice} twice after {self.cuts} cuts"
        taken = sorted(set().union(*self.expected.values()))
        for number in self.dice.sample(taken, min(20, len(taken))):
            assert "accepted" in self.office.cli("trace", f"{number}.test@bank.ru").stdout, f"seed {SEED}: {number}"

    def in_box(self, user):
        if user != "postmaster":
            return in_mailbox(self.office, user)
        texts = (path.read_bytes()[:4096] for path in self.office.files(user))
        return numbers(text for text in texts if b".test@bank.ru>" in text)  # not the reports


@pytest.fixture
def disk(folder):
    """Where no file system can be mounted all else of the month goes on."""
    disk = Disk(folder / "disk")
    if not disk.mounted:
        disk.fill = lambda left: None
    yield disk
    disk.close()


def test_each_letter_of_a_month_is_accounted_for(make_gateway, disk):
    month = Month(make_gateway, disk)
    for _ in range(DAYS * HOURS):
        month.hour()
    month.settle()
    month.account_for_all()
    for server in [month.smarthost, *month.providers.values()]:
        server.stop()
    print(f"\n{DAYS} days, seed {SEED}: {month.number} letters, {len(month.outside)} of them outside, {month.cuts} cuts")
