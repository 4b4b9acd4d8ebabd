"""From nothing to a letter in a mailbox: what an admin who has read nothing types."""
import re
import subprocess

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter
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
                              input=typed, capture_output=True, text=True, timeout=60, env=environment())


@pytest.fixture
def fresh(folder):
    machine = Fresh(folder)
    yield machine
    machine.cli("stop")


@pytest.mark.parametrize("language, words", [("en", "A test letter went round"), ("ru", "Проверочное письмо дошло")])
def test_four_steps_and_a_letter_goes_round(fresh, dovecot, language, words):
    dovecot.deliver("office", letter(number=1))
    typed = answers("", fresh.spool, "ivan", "Иван Петров", "secret-1", "ivan@example.ru", "anna", "", "secret-2", "", "",
                    "office@example.ru", f"pop3s://127.0.0.1:{dovecot.tls_port}", "", "office", "provider-pw", "", "Y")
    done = fresh.cli("setup", typed=typed, language=language)
    assert words in done.stdout, done.stdout + done.stderr
    assert "client-setup ivan" in done.stdout and "110" in done.stdout or "2110" in done.stdout
    text = (fresh.folder / "lanpost.conf").read_text()
    assert "postmaster = ivan" in text and "127.0.0.0/8" in text
    for name in ("lanpost.conf", "users.conf", "accounts.conf"):
        assert (fresh.folder / name).stat().st_mode & 0o77 == 0
    assert "secret-1" not in (fresh.folder / "users.conf").read_text()
    assert fresh.cli("check").returncode == 0
    # The certificate of this provider is nobody's: the last step says what is wrong with it, and what to do.
    assert done.returncode == 1 and "ca_file" in done.stdout + done.stderr
    assert fresh.cli("setup").returncode == 1  # never over what is there


def test_a_letter_from_outside_is_in_the_mailbox(fresh, dovecot):
    """The rest of the way: what the last step has asked for, then a session."""
    dovecot.deliver("office", letter(number=1))
    fresh.cli("setup", typed=answers("", fresh.spool, "ivan", "", "secret-1", "ivan@example.ru", "", "office@example.ru",
                                     f"pop3s://127.0.0.1:{dovecot.tls_port}", "", "office", "provider-pw", "", "Y"))
    accounts = fresh.folder / "accounts.conf"
    accounts.write_text(accounts.read_text().replace("[account office]", f"[account office]\nca_file = {dovecot.ca}"))
    assert fresh.cli("reload").returncode == 0
    done = fresh.cli("session")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2" in fresh.cli("mailbox", "list").stdout  # the test letter, and this one
    assert any(b"<1.test@bank.ru>" in path.read_bytes() for path in (fresh.spool / "mailboxes" / "ivan" / "new").iterdir())


def test_nothing_is_written_until_the_end(fresh):
    done = fresh.cli("setup", typed=answers("", fresh.spool, "ivan", ""))
    assert done.returncode == 1
    assert not fresh.conf.exists()


def test_wrong_answers_are_asked_again(fresh):
    typed = answers("not a domain", "firma.lan", "relative", fresh.spool, "Иван", "", "ivan", "", "pw-1", "nonsense", "", "", "nobody",
                    "", "", "n")
    done = fresh.cli("setup", typed=typed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "local_domain = firma.lan" in fresh.conf.read_text()
    for complaint in ("no domain name", "begins with /", "small letters", "no mail address"):
        assert complaint in done.stdout


def test_ports_that_are_taken_are_got_round(fresh, make_gateway):
    import socket
    with socket.create_server(("0.0.0.0", 0)) as taken:
        assert taken  # 25 and the others may be free or not where tests run: what is written must be free in any case
        done = fresh.cli("setup", typed=answers("", fresh.spool, "ivan", "", "pw-1", "", "", "", "", "n"))
    assert done.returncode == 0
    ports = [int(port) for port in re.findall(r"_port = (\d+)", fresh.conf.read_text())]
    assert len(set(ports)) == 5
    assert free_port() not in ports
