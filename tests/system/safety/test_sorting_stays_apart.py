"""What strangers wrote is decoded in a process that has nothing; whatever becomes of it, each message arrives, and once."""
import contextlib
import os
import resource
import threading
from pathlib import Path

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.processes import SANITIZED
from harness.waiting import kill, until

USERS = {"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"external_alias": "anna@example.ru"}}
COUNT = 5
HELD = 3


class Held(MisbehavingPop3):
    """Does not answer RETR of one message until it is released."""

    def __init__(self, messages):
        self.is_asked, self.may_go = threading.Event(), threading.Event()
        super().__init__(messages)

    def answer(self, word, argument, connection):
        if word == "RETR" and argument == str(HELD) and not self.may_go.is_set():
            self.is_asked.set()
            self.may_go.wait(90)
        return super().answer(word, argument, connection)


@contextlib.contextmanager
def held(messages):
    server = Held(messages)
    try:
        yield server
    finally:
        server.may_go.set()
        server.stop()


def letters():
    return [letter(number=n, subject=f"number {n}", to="ivan@example.ru") for n in range(1, COUNT + 1)]


def office_at(make_gateway, server, **keys):
    account = {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "me", "password": "pw", **keys}
    return make_gateway(users=USERS, accounts={"a": account})


def stat(pid):
    """Name and parent."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition(") ")
        return name.partition("(")[2], int(rest.split()[1]), rest[0]
    except (OSError, IndexError):
        return "", 0, "X"


def hub_of(office, name):
    return next((pid for pid in office.processes() if stat(pid)[0] == name and stat(stat(pid)[1])[0] == "session"), None)


def workers_of(office, name):
    hub = hub_of(office, name)
    return [pid for pid in office.processes() if hub and stat(pid)[1] == hub and stat(pid)[2] != "Z"]


def has_sorted(pid):
    """It has received a message, used processor time for it, and waits for the next one."""
    try:
        limits = Path(f"/proc/{pid}/limits").read_text()
    except OSError:
        return False
    line = next(line for line in limits.splitlines() if line.startswith("Max cpu time"))
    return line.split()[3] != "unlimited" and stat(pid)[2] == "S"


def begin(office, server):
    office.cli("session", "--no-wait")
    assert server.is_asked.wait(90)
    # The message before that one is held until the next reply, and the one before is sorted.
    return until(lambda: [pid for pid in workers_of(office, "sorter") if has_sorted(pid)], 20, "the sorter's worker")[0]


def end(office):
    until(lambda: not office.status()["session"]["running"], 60, "the end of the session")


def subjects(office, user):
    return sorted(line.partition(b": ")[2].decode() for message in office.mailbox(user) for line in message.splitlines()
                  if line.startswith(b"Subject: number"))


def test_a_sorter_that_is_killed_once_costs_no_message_its_place(make_gateway):
    with held(letters()) as server:
        office = office_at(make_gateway, server)
        kill(begin(office, server))
        server.may_go.set()
        end(office)
        assert subjects(office, "ivan") == [f"number {n}" for n in range(1, COUNT + 1)]
        assert subjects(office, "postmaster") == [] and server.left == []
        assert office.log().count("event=sorter-replaced account=\"a\" reason=death") == 1
        assert "event=message-not-sorted" not in office.log()


def starve(hub):
    """From here on its workers get no memory: each dies of the first message that is not tiny."""
    resource.prlimit(hub, resource.RLIMIT_AS, (1 << 20, 1 << 20))


@pytest.mark.skipif(SANITIZED, reason="sanitizers have terabytes of memory")
@pytest.mark.parametrize("unsorted_to, heir", [(None, "postmaster"), ("anna", "anna")])
def test_a_message_that_kills_each_sorter_is_delivered_unsorted(make_gateway, unsorted_to, heir):
    messages = letters()
    messages[HELD - 1] = letter(number=HELD, subject=f"number {HELD}", to="ivan@example.ru", body="large\n" * 100000)
    with held(messages) as server:
        office = office_at(make_gateway, server, **({"unsorted_to": unsorted_to} if unsorted_to else {}))
        kill(begin(office, server))
        starve(hub_of(office, "sorter"))
        server.may_go.set()
        end(office)
        office.session()
        unsorted = subjects(office, heir)
        assert f"number {HELD}" in unsorted
        assert sorted(subjects(office, "ivan") + unsorted) == [f"number {n}" for n in range(1, COUNT + 1)]
        assert server.left == []
        log = office.log()
        assert len(unsorted) == log.count("event=message-not-sorted")
        assert log.count("event=sorter-replaced") >= len(unsorted), "each had its second chance"
        assert "could not be sorted" in office.cli("trace", unsorted[0]).stdout


@pytest.mark.parametrize("name", ["session", "sorter", "secrets"])
def test_any_process_may_die_half_way(make_gateway, name):
    with held(letters()) as server:
        office = office_at(make_gateway, server)
        begin(office, server)
        victim = next(p for p in office.processes() if stat(p)[0] == "session") if name == "session" else hub_of(office, name)
        kill(victim)
        server.may_go.set()
        end(office)
        until(lambda: not [p for p in office.processes() if stat(p)[0] in ("session", "sorter", "secrets") and stat(p)[2] != "Z"], 15,
              "the end of all of them")
        office.session()
        assert subjects(office, "ivan") == [f"number {n}" for n in range(1, COUNT + 1)]
        assert subjects(office, "postmaster") == [] and server.left == []


def test_the_worker_has_nothing(make_gateway):
    with held(letters()) as server:
        office = office_at(make_gateway, server)
        worker = begin(office, server)
        names = [str(path.readlink()) for path in Path(f"/proc/{worker}/fd").iterdir()]
        sockets = [name for name in names if name.startswith("socket:")]
        assert len(sockets) == 1, "the conversation with the session, and no other"
        others = [name for name in names if name not in sockets and not name.startswith(("/dev/null", "pipe:")) and ".log" not in name]
        assert others == []
        limits = Path(f"/proc/{worker}/limits").read_text()
        assert "unlimited" not in next(line for line in limits.splitlines() if line.startswith("Max cpu time")).split()[3]
        assert "Seccomp:\t2" in Path(f"/proc/{worker}/status").read_text()
        server.may_go.set()
        end(office)
        assert len(subjects(office, "ivan")) == COUNT
