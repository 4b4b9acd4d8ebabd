"""A backup made while mail comes and goes: after a restore each letter is in each place exactly once."""
import collections
import os
import re
import tarfile
import threading

import pytest

from harness.gateway import Gateway
from harness.letters import letter
from harness.waiting import until
from harness.numbered import in_mailbox

USERS = {"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"external_alias": "anna@example.ru"}}


def revive(office, archive, folder):
    """A gateway on what was restored elsewhere."""
    done = office.cli("restore", archive, "--to", folder / "restored")
    assert done.returncode == 0, done.stderr
    other = Gateway(folder, users=USERS, smarthosts=office.smarthosts, name="other")
    os.rename(folder / "restored" / "spool", other.spool)
    other.start()
    return other


class Writer(threading.Thread):
    """Sends numbered letters to both users and one outside until it is stopped; `accepted` are those acknowledged."""

    def __init__(self, office):
        super().__init__(daemon=True)
        self.office, self.accepted, self.done = office, [], threading.Event()
        self.start()

    def run(self):
        while not self.done.is_set():
            number = len(self.accepted) + 1
            body = "large " * 400_000 if number % 40 == 0 else "hello\n"
            self.office.send("ivan@office.lan", ["ivan@office.lan", "anna@office.lan", "client@bank.ru"],
                             letter(number=number, sender="ivan@office.lan", to="anna@office.lan", body=body))
            self.accepted.append(number)

    def stop(self):
        self.done.set()
        self.join(90)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_each_letter_once_though_mail_comes_all_the_time(make_gateway, folder, suffix):
    office = make_gateway(users=USERS)
    archive = folder / f"backup{suffix}"
    writer = Writer(office)
    until(lambda: len(writer.accepted) > 100, 30, "some letters")
    before = len(writer.accepted)
    done = office.cli("backup", archive)
    after = len(writer.accepted) + 1
    assert done.returncode == 0, done.stderr
    writer.stop()
    assert archive.stat().st_mode & 0o777 == 0o600
    other = revive(office, archive, folder)
    until(lambda: len(other.queued_files()) >= before, 20, "recovery")
    found = in_mailbox(other, "ivan")
    assert set(found) >= set(range(1, before + 1)) and max(found) <= after
    assert set(found.values()) == {1}
    assert in_mailbox(other, "anna") == found
    queued = collections.Counter(
        int(re.search(rb"Message-ID: <(\d+)", path.with_suffix(".msg").read_bytes())[1]) for path in other.queued_files())
    assert queued == found
    other.stop()
    # The original goes on as before, and its log is let go of.
    assert office.send("ivan@office.lan", ["anna@office.lan"], letter(number=0)) == {}
    until(lambda: len(list((office.spool / "wal").glob("*.log"))) <= 2, 20, "the log to be retired")


def test_what_users_took_away_meanwhile_does_not_come_back(make_gateway, folder):
    office = make_gateway(users=USERS)
    for number in range(1, 6):
        office.send("x@y.z", ["ivan@office.lan"], letter(number=number))
    until(lambda: len(office.files("ivan")) == 5, 10, "delivery")
    office.empty("ivan")
    office.send("x@y.z", ["ivan@office.lan"], letter(number=6))
    assert office.cli("backup", folder / "b.tar").returncode == 0
    other = revive(office, folder / "b.tar", folder)
    assert in_mailbox(other, "ivan") == collections.Counter([6])
    assert "6.test" in other.cli("trace", "6.test").stdout  # its memory came along
    other.stop()


def test_passwords_stay_out_unless_asked_for(make_gateway, folder):
    office = make_gateway(users=USERS, accounts={"a": {"url": "pop3://127.0.0.1:1", "tls": "none", "user": "x",
                                                       "password": "provider-secret"}})
    assert office.cli("backup", folder / "out.tar").returncode == 0
    assert office.cli("backup", folder / "in.tar", "--with-passwords").returncode == 0
    assert office.cli("backup", folder / "in.tar").returncode == 1  # never over another

    def config(name):
        with tarfile.open(folder / name) as tar:
            return b"".join(tar.extractfile(member).read() for member in tar if member.name.startswith("config/"))
    hashes = re.findall(rb"(?m)^password = (\S+)$", config("in.tar"))
    assert b"provider-secret" in config("in.tar") and hashes
    assert b"provider-secret" not in config("out.tar")
    assert not any(hash_ in config("out.tar") for hash_ in hashes)
    # And nobody is let in for want of a password.
    done = office.cli("restore", folder / "out.tar", "--to", folder / "restored")
    assert done.returncode == 0
    text = "".join(path.read_text() for path in (folder / "restored" / "config").iterdir())
    assert len(re.findall(r"(?m)^password = \$5\$restored\$", text)) == 2


def test_nothing_is_overwritten_by_accident(make_gateway, folder):
    office = make_gateway(users=USERS)
    office.send("x@y.z", ["ivan@office.lan"], letter(number=1))
    assert office.cli("backup", folder / "b.tar", "--with-passwords").returncode == 0
    assert "is running on" in office.cli("restore", folder / "b.tar").stderr
    office.stop()
    assert "--force" in office.cli("restore", folder / "b.tar").stderr
    assert office.cli("restore", folder / "b.tar", "--force").returncode == 0
    office.start()
    assert in_mailbox(office, "ivan") == collections.Counter([1])


def test_the_archive_is_copied_behind_the_log(make_gateway, folder):
    """A message that moves to the archive meanwhile is removed by the log's copy only if the archive's copy has it."""
    office = make_gateway(users=USERS)
    office.send("x@y.z", ["ivan@office.lan"], letter(number=1))
    until(lambda: len(office.files("ivan")) == 1, 10, "delivery")
    kept = office.spool / "archive" / "ivan" / "2026-01" / "cur"
    kept.mkdir(parents=True)
    (kept / "1.a.b:2,S").write_bytes(b"Subject: old\r\n\r\n")
    assert office.cli("backup", folder / "backup.tar").returncode == 0
    names = tarfile.open(folder / "backup.tar").getnames()
    places = [min(i for i, name in enumerate(names) if name.startswith(f"spool/{part}/")) for part in ("mailboxes", "wal", "archive")]
    assert places == sorted(places) and max(i for i, name in enumerate(names) if "/wal/" in name) < places[2]
