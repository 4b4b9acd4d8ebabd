"""What a script changes: user set, account set, enable and disable, rule set; comments and order stay, values are checked, the gateway reloads."""
import json
import subprocess

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter
from harness.terminal import Terminal

DONE, FAILED, USAGE = range(3)
RULES = {"one": {"when": 'subject contains "1"', "deliver": "ivan"}, "two": {"when": "always", "tag": "X-Two: yes"}}


@pytest.fixture
def stopped(make_gateway):
    gateway = make_gateway(start=False, users={"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}}, rules=RULES,
                           accounts={"sales": {"url": "pop3s://h", "user": "u", "password": "x"}})
    for name in ("users", "rules", "accounts"):
        path = gateway.folder / f"{name}.conf"
        path.write_text(f"# our {name}\n" + path.read_text() + "; the end\n")
    return gateway


def item(gateway, kind, name):
    return next(item for item in json.loads(gateway.cli(kind, "list", "--json").stdout) if item["name"] == name)


def test_a_user_is_changed(stopped):
    users = stopped.folder / "users.conf"
    users.write_text(users.read_text().replace("[user buh]\n", "[user buh]\n; the accountant\nfull_name = Anna ; since May\n"))
    done = stopped.cli("user", "set", "Buh", "--full-name", "Анна Петровна", "--alias", "anna", "--alias", "a.p", "--expire", "90d",
                       "--forward", "anna@home.example", "--keep", "yes")
    assert done.returncode == DONE, done.stderr
    buh = item(stopped, "user", "buh")
    assert (buh["full_name"], buh["aliases"], buh["forward"]) == ("Анна Петровна", ["anna", "a.p"], "anna@home.example")
    text = users.read_text()
    assert text.startswith("# our users\n") and text.endswith("; the end\n") and "; the accountant\n" in text
    assert "full_name = Анна Петровна ; since May\n" in text and "expire = 90d\n" in text and text.count("password") == 2
    assert stopped.cli("user", "set", "buh", "--forward", "", "--unset", "keep", "--unset=full-name").returncode == DONE
    buh = item(stopped, "user", "buh")
    assert (buh["full_name"], buh["forward"], buh["aliases"]) == ("", "", ["anna", "a.p"])
    assert "keep" not in users.read_text() and "forward" not in users.read_text()


def test_an_account_is_changed_and_switched(stopped):
    assert stopped.cli("account", "set", "sales", "--keep-on-server", "14d", "--max-size", "200K").returncode == DONE
    assert item(stopped, "account", "sales")["max_size"] == 200 << 10
    for verb, enabled in (("disable", False), ("enable", True)):
        done = stopped.cli("account", verb, "sales")
        assert done.returncode == DONE and "sales" in done.stdout
        assert item(stopped, "account", "sales")["enabled"] == enabled
    done = subprocess.run([BUILD / "lanpost", "-c", stopped.conf, "account", "passwd", "sales"], input="new-one\n", capture_output=True,
                          text=True, timeout=90, env=environment())
    assert done.returncode == DONE
    text = (stopped.folder / "accounts.conf").read_text()
    assert "password = new-one\n" in text and text.startswith("# our accounts\n")


def test_a_rule_is_changed_in_its_place(stopped):
    assert stopped.cli("rule", "set", "one", "--when", 'subject contains "a;b"', "--deliver", "buh", "--stop", "yes").returncode == DONE
    assert [rule["name"] for rule in json.loads(stopped.cli("rule", "list", "--json").stdout)] == ["one", "two"]
    one = item(stopped, "rule", "one")
    assert (one["when"], one["deliver"], one["stop"]) == ('subject contains "a;b"', ["buh"], True)


@pytest.mark.parametrize("args, code", [
    (["user", "set", "ivan"], USAGE), (["user", "set", "nobody", "--keep", "no"], FAILED), (["user", "set", "ivan", "--expire", "90"], FAILED),
    (["user", "set", "ivan", "--url", "x"], USAGE), (["user", "set", "ivan", "--unset", "nonsense"], USAGE),
    (["user", "set", "ivan", "--password", "x"], USAGE), (["user", "set", "postmaster", "--expire", "9d"], FAILED),
    (["account", "set", "sales", "--unset", "url"], FAILED), (["account", "set", "nine", "--url", "pop3s://h"], FAILED),
    (["account", "enable", "nine"], FAILED), (["rule", "set", "one", "--when", ""], FAILED), (["rule", "set", "nine", "--stop", "yes"], FAILED),
    (["rule", "set", "one", "--deliver", ""], FAILED)], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_bad_change_changes_nothing(stopped, args, code):
    before = {path: path.read_bytes() for path in stopped.folder.glob("*.conf")}
    done = stopped.cli(*args)
    assert done.returncode == code and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert before == {path: path.read_bytes() for path in stopped.folder.glob("*.conf")}


def test_the_gateway_works_with_it_at_once(make_gateway):
    gateway = make_gateway(users=["ivan", "buh"])
    assert gateway.cli("user", "set", "ivan", "--forward", "buh", "--keep", "no").returncode == DONE
    gateway.send("buh@office.lan", ["ivan@office.lan"], letter())
    assert gateway.mailbox_when("buh", 1) and not gateway.files("ivan")


# --- rules that hardly do what was meant

def test_a_mistyped_header_is_told(stopped):
    done = stopped.cli("rule", "add", "oops", "--when", 'subjct contains "x"', "--deliver", "ivan")
    assert done.returncode == DONE and "did you mean `subject`" in done.stderr
    assert "did you mean `subject`" in stopped.cli("check").stdout
    done = stopped.cli("rule", "add", "ours", "--when", 'X-Our-Own contains "x"', "--deliver", "ivan")
    assert done.returncode == DONE and done.stderr == ""


def test_a_rule_that_throws_all_away_is_told(stopped):
    done = stopped.cli("rule", "add", "away", "--when", "always", "--drop", "yes")
    assert done.returncode == DONE and "discards all mail" in done.stderr
    assert "discards all mail" in stopped.cli("check").stdout
    term = Terminal("-c", stopped.conf, "rule", "add", "away2", "--when", "size >= 0", "--drop", "yes", width=100)
    term.wait("discards all mail")
    term.keys("Enter").wait_end(FAILED)
    term.close()
    assert "away2" not in (stopped.folder / "rules.conf").read_text()


def test_a_rule_without_action_is_refused(stopped):
    done = stopped.cli("rule", "add", "idle", "--when", "always")
    assert done.returncode == FAILED and "--deliver" in done.stderr
    assert "idle" not in (stopped.folder / "rules.conf").read_text()
