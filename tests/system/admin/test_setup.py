"""From nothing to a letter in a mailbox: the input of an admin who has read no documentation."""
import fcntl
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.waiting import free_port


def answers(*lines):
    return "".join(f"{line}\n" for line in lines)


class Fresh:
    """A machine without a configuration; ports that tests may use are written in before the gateway starts."""

    def __init__(self, folder):
        self.folder = folder / "fresh"
        self.conf, self.spool = self.folder / "lanpost.conf", self.folder / "spool"

    def cli(self, *args, typed="", language=None):
        return subprocess.run([BUILD / "lanpost", "-c", self.conf, *(["--lang", language] if language else []), *args],
                              input=typed, capture_output=True, text=True, timeout=90, env=environment())


@pytest.fixture
def fresh(folder):
    machine = Fresh(folder)
    # setup takes the usual ports where they are free: one test at a time, also of several runs.
    with open(Path(tempfile.gettempdir()) / "lanpost-test-setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield machine
        machine.cli("stop")


IVAN = ("ivan", "Иван Петров", "Secret-1-ivan", "ivan@example.ru")
NO_MORE = ("",)


def office(fresh):
    return ("", fresh.spool)


def provider(url, send="-", login="office", password="provider-pw"):
    return ("office@example.ru", url, send, login, password)


LAN, WRITE, START, NO_START = ("",), ("",), ("Y",), ("n",)


def at_dovecot(fresh, dovecot):
    """The certificate of this provider is nobody's: the step says what is wrong with it; it is kept all the same."""
    return answers(*office(fresh), *IVAN, "anna", "", "Secret-2-anna", "", *NO_MORE,
                   *provider(f"pop3s://127.0.0.1:{dovecot.tls_port}"), "n", *LAN, *WRITE, *START)


@pytest.mark.parametrize("language, words", [("en", "A test letter was delivered"), ("ru", "Проверочное письмо доставлено")])
def test_four_steps_and_a_test_letter_is_delivered(fresh, dovecot, language, words):
    dovecot.deliver("office", letter(number=1))
    done = fresh.cli("setup", typed=at_dovecot(fresh, dovecot), language=language)
    assert done.returncode == 0 and words in done.stdout, done.stdout + done.stderr
    assert "client-setup ivan" in done.stdout and "110" in done.stdout or "2110" in done.stdout
    text = (fresh.folder / "lanpost.conf").read_text()
    assert "postmaster = ivan" in text and "127.0.0.0/8" in text
    for name in ("lanpost.conf", "users.conf", "accounts.conf"):
        assert (fresh.folder / name).stat().st_mode & 0o77 == 0
    assert "Secret-1" not in (fresh.folder / "users.conf").read_text()
    assert fresh.cli("check").returncode == 0
    assert "ca_file" in done.stdout + done.stderr  # what to do about the certificate, before anything was written
    assert (done.stdout + done.stderr).index("ca_file") < done.stdout.index("lanpost.conf") or "ca_file" in done.stderr


def test_a_letter_from_outside_is_in_the_mailbox(fresh, dovecot):
    """The rest of the way: what the third step has asked for, then a session."""
    dovecot.deliver("office", letter(number=1))
    fresh.cli("setup", typed=at_dovecot(fresh, dovecot))
    accounts = fresh.folder / "accounts.conf"
    accounts.write_text(accounts.read_text().replace("[account office]", f"[account office]\nca_file = {dovecot.ca}"))
    assert fresh.cli("reload").returncode == 0
    done = fresh.cli("session")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2" in fresh.cli("mailbox", "list").stdout  # the test letter, and this one
    assert any(b"<1.test@bank.ru>" in path.read_bytes() for path in (fresh.spool / "mailboxes" / "ivan" / "new").iterdir())


@pytest.mark.parametrize("count", range(1, 9))
def test_nothing_is_written_until_the_end(fresh, count):
    typed = [*office(fresh), *IVAN, *NO_MORE, ""]
    done = fresh.cli("setup", typed=answers(*typed[:count]))
    assert done.returncode == 1 and "nothing was written" in done.stderr or "end of input" in done.stderr
    assert not fresh.conf.exists()


def test_wrong_answers_are_asked_again(fresh):
    typed = answers("not a domain", "firma.lan", "relative", fresh.spool, "Иван", "daemon", "", "Ivan", "", "Secret-1-ivan", "nonsense",
                    "ivan@firma.lan", "ivan@example.ru", "anna", "", "Secret-2-anna", "IVAN@example.ru", "anna@example.ru", "", "nobody", "",
                    "foo/99", "10.0.0.0/8, 1.2.3.4/40", "10.0.0.0/8", "", "n")
    done = fresh.cli("setup", typed=typed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "local_domain = firma.lan" in fresh.conf.read_text() and "allow = 10.0.0.0/8" in fresh.conf.read_text()
    assert "[user ivan]" in (fresh.folder / "users.conf").read_text()
    for complaint in ("not a domain name", "begins with /", "may contain a-z", "reserved", "not a mail address", "local address",
                      "ivan already has that address", "foo/99 is not a network", "1.2.3.4/40 is not a network"):
        assert complaint in done.stdout, complaint
    assert fresh.cli("check").returncode == 0


def test_one_can_go_back(fresh):
    typed = answers("typo.lan", "<", "firma.lan", fresh.spool, "ivan", "<", "ivan", "Ivan", "Secret-1-ivan", "", "anna", "<", "", "<", "", "", "",
                    "<", "10.1.0.0/16", "", "n")
    done = fresh.cli("setup", typed=typed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "local_domain = firma.lan" in fresh.conf.read_text() and "allow = 10.1.0.0/16" in fresh.conf.read_text()
    users = (fresh.folder / "users.conf").read_text()
    assert users.count("[user ") == 1 and "full_name = Ivan" in users


def test_a_name_that_is_given_twice_is_said(fresh):
    typed = answers(*office(fresh), *IVAN, "Ivan", "Иван Сидоров", "n", "", *NO_MORE, "", *LAN, *WRITE, *NO_START)
    done = fresh.cli("setup", typed=typed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "already exists" in done.stdout
    users = (fresh.folder / "users.conf").read_text()
    assert users.count("[user ivan]") == 1 and "Сидоров" in users and "password = $y$" in users


def test_the_whole_is_shown_before_it_is_written(fresh):
    done = fresh.cli("setup", typed=answers(*office(fresh), *IVAN, *NO_MORE, "", *LAN, *WRITE, *NO_START))
    summary = done.stdout[done.stdout.index("Summary"):done.stdout.index("written:")]
    for fact in ("office.lan", str(fresh.spool), "ivan", "ivan@example.ru", "127.0.0.0/8"):
        assert fact in summary
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "]: " not in line and "127.0.0.0/8" not in line and ": " + str(fresh.folder) not in line)


def test_a_half_made_configuration_is_mended(fresh):
    """What a first try has left: wrong in two places, which neither verb nor form could fix one by one."""
    fresh.folder.mkdir()
    fresh.conf.write_text("# by hand\n[gateway]\nlocal_domain = firma.lan\nspool = %s\n[lan]\nallow = foo/99\n[user ivan]\npassword = x\n"
                          "external_alias = ivan@firma.lan\n" % fresh.spool)
    fresh.conf.chmod(0o600)
    assert fresh.cli("check").returncode == 1
    typed = answers("", "", "ivan", "", "y", "Secret-1-ivan", "ivan@example.ru", "", "", "10.0.0.0/8", "", "n")
    done = fresh.cli("setup", typed=typed)
    assert done.returncode == 0, done.stdout + done.stderr
    text = fresh.conf.read_text()
    assert text.startswith("# by hand") and text.count("[user ivan]") == 1 and "ivan@example.ru" in text and "10.0.0.0/8" in text
    assert not (fresh.folder / "users.conf").exists()  # the section stays where it is
    assert fresh.cli("check").returncode == 0, fresh.cli("check").stdout


def test_it_can_be_run_again(fresh):
    first = answers(*office(fresh), *IVAN, *NO_MORE, "", *LAN, *WRITE, *NO_START)
    assert fresh.cli("setup", typed=first).returncode == 0
    before = [path.read_text() for path in (fresh.conf, fresh.folder / "users.conf")]
    done = fresh.cli("setup", typed=answers("", "", *NO_MORE, "", *LAN, *WRITE, *NO_START))
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.read_text() for path in (fresh.conf, fresh.folder / "users.conf")] == before


def test_the_password_of_the_provider_is_asked_once_and_tried(fresh, dovecot):
    typed = answers(*office(fresh), *IVAN, *NO_MORE, "office@example.ru", f"pop3://127.0.0.1:{dovecot.port}", "none", "-", "office", "wrong",
                    "y", "", "provider-pw", *LAN, *WRITE, *NO_START)
    done = fresh.cli("setup", typed=typed)
    assert done.returncode == 0, done.stdout + done.stderr
    accounts = (fresh.folder / "accounts.conf").read_text()
    assert "password = provider-pw" in accounts and "tls = none" in accounts and "[smarthost" not in accounts


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_provider_without_passwords_is_set_up_for_a_sign_in(fresh, language):
    typed = [*office(fresh), *IVAN, *NO_MORE, "office@hotmail.com", "", "", "", "", "app-1", *LAN, *WRITE, *NO_START]  # no client ID at first
    done = fresh.cli("setup", typed=answers(*typed), language=language)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accounts.md" in done.stdout and "lanpost account login office" in done.stdout.splitlines()[-2:][0] + done.stdout.splitlines()[-1]
    accounts = (fresh.folder / "accounts.conf").read_text()
    assert accounts.count("oauth2 = microsoft") == accounts.count("oauth2_client_id = app-1") == 2 and "password" not in accounts
    check = fresh.cli("check")
    assert check.returncode == 0 and check.stdout.count("lanpost account login office") == 1, check.stdout
    again = ["", "", *NO_MORE, "", "", "", "", "", *LAN, *WRITE, *NO_START]
    assert fresh.cli("setup", typed=answers(*again)).returncode == 0
    assert (fresh.folder / "accounts.conf").read_text() == accounts


def test_a_sign_in_gives_way_to_the_password_of_another_provider(fresh, dovecot):
    typed = [*office(fresh), *IVAN, *NO_MORE, "office@hotmail.com", "", "", "", "app-1", *LAN, *WRITE, *NO_START]
    assert fresh.cli("setup", typed=answers(*typed)).returncode == 0
    other = ["", "", *NO_MORE, "office@example.ru", f"pop3://127.0.0.1:{dovecot.port}", "none", "-", "office", "provider-pw", "n", *LAN, *WRITE, *NO_START]
    done = fresh.cli("setup", typed=answers(*other))
    assert done.returncode == 0, done.stdout + done.stderr
    account = (fresh.folder / "accounts.conf").read_text().partition("[smarthost")[0]
    assert "password = provider-pw" in account and "oauth2 =" not in account


def test_missing_rights_are_told_from_missing_files(fresh):
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    fresh.folder.mkdir(mode=0o700)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BUILD / "lanpost", "-c", fresh.conf, "setup"],
                          input="", capture_output=True, text=True, timeout=90, env=environment())
    assert done.returncode == 1 and "permission denied" in done.stderr and "sudo lanpost setup" in done.stderr
    assert "office.lan" not in done.stdout


def test_ports_that_are_taken_are_got_round(fresh, make_gateway):
    import socket
    with socket.create_server(("0.0.0.0", 0)) as taken:
        assert taken  # 25 and the others may be free or not where tests run: what is written must be free in any case
        done = fresh.cli("setup", typed=answers(*office(fresh), *IVAN, *NO_MORE, "", *LAN, *WRITE, *NO_START))
    assert done.returncode == 0
    ports = [int(port) for port in re.findall(r"_port = (\d+)", fresh.conf.read_text())]
    assert len(set(ports)) == 7
    assert free_port() not in ports


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_smarthost_is_tried_before_anything_is_written(fresh, language):
    server = MisbehavingPop3([letter(number=1)])
    typed = answers(*office(fresh), *IVAN, *NO_MORE, "office@example.ru", f"pop3://127.0.0.1:{server.port}", "none",
                    "smtp://127.0.0.1:1", "none", "office", "provider-pw")
    done = fresh.cli("setup", typed=typed, language=language)
    server.stop()
    assert f"pop3://127.0.0.1:{server.port}" in done.stdout and "smtp://127.0.0.1:1" in done.stdout, done.stdout + done.stderr
    assert "127.0.0.1:1: " in done.stdout + done.stderr and not fresh.conf.exists()  # it failed, and the answers may be changed


@pytest.mark.parametrize("language", ["en", "ru"])
def test_lines_break_between_words(fresh, language):
    done = fresh.cli("setup", typed=answers("not a domain", "", "relative", fresh.spool, "foo bar", "ivan", "", "Secret-1-ivan",
                                            "ivan@office.lan", "", "", "office@gmail.com"), language=language)
    said = ["  " + line.split(":   ")[-1] for line in done.stdout.splitlines() if ":   " in line]  # no echo: it follows the prompt
    assert len(said) >= 5 and all(len(line) < 80 for line in said), done.stdout
