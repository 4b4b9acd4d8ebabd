"""The command line keeps its contract: verbs, exit codes, JSON, two languages."""
import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from harness.gateway import BUILD, PASSWORD, environment
from harness.letters import encoded_word, invoice, letter
from harness.waiting import until

DONE, FAILED, USAGE, NOT_RUNNING = range(4)
CYRILLIC = re.compile("[а-яА-ЯёЁ]{3}")


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}},
                        rules={"invoices": {"when": 'subject contains "счёт"', "deliver": "buh"}})


@pytest.fixture
def stopped(make_gateway):
    return make_gateway(start=False, users={"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}},
                        rules={"invoices": {"when": 'subject contains "счёт"', "deliver": "buh"}})


@pytest.mark.parametrize("args", [
    ["nonsense"], ["status", "--nonsense"], ["user"], ["user", "nonsense"], ["mailbox", "show"], ["sort"],
    ["session", "--account"], ["--lang", "fr", "check"], ["queue", "show"]], ids=" ".join)
def test_bad_usage_is_2(stopped, args):
    done = stopped.cli(*args)
    assert done.returncode == USAGE, done.stdout + done.stderr
    assert done.stderr.strip()


def test_the_configuration_may_stand_close_to_its_option(office):
    done = subprocess.run([BUILD / "lanpost", "--json", f"-c{office.conf}", "status"], capture_output=True, text=True)
    assert done.returncode == DONE and json.loads(done.stdout)["gateway"]["spool"] == str(office.spool), done


def test_trace_by_a_message_id_that_the_gateway_gave(office):
    office.send("x@y.z", ["ivan@office.lan"], b"Subject: from a scanner\r\n\r\nx\r\n")
    until(lambda: office.files("ivan"), 10, "delivery")
    given = re.search(rb"(?mi)^Message-ID: (.*?)\r$", office.mailbox("ivan")[-1])[1].decode()
    for query in (given, given.strip("<>")):
        done = office.cli("trace", query)
        assert done.returncode == DONE and "from a scanner" in done.stdout, done


def test_trace_by_date(office):
    office.send("x@y.z", ["ivan@office.lan"], letter(number=5))
    until(lambda: office.files("ivan"), 10, "delivery")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for words, found in ((["--since", "1h"], True), (["--since", today], True), (["--until", "1h"], False),
                         (["--until", today], False), (["--since", "2020-01-01", "--until", f"{today} 23:59"], True),
                         (["5.test", "--since", "1h"], True), (["other", "--since", "1h"], False)):
        done = office.cli("trace", *words)
        assert (done.returncode == DONE) == found and ("5.test" in done.stdout) == found, (words, done)
    assert office.cli("trace", "--since", "yesterday").returncode == USAGE
    assert office.cli("trace").returncode == USAGE


def test_the_manual_is_made_of_the_verbs_table(office, tmp_path):
    """Where it fails: make pages"""
    docs = Path(__file__).parents[3] / "docs"
    assert office.cli("config-reference", "verbs", docs / "lanpost.1.in").stdout == (docs / "lanpost.1").read_text()
    for end in ("\n@no-such-verb\n", None):
        template = tmp_path / "template"
        template.write_text((docs / "lanpost.1.in").read_text().replace("\n@check\n", end or "\n"))
        done = office.cli("config-reference", "verbs", template)
        assert done.returncode == FAILED and "check" in done.stderr and done.stdout == ""


def complete(office, *words):
    return office.cli("completion", "words", *words).stdout.split()


def test_words_are_completed(office):
    assert {"status", "user", "queue", "setup", "config-reference"} <= set(complete(office))
    assert {"list", "add", "passwd", "remove"} <= set(complete(office, "user"))
    assert {"ivan", "buh", "--help"} <= set(complete(office, "user", "passwd"))
    assert "--external-alias" in complete(office, "user", "add", "x")
    assert {"--account", "--json"} <= set(complete(office, "session"))


@pytest.mark.parametrize("args", [["status"], ["session"], ["session", "--no-wait"], ["stop"], ["reload"],
                                  ["status", "--json"]], ids=" ".join)
def test_without_a_gateway_it_is_3(stopped, args):
    done = stopped.cli(*args)
    assert done.returncode == NOT_RUNNING, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("args", [
    ["check"], ["queue", "list"], ["mailbox", "list"], ["user", "list"]], ids=" ".join)
def test_what_reads_files_works_without_a_gateway(stopped, args):
    done = stopped.cli(*args)
    assert done.returncode == DONE, done.stderr


@pytest.mark.parametrize("args", [["status"], ["queue", "list"], ["mailbox", "list"], ["user", "list"]], ids=" ".join)
def test_json_is_one_document(office, args):
    office.send("ivan@office.lan", ["buh@office.lan", "client@bank.ru"], letter())
    office.mailbox_when("buh", 1)
    for command in (args + ["--json"], ["--json"] + args):
        done = office.cli(*command)
        assert done.returncode == DONE, done.stderr
        json.loads(done.stdout)


def test_options_may_stand_anywhere(office):
    command = [BUILD / "lanpost", "status", "--json", "-c", office.conf, "--lang", "ru"]
    done = subprocess.run(command, capture_output=True, timeout=90, env=environment(), text=True)
    assert done.returncode == DONE, done.stderr
    json.loads(done.stdout)


def test_status_tells_the_state_of_things(office):
    office.send("ivan@office.lan", ["client@bank.ru", "buh@office.lan"], letter())
    office.mailbox_when("buh", 1)
    status = office.status()
    assert status["gateway"]["pid"] == office.process.pid
    assert {box["user"]: box["messages"] for box in status["mailboxes"]}["buh"] == 1
    assert status["queue"]["active"] == 1
    text = office.cli("status").stdout
    assert "buh" in text


@pytest.mark.parametrize("args", [["status"], ["nonsense"], ["mailbox", "list"], ["--help"]], ids=" ".join)
def test_russian_is_spoken_on_demand(office, args):
    done = office.cli(*args, language="ru")
    assert CYRILLIC.search(done.stdout + done.stderr), done.stdout + done.stderr
    english = office.cli(*args, language="en")
    assert english.returncode == done.returncode


def test_sort_explains_without_doing(stopped, folder):
    (folder / "a.eml").write_bytes(invoice())
    (folder / "b.eml").write_bytes(letter(to="stranger@example.ru"))
    done = stopped.cli("sort", folder / "a.eml", folder / "b.eml", "--json")
    assert done.returncode == DONE, done.stderr
    json.loads(done.stdout)
    assert "invoices" in done.stdout and "buh" in done.stdout and "postmaster" in done.stdout
    text = stopped.cli("sort", folder / "a.eml")
    assert "invoices" in text.stdout and "buh" in text.stdout
    assert not (stopped.spool / "mailboxes" / "buh" / "new").exists() or stopped.files("buh") == []
    assert stopped.cli("sort", folder / "missing.eml").returncode == FAILED


def test_decode_gives_a_line_a_file(stopped, folder):
    (folder / "a.eml").write_bytes(invoice())
    (folder / "b.eml").write_bytes(letter(subject=encoded_word("Привет", "windows-1251", "Q")))
    done = stopped.cli("decode", folder / "a.eml", folder / "b.eml", "--json")
    assert done.returncode == DONE, done.stderr
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["subject"] == "Счёт на оплату" and first["from"] == "Отдел расчётов <billing@bank.ru>"
    assert first["file"] == str(folder / "a.eml") and second["subject"] == "Привет"
    assert {"file", "from", "to", "cc", "subject"} <= set(first)


def test_mailbox_show_lists_what_is_there(office):
    office.send("ivan@office.lan", ["buh@office.lan"], letter(subject=encoded_word("Отчёт", "koi8-r")))
    office.mailbox_when("buh", 1)
    done = office.cli("mailbox", "show", "buh")
    assert done.returncode == DONE and "Отчёт" in done.stdout
    assert office.cli("mailbox", "show", "nobody").returncode == FAILED


def test_queue_list_and_show(office):
    office.send("ivan@office.lan", ["client@bank.ru"], letter(subject="to the bank"))
    items = office.queue()
    ident = office.queued_files()[0].stem
    assert ident in json.dumps(items)
    done = office.cli("queue", "show", ident)
    assert done.returncode == DONE and "client@bank.ru" in done.stdout
    assert office.cli("queue", "show", "nonsense").returncode in (FAILED, USAGE)


def test_users_are_added_and_removed_and_comments_stay(stopped):
    users = stopped.folder / "users.conf"
    users.write_text("# our people\n" + users.read_text() + "; the end\n")
    done = subprocess.run([BUILD / "lanpost", "-c", stopped.conf, "user", "add", "anna"], input="new-secret\nnew-secret\n",
                          capture_output=True, text=True, timeout=90, env=environment())
    assert done.returncode == DONE, done.stderr
    text = users.read_text()
    assert text.startswith("# our people\n") and "; the end\n" in text and "[user anna]" in text
    assert "new-secret" not in text
    assert users.stat().st_mode & 0o077 == 0
    assert stopped.cli("check").returncode == DONE
    assert stopped.cli("user", "add", "anna").returncode == FAILED
    assert stopped.cli("user", "remove", "anna").returncode == DONE
    text = users.read_text()
    assert "[user anna]" not in text and text.startswith("# our people\n") and "; the end\n" in text
    assert stopped.cli("user", "remove", "nobody-here").returncode == FAILED
    for name in ("postmaster", "daemon"):
        assert stopped.cli("user", "remove", name).returncode == FAILED
    assert stopped.cli("user", "add", "daemon").returncode == FAILED
    assert stopped.cli("user", "add", "../evil").returncode in (FAILED, USAGE)


def test_a_user_added_by_hand_can_log_in_after_reload(office):
    done = subprocess.run([BUILD / "lanpost", "-c", office.conf, "user", "add", "anna"], input="new-secret\nnew-secret\n",
                          capture_output=True, text=True, timeout=90, env=environment())
    assert done.returncode == DONE, done.stderr
    assert office.cli("reload").returncode == DONE

    def can_log_in():
        try:
            return office.pop3("anna", "new-secret").quit() is not None
        except Exception:
            return False
    until(can_log_in, 10, "anna's login")


def test_stop_stops(office):
    done = office.cli("stop")
    assert done.returncode == DONE, done.stderr
    assert office.process.wait(90) == 0
    office.process = None
    assert office.cli("status").returncode == NOT_RUNNING


def test_session_knows_its_accounts(office):
    done = office.cli("session", "--account", "nowhere")
    assert done.returncode in (FAILED, USAGE) and "nowhere" in done.stderr


def test_version_and_help_need_no_configuration(folder):
    for args in (["--version"], ["--help"]):
        done = subprocess.run([BUILD / "lanpost", *args], capture_output=True, text=True, timeout=90, env=environment())
        assert done.returncode == DONE and done.stdout.strip()


def test_no_password_ever_shows(office):
    shown = "".join(office.cli(*args).stdout for args in (["status", "--json"], ["user", "list", "--json"],
                                                          ["user", "list"], ["check"]))
    assert PASSWORD not in shown + office.log() and "$6$" not in shown
