"""An upgrade from each release: the spool and the configuration that an older version left go on, nothing is lost, nothing comes twice.

The fixtures are tests/data/upgrade/office-VERSION.tar.gz, made by make_office.py there from the release itself; the gateway of each was
ended by a power cut, with messages and a removal that only its log has. expected.json is what that version itself said of it.
"""
import collections
import hashlib
import json
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from harness.gateway import Gateway
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox
from harness.smarthost import Smarthost
from harness.waiting import until

FIXTURES = sorted((Path(__file__).parents[2] / "data/upgrade").glob("office-*.tar.gz"))
pytestmark = pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name[:-len(".tar.gz")])
NEW = {"kept": 90, "taken": 91, "imap": 92}


class Office:
    """The office of a fixture after the upgrade, its providers with what they had and one new message each, and its smarthost."""

    def __init__(self, folder, fixture):
        self.unpacked = folder / "unpacked"
        self.unpacked.mkdir()
        subprocess.run(["tar", "-C", self.unpacked, "--no-same-owner", "-xpzf", fixture], check=True, timeout=90)
        self.expected = json.loads((self.unpacked / "expected.json").read_text())
        self.providers = {}
        for name, number in NEW.items():
            had = [path.read_bytes() for path in sorted((self.unpacked / "provider" / name).iterdir())] if name != "taken" else []
            new = letter(number=number, to="ivan@example.ru", subject=f"new {number}")
            self.providers[name] = (MisbehavingImap if name == "imap" else MisbehavingPop3)([*had, new])
        self.smarthost = Smarthost()
        self.gateway = Gateway(folder, users=list(self.expected["mailboxes"]), name="gw")
        shutil.copytree(self.unpacked / "spool", self.gateway.spool, symlinks=True)
        self.configure(self.gateway)

    def configure(self, gateway):
        """The files as the older version had them: not one key more."""
        values = {"spool": gateway.spool, "smarthost": self.smarthost.port, **{name: server.port for name, server in self.providers.items()}}
        for path in sorted((self.unpacked / "config").glob("*.conf")):
            text = re.sub(r"@(\w+)@", lambda name: str(values.get(name[1]) or getattr(gateway, name[1])), path.read_text())
            if path.name == "lanpost.conf" and "imap_port" not in text: # ports below 1024 are not for tests
                text = text.replace("[lan]\n", f"[lan]\nimap_port = {gateway.imap_port}\nimaps_port = {gateway.imaps_port}\n")
            (gateway.folder / path.name).write_text(text)

    def stop(self):
        for server in [*self.providers.values(), self.smarthost]:
            server.stop()
        try:
            self.gateway.stop()
        finally:
            self.gateway.abandon()


@pytest.fixture
def office(folder, fixture):
    made = Office(folder, fixture)
    yield made
    made.stop()


def seen_by_pop3(gateway, user):
    """UIDL and digest of each message, as make_office.py has them."""
    client = gateway.pop3(user)
    try:
        places = [line.decode().split() for line in client.uidl()[1]]
        return {uidl: hashlib.sha256(b"\r\n".join(client.retr(int(place))[1])).hexdigest() for place, uidl in places}
    finally:
        client.quit()


def promised(expected):
    return {user: {entry["uidl"]: entry["digest"] for entry in entries} for user, entries in expected.items()}


def in_all_mailboxes(office):
    return {user: in_mailbox(office.gateway, user) for user in office.expected["mailboxes"]}


def sent(office):
    return sorted([int(re.search(rb"Message-ID: <(\d+)", message.content)[1]), recipient]
                  for message in office.smarthost.letters for recipient in message.recipients)


def uids(gateway, user):
    client = gateway.imap(user)
    try:
        assert client.select("INBOX", readonly=True)[0] == "OK"
        return client.response("UIDVALIDITY")[1], client.uid("SEARCH", "ALL")[1]
    finally:
        client.logout()


def recovered(office):
    """The mailboxes have what the log alone had, also the boss's copies."""
    until(lambda: all(in_mailbox(office.gateway, user).total() == len(entries) for user, entries in office.expected["mailboxes"].items()), 20,
          f"what the older version had: {office.gateway.log()[-3000:]}")


@pytest.mark.parametrize("interrupted", [False, True], ids=["", "interrupted"])
def test_mail_of_the_older_version_is_there_as_it_was(office, interrupted):
    assert office.gateway.cli("check").returncode == 0, "the old configuration is still right"
    if interrupted: # the first start ends by a power cut, too
        office.gateway.start()
        office.gateway.kill_all()
    office.gateway.start()
    recovered(office)
    found = {user: seen_by_pop3(office.gateway, user) for user in office.expected["mailboxes"]}
    assert found == promised(office.expected["mailboxes"])
    entries = [office.gateway.spool, *office.gateway.spool.iterdir()]
    assert [path.name for path in entries if stat.S_IMODE(path.stat().st_mode) & 0o077] == ["control.sock"], "nobody else gets in"


def test_numbers_that_mail_programs_know_stay(office):
    office.gateway.start()
    recovered(office)
    before = {user: uids(office.gateway, user) for user in office.expected["mailboxes"]}
    office.gateway.stop()
    office.gateway.start()
    assert {user: uids(office.gateway, user) for user in office.expected["mailboxes"]} == before
    office.gateway.session()
    for user, (validity, numbers) in before.items():
        now_validity, now = uids(office.gateway, user)
        assert now_validity == validity and now[0].startswith(numbers[0])
    for user, entries in promised(office.expected["mailboxes"]).items():
        assert entries.items() <= seen_by_pop3(office.gateway, user).items()


def test_known_mail_is_not_fetched_again_and_waiting_mail_leaves_once(office):
    office.gateway.start()
    recovered(office)
    before = in_all_mailboxes(office)
    for _ in range(2):
        office.gateway.session()
    new = collections.Counter(NEW.values())
    assert in_all_mailboxes(office) == {user: numbers + (new if user == "ivan" else collections.Counter()) for user, numbers in before.items()}
    assert office.providers["taken"].left == [] and len(office.providers["kept"].left) == 9
    assert sent(office) == sorted(office.expected["waiting"])
    held = office.gateway.queue()
    assert [entry["state"] for entry in held] == ["hold"]
    assert office.gateway.cli("queue", "release", held[0]["id"]).returncode == 0
    office.gateway.session("--send-only")
    assert sent(office) == sorted(office.expected["waiting"] + office.expected["held"])
    assert office.gateway.queue() == []


def test_what_happened_before_can_still_be_explained(office):
    office.gateway.start()
    for number, event in office.expected["explained"].items():
        assert event in office.gateway.cli("trace", f"<{number}.test@bank.ru>").stdout
    # And of the last moment, which only the log had: 36 was in its mailbox, 38 in the queue, 3 was removed.
    recovered(office)
    for number, event in ((36, "delivered"), (37, "delivered"), (38, "queued"), (3, "removed")):
        until(lambda: event in office.gateway.cli("trace", f"<{number}.test@bank.ru>").stdout, 20, f"{number} {event}")
    accounts = {account["name"] for account in office.gateway.status()["accounts"]}
    assert accounts == set(NEW)


def test_a_backup_of_the_older_version_can_be_restored(office, folder):
    into = folder / "restored"
    done = office.gateway.cli("restore", office.unpacked / "backup.tar.gz", "--to", into)
    assert done.returncode == 0, done.stderr
    for user, entries in office.expected["backup"].items():
        files = [path for path in (into / "spool/mailboxes" / user).rglob("*") if path.is_file() and ",S=" in path.name]
        assert sorted(path.name.split(".")[1] for path in files) == sorted(entry["uidl"] for entry in entries)
        digests = {hashlib.sha256(path.read_bytes().removesuffix(b"\r\n")).hexdigest() for path in files}
        assert digests == {entry["digest"] for entry in entries}
    assert (into / "config/users.conf").read_text() == (office.gateway.folder / "users.conf").read_text()
