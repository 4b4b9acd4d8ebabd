"""What the admin changes from the command line: accounts, rules, the queue, old mail."""
import fcntl
import json
import os
import struct
import subprocess
import termios

import pytest

from harness.gateway import BUILD, environment
from harness.letters import encoded_word, letter
from harness.misbehaving import MisbehavingPop3
from harness.waiting import until

DONE, FAILED, USAGE, NOT_RUNNING = range(4)
RULES = {"one": {"when": "subject contains \"1\"", "deliver": "ivan"}, "two": {"when": "always", "tag": "X-Two: yes"},
         "three": {"when": 'from is "a@b.ru"', "deliver": "buh"}}


@pytest.fixture
def stopped(make_gateway):
    return make_gateway(start=False, users=["ivan", "buh"], rules=RULES)


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}}, rules=RULES)


def asked(gateway, *args, answer="upstream-secret\n"):
    """Runs a verb that reads a password."""
    return subprocess.run([BUILD / "lanpost", "-c", gateway.conf, *args], input=answer, capture_output=True, text=True,
                          timeout=90, env=environment())


def listed(gateway, kind):
    done = gateway.cli(kind, "list", "--json")
    assert done.returncode == DONE, done.stderr
    return json.loads(done.stdout)


def names(gateway, kind):
    return [item["name"] for item in listed(gateway, kind)]


# --- accounts

def test_an_account_is_added_fetched_and_removed(office):
    server = MisbehavingPop3([letter(subject="hello")])
    accounts = office.folder / "accounts.conf"
    accounts.write_text("# providers\n")
    done = asked(office, "account", "add", "sales", "--url", f"pop3://127.0.0.1:{server.port}", "--tls", "none",
                 "--user", "sales@example.ru", "--deliver-to", "ivan, buh")
    assert done.returncode == DONE, done.stderr
    text = accounts.read_text()
    assert text.startswith("# providers\n") and "password = upstream-secret" in text
    assert accounts.stat().st_mode & 0o077 == 0
    item, = listed(office, "account")
    assert item["name"] == "sales" and item["deliver_to"] == ["ivan", "buh"]
    office.session()  # the running gateway knows it already
    assert len(office.files("ivan")) == len(office.files("buh")) == 1
    assert asked(office, "account", "add", "sales", "--url=pop3://x", "--user=y").returncode == FAILED
    assert office.cli("account", "remove", "sales").returncode == DONE
    assert names(office, "account") == [] and accounts.read_text().startswith("# providers\n")
    assert office.cli("account", "remove", "sales").returncode == FAILED
    server.stop()


@pytest.mark.parametrize("args, code", [
    (["x", "--user", "u"], USAGE), (["x", "--url", "pop3://h"], USAGE), (["--url", "pop3://h", "--user", "u"], USAGE),
    (["x", "--url", "http://h", "--user", "u"], FAILED), (["x", "--url", "pop3://h", "--user", "u", "--deliver-to", "nobody"], FAILED),
    (["a/b", "--url", "pop3://h", "--user", "u"], FAILED), (["x]\n[user evil", "--url", "pop3://h", "--user", "u"], FAILED),
    (["x", "--url", "pop3://h", "--user", "u\npassword = y"], FAILED), (["x", "--url", "pop3://h", "--user", "u", "--when", "always"], USAGE),
    (["x", "--url", "pop3://h", "--user", "u", "--password", "p"], USAGE)], ids=["no url", "no user", "no name", "bad url", "bad user", "bad name", "two lines in the name", "two lines in a value",
        "another's key", "password seen by all"])
def test_a_bad_account_changes_nothing(stopped, args, code):
    before = (stopped.folder / "accounts.conf").read_bytes()
    done = asked(stopped, "account", "add", *args)
    assert done.returncode == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (stopped.folder / "accounts.conf").read_bytes() == before


# --- rules

def test_rules_are_added_moved_and_removed_and_comments_stay(stopped):
    rules = stopped.folder / "rules.conf"
    rules.write_text("; our rules\n\n" + rules.read_text().replace("[rule two]", "# about two\n[rule two]"))
    done = stopped.cli("rule", "add", "bills", "--when", 'subject contains "счёт; срочно"', "--deliver", "buh",
                       "--deliver", "ivan", "--stop", "yes")
    assert done.returncode == DONE, done.stderr
    assert names(stopped, "rule") == ["one", "two", "three", "bills"]
    added = listed(stopped, "rule")[-1]
    assert added["deliver"] == ["buh", "ivan"] and added["stop"] and added["when"] == 'subject contains "счёт; срочно"'
    assert stopped.cli("rule", "move", "bills", "1").returncode == DONE
    assert names(stopped, "rule") == ["bills", "one", "two", "three"]
    assert stopped.cli("rule", "move", "two", "--after", "three").returncode == DONE
    assert names(stopped, "rule") == ["bills", "one", "three", "two"]
    assert stopped.cli("rule", "move", "--before", "bills", "three").returncode == DONE
    assert names(stopped, "rule") == ["three", "bills", "one", "two"]
    assert stopped.cli("rule", "add", "first", "--when", "always", "--drop", "yes", "--before", "three").returncode == DONE
    assert names(stopped, "rule")[0] == "first"
    assert stopped.cli("rule", "remove", "bills").returncode == DONE
    assert names(stopped, "rule") == ["first", "three", "one", "two"]
    text = rules.read_text()
    assert text.startswith("; our rules\n") and "# about two\n[rule two]" in text
    assert stopped.cli("check").returncode == DONE


@pytest.mark.parametrize("args, code", [
    (["add", "x"], USAGE), (["add", "x", "--when", "subject contians 1"], FAILED), (["add", "one", "--when", "always"], FAILED),
    (["add", "x", "--when", "always", "--deliver", "nobody"], FAILED), (["add", "x", "--when", "always", "--before", "nine"], FAILED),
    (["move", "one"], USAGE), (["move", "one", "9"], FAILED), (["move", "one", "--before", "nine"], FAILED),
    (["move", "nine", "1"], FAILED), (["move", "one", "1", "--after", "two"], USAGE), (["remove", "nine"], FAILED)], ids=lambda value: " ".join(value) if isinstance(value, list) else str(value))
def test_a_bad_rule_changes_nothing(stopped, args, code):
    before = (stopped.folder / "rules.conf").read_bytes()
    done = stopped.cli("rule", *args)
    assert done.returncode == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (stopped.folder / "rules.conf").read_bytes() == before


# --- the queue

def states(gateway):
    return {item["id"]: item["state"] for item in gateway.queue()}


def send(gateway, subject="out"):
    before = states(gateway)
    gateway.send("ivan@office.lan", ["client@bank.ru"], letter(subject=subject))
    new, = set(states(gateway)) - set(before)
    return new


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_messages_are_held_released_and_deleted(make_gateway, smarthost, running):
    gateway = make_gateway(users={"ivan": {"external_alias": "branch@example.ru"}}, smarthosts={"default": smarthost})
    kept, gone = send(gateway, "kept"), send(gateway, "gone")
    if not running:
        gateway.stop()
    assert gateway.cli("queue", "hold", kept, gone).returncode == DONE
    assert states(gateway) == {kept: "hold", gone: "hold"}
    assert gateway.cli("queue", "hold", kept).returncode == FAILED
    assert gateway.cli("queue", "retry", kept).returncode == FAILED
    done = gateway.cli("queue", "delete", gone, "--yes")
    assert done.returncode == DONE and gone in done.stdout
    assert states(gateway) == {kept: "hold"} and not list(gateway.spool.glob(f"queue/*/{gone}*"))
    for verb in ("hold", "release", "retry", "delete"):
        for ident in (gone, "nonsense", "../../etc"):
            done = gateway.cli("queue", verb, ident)
            assert done.returncode == FAILED and len(done.stderr.strip().splitlines()) == 1
    if not running:
        gateway.start()
    gateway.session("--send-only")
    assert states(gateway) == {kept: "hold"}
    assert gateway.cli("queue", "release", kept).returncode == DONE
    gateway.session("--send-only")
    assert states(gateway) == {}
    events = gateway.cli("trace", gone).stdout
    assert "held" in events and "deleted" in events
    gateway.kill_all()
    gateway.start()
    assert states(gateway) == {}  # no recovery brings back what was deleted


def test_a_deferred_message_is_retried_with_the_next_session(make_gateway, folder):
    from harness.waiting import free_port
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                           smarthosts={"default": {"url": f"smtp://127.0.0.1:{free_port()}", "tls": "none"}})
    ident = send(gateway)
    path = gateway.queued_files()[0]
    assert gateway.cli("queue", "retry", ident).returncode == DONE
    assert states(gateway) == {ident: "active"} and path.exists()


def test_the_owner_of_the_spool_stays_the_owner(make_gateway):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}})
    ident = send(gateway)
    gateway.stop()
    gateway.folder.chmod(0o755)
    for path in [gateway.spool, *gateway.spool.rglob("*")]:
        os.chown(path, 65534, 65534)
    assert gateway.cli("queue", "hold", ident).returncode == DONE
    assert gateway.cli("mailbox", "purge", "ivan", "--older", "1d").returncode == DONE
    for path in gateway.spool.rglob("*"):
        assert path.stat().st_uid == 65534, path


# --- old mail

def age(path, days):
    """Our names begin with the time of arrival."""
    seconds, rest = path.name.split(".", 1)
    path.rename(path.parent / f"{int(seconds) - days * 86400}.{rest}")


def test_old_messages_are_purged(office):
    for _ in range(3):
        office.send("ivan@office.lan", ["buh"], letter())
    first, second, third = sorted(office.mailbox_when("buh", 3) and office.files("buh"))
    age(first, 100)
    age(second, 80)
    done = office.cli("mailbox", "purge", "buh", "--older", "90d", "--yes")
    assert done.returncode == DONE and "1" in done.stdout
    assert len(office.files("buh")) == 2
    done = office.cli("mailbox", "purge", "--older=79d", "buh", "--json", "--yes")
    assert json.loads(done.stdout)["removed"] == 1
    assert office.files("buh") == [third]
    assert len(office.mailbox("buh")) == 1
    office.kill_all()
    office.start()
    assert len(office.files("buh")) == 1
    assert office.cli("mailbox", "purge", "buh").returncode == USAGE
    assert office.cli("mailbox", "purge", "buh", "--older", "soon").returncode == USAGE
    assert office.cli("mailbox", "purge", "nobody", "--older", "1d").returncode == FAILED


# --- trace

def test_a_letter_is_found_by_whatever_the_admin_knows_of_it(office):
    office.send("ivan@office.lan", ["buh", "client@bank.ru"],
                letter(subject=encoded_word("Отчёт за март", "koi8-r"), number=77))
    ident, = states(office)
    for query in (ident, "77.test@bank.ru", "<77.test@bank.ru>", "buh@office.lan", "Client@Bank.ru", "ivan@office.lan",
                  "отчёт", "МАРТ ОТЧЁТ"):
        done = office.cli("trace", query)
        assert done.returncode == DONE, (query, done.stderr)
        assert "delivered" in done.stdout and "queued" in done.stdout, query
        message, = json.loads(office.cli("trace", "--json", query).stdout)
        assert message["id"] == ident and [event["event"] for event in message["events"]][0] == "accepted"
    assert office.cli("trace", "отчёт апрель").returncode == FAILED


# --- what ends

def test_stop_does_not_wait_for_a_modem(make_gateway, folder):
    gateway = make_gateway(users=["ivan"], sections={"line": {"connect_command": "sleep 600",
                                                              "disconnect_command": f"echo down > {folder}/line"}})
    assert gateway.cli("session", "--no-wait").returncode == DONE
    until(lambda: "fetch=1" in gateway.log(), 10, "the session")
    assert gateway.cli("stop").returncode == DONE  # the command would take 600 s
    assert gateway.process.wait(90) == 0
    gateway.process = None
    assert (folder / "line").read_text() == "down\n"


def test_postmaster_is_built_in_and_can_be_given_a_password(make_gateway):
    gateway = make_gateway(users=["ivan"])
    for password in ("first", "second"):
        done = asked(gateway, "user", "passwd", "postmaster", answer=f"{password}\n")
        assert done.returncode == 0, done.stderr
        gateway.pop3("postmaster", password).quit()
    assert (gateway.folder / "users.conf").read_text().count("[user postmaster]") == 1


def test_postmaster_cannot_be_removed_though_he_has_a_section(make_gateway):
    gateway = make_gateway(start=False, users=["ivan", "postmaster"])
    done = gateway.cli("user", "remove", "postmaster")
    assert done.returncode == FAILED and "[user postmaster]" in (gateway.folder / "users.conf").read_text()


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def test_of_two_admins_the_second_is_told(stopped):
    first, second = (subprocess.Popen([BUILD / "lanpost", "-c", stopped.conf, "user", "add", name], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env=environment()) for name in ("anna", "olga"))
    for admin in (first, second):
        admin.stdin.write("sec")
        admin.stdin.flush()
        until(lambda: not unread(admin.stdin), what="an admin who has read the file, and waits for the rest of the password")
    done = [admin.communicate("ret\n", timeout=90) for admin in (first, second)]
    assert (first.returncode, second.returncode) == (DONE, FAILED), done
    assert "was changed in the meantime" in done[1][1]
    assert "[user anna]" in (stopped.folder / "users.conf").read_text()
    assert asked(stopped, "user", "add", "olga").returncode == DONE
    assert {"anna", "olga"} <= set(names(stopped, "user"))
