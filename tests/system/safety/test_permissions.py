"""A missing right is distinguished from a missing file, with advice."""
import os
import subprocess

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter

DONE, FAILED = range(2)
NOBODY = 65534
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


@pytest.fixture
def office(make_gateway):
    """Closed to everybody else, with mail in it."""
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}})
    office.send("ivan@office.lan", ["ivan", "client@bank.ru"], letter())
    office.mailbox_when("ivan", 1)
    return office


def stranger(office, *args, conf=None):
    return subprocess.run([BUILD / "lanpost", "-c", conf or office.conf, *args], capture_output=True, text=True, timeout=90, user=NOBODY, group=NOBODY,
                          extra_groups=[], env=environment(), input="secret-word-1\n")


VERBS = [["check"], ["status"], ["user", "list"], ["user", "add", "x"], ["user", "set", "ivan", "--keep", "no"], ["account", "list"],
         ["queue", "list"], ["queue", "flush"], ["mailbox", "list"], ["trace", "ivan"], ["session"], ["reload"]]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("closed", ["folder", "file"])
def test_a_configuration_that_may_not_be_read(office, verb, closed):
    office.folder.chmod(0o700 if closed == "folder" else 0o755)
    done = stranger(office, *verb)
    assert done.returncode == FAILED and done.stdout == "" and len(done.stderr.splitlines()) == 1, done
    assert "sudo lanpost" in done.stderr and "ermission denied" in done.stderr and "setup" not in done.stderr
    office.folder.chmod(0o755)


@pytest.mark.parametrize("verb", [["queue", "list"], ["mailbox", "list"], ["trace", "ivan"], ["status"], ["queue", "hold", "ID"],
                                  ["user", "add", "x"]], ids=" ".join)
def test_a_spool_or_a_file_that_may_not_be_touched(office, verb):
    verb = [{"ID": office.queued_files()[0].stem}.get(word, word) for word in verb]
    for path in office.folder.glob("*.conf"):
        path.chmod(0o644)
    office.spool.chmod(0o700)
    done = stranger(office, *verb)
    assert done.returncode == FAILED and len(done.stderr.splitlines()) == 1, done
    assert "sudo" in done.stderr or "as root" in done.stderr, done.stderr


def test_a_configuration_that_is_not_there(office):
    for verb in (["user", "list"], ["user", "add", "x"], ["queue", "list"], ["status"]):
        done = stranger(office, *verb, conf="/tmp/not-there/lanpost.conf")
        assert done.returncode == FAILED and "lanpost setup" in done.stderr and "sudo" not in done.stderr, done.stderr
