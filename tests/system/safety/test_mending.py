"""No dead ends: a configuration with errors can be fixed by the verbs, one error after the other; no user is without a password by mistake."""
import json
import subprocess

import pytest

from harness.gateway import BUILD, environment
from harness.terminal import Terminal

DONE, FAILED, USAGE = range(3)
RULES = {"one": {"when": 'subject contains "1"', "deliver": "ivan"}}


@pytest.fixture
def stopped(make_gateway):
    return make_gateway(start=False, users={"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}}, rules=RULES,
                        accounts={"sales": {"url": "pop3s://h", "user": "u", "password": "x"}})


def typed(gateway, *args, text=""):
    return subprocess.run([BUILD / "lanpost", "-c", gateway.conf, *args], input=text, capture_output=True, text=True,
                          timeout=90, env=environment())


def errors(gateway):
    return [item for item in json.loads(gateway.cli("check", "--json").stdout) if item["level"] == "error"]


def spoil(gateway):
    """Four errors in four sections of three files."""
    users, rules, accounts = (gateway.folder / f"{kind}.conf" for kind in ("users", "rules", "accounts"))
    users.write_text(users.read_text().replace("external_alias = ivan@example.ru", "external_alias = ivan@office.lan ; his")
                     .replace("[user buh]", "[user buh]\nforward = nobody-here"))
    rules.write_text(rules.read_text() + "[rule two]\nwhen = subject contians 1\ndeliver = ivan\n")
    accounts.write_text(accounts.read_text().replace("pop3s://h", "http://h"))
    assert len(errors(gateway)) == 4


def test_errors_are_mended_one_by_one(stopped):
    spoil(stopped)
    steps = (["user", "set", "ivan", "--external-alias", "ivan@example.ru"], ["user", "remove", "buh"],
             ["rule", "set", "two", "--when", 'subject contains "1"'], ["account", "set", "sales", "--url", "pop3s://h"])
    for left, step in zip((3, 2, 1, 0), steps):
        done = stopped.cli(*step)
        assert done.returncode == DONE, (step, done.stderr)
        assert len(errors(stopped)) == left
        assert (f"still has {left} error" in done.stderr) == (left > 0), done.stderr
    assert "; his" in (stopped.folder / "users.conf").read_text()


def test_what_has_nothing_to_do_with_an_error_can_be_changed(stopped):
    spoil(stopped)
    assert typed(stopped, "user", "add", "anna", text="good-secret-1\n").returncode == DONE
    assert stopped.cli("rule", "add", "three", "--when", "always", "--deliver", "anna").returncode == DONE
    assert stopped.cli("account", "remove", "sales").returncode == DONE
    assert len(errors(stopped)) == 3


def test_a_new_error_is_refused_in_a_broken_configuration_too(stopped):
    spoil(stopped)
    for step in (["user", "set", "ivan", "--forward", "no-one-either"], ["rule", "add", "x", "--when", "subjct"],
                 ["account", "set", "sales", "--url", "ftp://h"]):
        before = {path: path.read_bytes() for path in stopped.folder.glob("*.conf")}
        done = stopped.cli(*step)
        assert done.returncode == FAILED and "nothing was changed" in done.stderr, (step, done.stderr)
        assert before == {path: path.read_bytes() for path in stopped.folder.glob("*.conf")}


def test_a_running_gateway_keeps_the_old_one_until_all_is_mended(make_gateway):
    gateway = make_gateway(users=["ivan", "buh"])
    rules = gateway.folder / "rules.conf"
    rules.write_text("[rule r]\nwhen = subjct\ndeliver = ivan\n[rule s]\nwhen = from\ndeliver = ivan\n")
    assert typed(gateway, "user", "add", "anna", text="good-secret-1\n").returncode == DONE
    assert gateway.cli("reload").returncode == FAILED
    assert gateway.cli("rule", "remove", "r").returncode == DONE
    with pytest.raises(Exception):
        gateway.pop3("anna", "good-secret-1")
    assert gateway.cli("rule", "remove", "s").returncode == DONE
    gateway.pop3("anna", "good-secret-1").quit()


# --- passwords

@pytest.mark.parametrize("verb", [["user", "add", "bob"], ["user", "passwd", "ivan"], ["user", "add", "postmaster"],
                                  ["account", "add", "a", "--url", "pop3s://h", "--user", "u"]], ids=" ".join)
@pytest.mark.parametrize("text", ["", "\n"], ids=["end of input", "empty line"])
def test_no_input_is_no_password(stopped, verb, text):
    before = (stopped.folder / "users.conf").read_bytes(), (stopped.folder / "accounts.conf").read_bytes()
    done = typed(stopped, *verb, text=text)
    assert done.returncode == FAILED and len(done.stderr.splitlines()) == 1, done.stderr
    assert before == ((stopped.folder / "users.conf").read_bytes(), (stopped.folder / "accounts.conf").read_bytes())


def test_without_a_password_only_if_it_is_asked_for(stopped):
    done = stopped.cli("user", "add", "bob", "--no-password")
    assert done.returncode == DONE and "no password" in done.stderr
    assert "user bob has no password" in stopped.cli("check").stdout
    users = {user["name"]: user for user in json.loads(stopped.cli("user", "list", "--json").stdout)}
    assert not users["bob"]["has_password"] and users["ivan"]["has_password"]


def test_weak_passwords_are_told(stopped):
    assert "Weak" in typed(stopped, "user", "add", "bob", text="pw\n").stderr
    assert typed(stopped, "user", "add", "eve", text="Long-enough-1\n").stderr == ""
    term = Terminal("-c", stopped.conf, "user", "passwd", "bob", width=100)
    for prompt in ("Password for bob", "Again for bob"):
        term.wait(prompt).count("")
        term.type("bob")
        term.keys("Enter")
    term.wait("it contains the name", "password anyway?")
    term.keys("Enter").wait_end(FAILED)
    term.close()


def test_postmaster_gets_a_password_and_loses_it_again(stopped):
    assert typed(stopped, "user", "add", "postmaster", text="good-secret-1\n").returncode == DONE
    text = (stopped.folder / "users.conf").read_text()
    assert "[user postmaster]" in text
    assert stopped.cli("user", "remove", "postmaster").returncode == FAILED
    assert stopped.cli("user", "passwd", "postmaster", "--no-password").returncode == DONE
    assert "[user postmaster]" not in (stopped.folder / "users.conf").read_text()
    assert stopped.cli("user", "add", "postmaster", "--no-password").returncode == FAILED
    assert "[user postmaster]" not in (stopped.folder / "users.conf").read_text()


def test_the_screens_mend_one_of_several_errors(make_gateway):
    """Two errors in two files: the form saves what leaves one, and says so."""
    gateway = make_gateway(start=False, users={"anna": {}}, rules={"r": {"when": "subjct", "deliver": "anna"}})
    gateway.conf.write_text(gateway.conf.read_text().replace("[lan]\n", "[lan]\nallow = foo/99\n"))
    assert len(errors(gateway)) == 2
    term = Terminal("-c", gateway.conf, width=120, height=40)
    term.keys("F9").wait("hostname")
    term.keys("/").type("foo/99")
    term.wait("1 row", without=["hostname"])
    term.keys("Enter", "Home", "Enter").wait("[lan] allow")
    term.keys("End", "C-u").type("127.0.0.0/8")
    term.keys("C-s").wait("still has 1 error")
    assert "allow = 127.0.0.0/8\n" in gateway.conf.read_text() and len(errors(gateway)) == 1
    term.close()
