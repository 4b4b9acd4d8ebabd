"""A session that runs is watched, is waited for by the next one, and can be ended."""
import subprocess

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter
from harness.processes import descriptors, facts
from harness.waiting import until


@pytest.fixture
def slow(make_gateway, account, folder):
    """Its line takes until the file `go` is there."""
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, accounts={"office": account},
                        sections={"line": {"connect_command": f"while ! test -e {folder}/go; do sleep 0.1; done",
                                           "disconnect_command": f"echo down >> {folder}/line"}})


def begin(gateway, *args):
    return subprocess.Popen([BUILD / "lanpost", "-c", gateway.conf, "session", *args], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())


def is_running(gateway):
    return gateway.status()["session"]["running"]


def sessions(gateway):
    return gateway.log().count("fetch=1 send=1")


def test_a_second_one_watches_the_first_and_runs_after_it(slow, dovecot, folder):
    dovecot.deliver("office", letter(subject="first"))
    assert slow.cli("session", "--no-wait").returncode == 0
    until(lambda: is_running(slow), 10, "the session")
    others = [begin(slow) for _ in range(3)]
    watcher = begin(slow, "--watch")
    until(lambda: "event=session" in slow.log(), 5, "the log")
    until(lambda: any(what.startswith("socket:") for what in descriptors(watcher.pid).values()) and facts(watcher.pid)["State"][0] == "S", what="the watcher")
    for other in others:
        assert "another session is running" in other.stdout.readline()
    (folder / "go").touch()
    said = [other.communicate(timeout=90)[0] for other in others]
    assert all("office" in text and "yours starts now" in text for text in said), said
    assert [other.returncode for other in others] == [0, 0, 0]
    assert "fetched 1" in watcher.communicate(timeout=90)[0] and watcher.returncode == 0
    assert sessions(slow) == 2  # three asked for one more: it is one
    assert len(slow.files("ivan")) == 1


def test_a_session_is_ended_and_the_line_hung_up(slow, folder):
    assert slow.cli("session", "--cancel").returncode == 1
    assert slow.cli("session", "--watch").returncode == 1
    waiting = begin(slow)
    until(lambda: is_running(slow), 10, "the session")
    done = slow.cli("session", "--cancel")
    assert done.returncode == 0 and "being cancelled" in done.stdout
    waiting.communicate(timeout=90)
    assert waiting.returncode == 1
    until(lambda: not is_running(slow), 10, "the end")
    assert (folder / "line").read_text() == "down\n"


@pytest.mark.parametrize("args", [["--watch", "--cancel"], ["--cancel", "--account", "office"], ["--watch", "--no-wait"]],
                         ids=" ".join)
def test_what_contradicts_itself_is_refused(make_gateway, account, args):
    gateway = make_gateway(start=False, users=["ivan"], accounts={"office": account})
    assert gateway.cli("session", *args).returncode == 2
