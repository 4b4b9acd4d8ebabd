"""What a shell completes: in a real bash, with the names of now; nothing that the verb refuses."""
import os
import pty
import select
import subprocess
import time

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter


@pytest.fixture
def office(make_gateway):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "irina": {}, "buh": {}},
                          accounts={"sales": {"url": "pop3s://h", "user": "u", "password": "x"}},
                          rules={"first": {"when": "always", "tag": "x"}, "my rule": {"when": "always", "tag": "y"}},
                          smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}})
    for subject in ("one", "two"):
        office.send("ivan@office.lan", ["client@bank.ru"], letter(subject=subject))
    return office


def shell(office, tmp_path):
    """Text that makes a bash know lanpost and its completion."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    link = tmp_path / "bin" / "lanpost"
    if not link.exists():
        link.symlink_to(BUILD / "lanpost")
    return f"PATH={tmp_path}/bin:$PATH\n" + office.cli("completion", "bash").stdout


@pytest.fixture
def complete(office, tmp_path):
    """complete("user", "passwd", "i"): what bash makes of these words, the last one being under the cursor."""
    script = shell(office, tmp_path)

    def run(*words, conf=True):
        words = ["lanpost", *(["-c", office.conf] if conf else []), *words]
        typed = script + '\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lanpost; printf "%s\\n" "${COMPREPLY[@]}"\n'
        done = subprocess.run(["bash", "-c", typed, "bash", *map(str, words)], capture_output=True, text=True, timeout=90,
                              env=environment(), cwd=tmp_path)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return done.stdout.split("\n")[:-1] if done.stdout.strip() else []
    return run


def test_names_of_now(office, complete):
    waiting = {path.stem for path in office.queued_files()}
    assert complete("us") == ["usage", "user"] and complete("use") == ["user"]
    assert complete("user", "passwd", "i") == ["ivan", "irina"]
    assert complete("user", "remove", "b") == ["buh"]
    assert complete("account", "disable", "s") == ["sales"]
    assert complete("rule", "set", "") [:2] == ["first", "my\\ rule"]
    assert complete("mailbox", "show", "p") == ["postmaster"]
    assert set(complete("queue", "show", "1")) == waiting
    held = sorted(waiting)[0]
    office.cli("queue", "hold", held)
    assert complete("queue", "release", "1") == [held]
    assert set(complete("queue", "hold", "1")) == waiting - {held}
    assert set(complete("queue", "delete", held, "1")) == waiting - {held}
    assert complete("session", "--account", "") == ["sales"]
    assert complete("rule", "add", "x", "--before", "f") == ["first"]


def test_values(complete):
    assert complete("--lang", "") == complete("user", "set", "ivan", "--language", "") == ["en", "ru"]
    assert complete("--lang", "r") == ["ru"] and complete("--lang", "=", "r") == ["ru"] and complete("--lang", "=") == ["en", "ru"]
    assert complete("user", "set", "ivan", "--keep", "") == ["yes", "no"]
    assert complete("account", "add", "x", "--tls", "o") == ["opportunistic"]
    assert complete("rule", "add", "x", "--deliver", "iv") == ["ivan"]
    assert "full-name" in complete("user", "set", "ivan", "--unset", "")
    assert complete("completion", "z") == ["zsh"]


def test_files(complete, tmp_path):
    (tmp_path / "a letter.eml").write_text("x")
    (tmp_path / "folder").mkdir()
    for words in (["sort", "a"], ["decode", "a"], ["rule", "test", "--rules", "a"]):
        assert complete(*words) == ["a letter.eml"], words
    assert complete("client-setup", "ivan", "--write", "f") == ["folder"]
    assert complete("-c", "a", conf=False) == ["a letter.eml"]


def test_nothing_that_is_refused(complete):
    for verb in (["user", "add", "x"], ["user", "set", "ivan"], ["account", "add", "x"], ["account", "set", "sales"]):
        offered = complete(*verb, "--")
        assert not {"--password", "--scram-sha256", "--clear-password"} & set(offered) and "--help" in offered
    assert complete("user", "add", "i") == [] and complete("user", "passwd", "ivan", "i") == []
    assert complete("rule", "move", "first", "f") == [] and "--drop" not in complete("user", "add", "x", "--")


def test_every_offered_option_is_taken(office, complete):
    for verb in (["user", "add"], ["user", "set"], ["account", "add"], ["rule", "add"], ["mailbox", "purge"], ["trace"], ["queue", "delete"]):
        for option in complete(*verb, "--"):
            done = office.cli(*verb, option, "1", "--help")
            assert done.returncode == 0, (verb, option, done.stderr)


def test_a_real_tab(office, tmp_path):
    """bash at a terminal: the key itself."""
    (tmp_path / "rc").write_text(shell(office, tmp_path) + "PS1='> '\n")
    pid, master = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", "--noprofile", "--rcfile", str(tmp_path / "rc"), "-i"], {**environment(), "TERM": "dumb"})
    seen = b""

    def wait(text):
        nonlocal seen
        end = time.monotonic() + 20
        while text not in seen:
            assert time.monotonic() < end, seen
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536)

    wait(b"> ")
    os.write(master, f"lanpost -c {office.conf} user passwd iv\t".encode())
    wait(b"passwd ivan ")
    os.write(master, b"\x15exit\n")
    os.waitpid(pid, 0)
    os.close(master)
