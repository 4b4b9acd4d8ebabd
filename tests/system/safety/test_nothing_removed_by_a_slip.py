"""Nothing is removed by a slip: a forgotten unit is an error, and what is removed permanently is asked for first."""
import json

import pytest

from harness.letters import letter
from harness.terminal import Terminal

DONE, FAILED, USAGE = range(3)


def age(path, days):
    """Our names begin with the time of arrival."""
    seconds, rest = path.name.split(".", 1)
    path.rename(path.parent / f"{int(seconds) - days * 86400}.{rest}")


@pytest.fixture
def office(make_gateway):
    """One message of today and two of a hundred days ago for buh; one in the queue."""
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}},
                          smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}})
    for _ in range(3):
        office.send("ivan@office.lan", ["buh"], letter())
    office.mailbox_when("buh", 3)
    for path in office.files("buh")[:2]:
        age(path, 100)
    office.send("ivan@office.lan", ["client@bank.ru"], letter())
    return office


@pytest.mark.parametrize("section, key, value, proposal", [
    ("user ivan", "expire", "90", "90d"), ("smarthost default", "expire", "5", "5d"), ("smarthost default", "warn_after", "4", "4h"),
    ("smarthost default", "retry", "15", "15m"), ("schedule", "every", "15", "15m"), ("account a", "every", "15", "15m"),
    ("account a", "keep_on_server", "14", "14d"), ("line", "session_timeout", "2", "2h")])
def test_a_length_of_time_without_its_unit_is_an_error(make_gateway, section, key, value, proposal):
    office = make_gateway(start=False, users=["ivan"], accounts={"a": {"url": "pop3s://h", "user": "u"}},
                          smarthosts={"default": {"url": "smtps://h"}})
    for file in office.folder.glob("*.conf"):
        text = file.read_text()
        if f"[{section}]\n" in text:
            file.write_text(text.replace(f"[{section}]\n", f"[{section}]\n{key} = {value}\n").replace("every = 0\n", ""))
            break
    else:
        office.conf.write_text(f"{office.conf.read_text()}[{section}]\n{key} = {value}\n")
    done = office.cli("check")
    assert done.returncode == FAILED and f"write {proposal}" in done.stdout, done.stdout
    assert f"{key}: " in done.stdout


def test_expire_below_a_day_is_warned_of(make_gateway):
    office = make_gateway(start=False, users={"ivan": {"expire": "90s"}, "buh": {"expire": "90d"}})
    done = office.cli("check")
    assert done.returncode == DONE
    warning, = [line for line in done.stdout.splitlines() if "expire" in line]
    assert "warning" in warning and "90s" in warning and "ivan" in warning


@pytest.mark.parametrize("older", ["90", "0", "0s", "", "90x"])
def test_an_age_without_its_unit_removes_nothing(office, older):
    done = office.cli("mailbox", "purge", "buh", "--older", older, "--yes")
    assert done.returncode == USAGE and "--older" in done.stderr
    assert len(office.files("buh")) == 3


def test_purge_wants_a_yes_where_nobody_can_be_asked(office):
    for options in ([], ["--json"]):
        done = office.cli("mailbox", "purge", "buh", "--older", "90d", *options)
        assert done.returncode == USAGE and done.stdout == ""
        assert "2 messages" in done.stderr and "--yes" in done.stderr
    assert len(office.files("buh")) == 3
    done = office.cli("mailbox", "purge", "buh", "--older", "90d", "--dry-run")
    assert done.returncode == DONE and "2 messages" in done.stdout and len(office.files("buh")) == 3
    planned = json.loads(office.cli("mailbox", "purge", "buh", "--older", "90d", "--dry-run", "--json").stdout)
    assert planned["would_remove"] == 2 and planned["newest"] > 0
    assert office.cli("mailbox", "purge", "buh", "--older", "90d", "--yes").returncode == DONE
    assert len(office.files("buh")) == 1
    assert office.cli("mailbox", "purge", "buh", "--older", "90d").returncode == DONE  # nothing to remove, nothing to ask


def test_queue_delete_wants_a_yes_where_nobody_can_be_asked(office):
    entry, = office.queued_files()
    done = office.cli("queue", "delete", entry.stem)
    assert done.returncode == USAGE and "1 message" in done.stderr and "--yes" in done.stderr
    assert office.queued_files() == [entry]
    assert office.cli("queue", "delete", entry.stem, "--yes").returncode == DONE
    assert office.queued_files() == []


@pytest.mark.parametrize("language, yes, question", [("en", "y", "Permanently remove 2 messages"), ("ru", "д", "Удалить 2 письма"), ("ru", "y", "Удалить 2 письма")])
def test_purge_asks_on_a_terminal(office, language, yes, question):
    for answer, left in (("", 3), ("n", 3), (yes, 1)):
        terminal = Terminal("-c", office.conf, "mailbox", "purge", "buh", "--older", "90d", language=language, width=120)
        terminal.wait(question)
        terminal.type(answer)
        terminal.keys("Enter").wait_end(DONE if left == 1 else FAILED)
        terminal.close()
        assert len(office.files("buh")) == left


def test_queue_delete_asks_on_a_terminal(office):
    entry, = office.queued_files()
    for answer, left in (("n", 1), ("д", 0)):
        terminal = Terminal("-c", office.conf, "queue", "delete", entry.stem, language="ru", width=120)
        terminal.wait("Удалить 1 письмо")
        terminal.type(answer)
        terminal.keys("Enter").wait_end(FAILED if left else DONE)
        terminal.close()
        assert len(office.queued_files()) == left


def test_the_mailbox_of_a_removed_user_is_not_forgotten(office):
    assert office.cli("user", "remove", "buh").returncode == DONE
    assert "buh (no such user)" in office.cli("mailbox", "list").stdout
    boxes = {box["user"]: box for box in json.loads(office.cli("mailbox", "list", "--json").stdout)}
    assert boxes["buh"]["messages"] == 3 and not boxes["buh"]["has_user"] and boxes["ivan"]["has_user"]
    assert office.cli("mailbox", "purge", "buh", "--older", "90d", "--yes").returncode == DONE
