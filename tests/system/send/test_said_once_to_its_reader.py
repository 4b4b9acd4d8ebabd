"""What is said is said once, without what only the log needs, and in the language of who reads it."""
import email
import email.policy
import re

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3, MisbehavingSmtp
from harness.terminal import Terminal


def account(port):
    return {"url": f"pop3://127.0.0.1:{port}", "tls": "none", "user": "x", "password": "y"}


def parsed(message):
    return email.message_from_bytes(message, policy=email.policy.default)


@pytest.mark.parametrize("language, words", [("en", "none is scheduled"), ("ru", "не запланирован")])
def test_status_says_that_no_session_is_planned(make_gateway, language, words):
    assert words in make_gateway(users=["ivan"]).cli("status", language=language).stdout


@pytest.mark.parametrize("language", ["en", "ru"])
def test_trace_says_each_thing_once_and_in_columns(make_gateway, language):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}})
    office.send("ivan@office.lan", ["client@bank.ru"], letter(sender="ivan@office.lan", to="client@bank.ru"))
    ident, = (message["id"] for message in office.queue())
    office.cli("queue", "hold", ident)
    told = office.cli("trace", ident, language=language).stdout
    assert "client@bank.ru: client@bank.ru" not in told
    lines = [line for line in told.splitlines() if re.match(r"  [\d.-]{10} ", line)]
    starts = {re.match(r"  \S+ \S+  \S+(?: \S+)* {2,}", line).end() for line in lines if not line.endswith(" ")}
    assert len(lines) >= 3 and len(starts) == 1, told


def test_no_line_of_the_log_stands_between_the_answers(make_gateway):
    office = make_gateway(users=["ivan"], accounts={"dead": account(1)})
    tested = office.cli("account", "test", "dead")
    assert "cannot connect to 127.0.0.1:1: Connection refused" in tested.stdout and "event=" not in tested.stderr
    restored = office.cli("restore", "/nonexistent")
    assert restored.returncode == 1 and restored.stderr.count("/nonexistent") == 1 and "event=" not in restored.stderr


def test_no_age_is_given_in_figures_of_nineteen_digits(make_gateway):
    refused = make_gateway(users=["ivan"]).cli("mailbox", "purge", "ivan", "--older", "0")
    assert refused.returncode == 2 and "from 1s to 36500d" in refused.stderr


def test_problems_are_told_in_the_language_of_postmasters_reader(make_gateway):
    provider = MisbehavingPop3([letter()])
    office = make_gateway(users={"boris": {"language": "ru"}}, accounts={"office": account(1)},
                          sections={"gateway": {"postmaster": "boris"}})
    office.session(code=1)
    problem, = map(parsed, office.mailbox("boris"))
    assert problem["Subject"] == "Неполадка: учётная запись office"
    assert "lanpost account test office" in problem.get_content() and "в соединении отказано" in problem.get_content()
    assert problem["To"].addresses[0].addr_spec == "postmaster@office.lan"
    office.empty("boris")
    office.accounts["office"] = account(provider.port)
    office.write()
    office.cli("reload")
    office.session()
    provider.stop()
    over = [message for message in map(parsed, office.mailbox("boris")) if "office" in message["Subject"]]
    assert "Устранено" in over[0]["Subject"] and "there" not in over[0].get_content()


def test_damaged_mail_comes_with_the_command_that_removes_it(make_gateway):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}})
    office.send("ivan@office.lan", ["client@bank.ru"], letter(sender="ivan@office.lan", to="client@bank.ru"))
    ident, = (message["id"] for message in office.queue())
    office.stop()
    envelope, = office.queued_files("active")
    envelope.write_bytes(b"\0" * 100)
    office.start()
    office.cli("session", "--send-only")
    told = [parsed(message) for message in office.mailbox_when("postmaster", 2)]
    assert any(f"lanpost queue delete {ident}" in message.get_content() for message in told if not message.is_multipart())
    assert office.cli("queue", "delete", ident, "--yes").returncode == 0


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_steps_of_a_test_break_between_words_on_a_terminal(make_gateway, language):
    smarthost = MisbehavingSmtp()  # offers no login
    office = make_gateway(users=["ivan"], smarthosts={"default": {"url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none",
                                                                  "user": "office", "password": "x"}})
    terminal = Terminal("-c", office.conf, "smarthost", "test", "default", language=language)
    try:
        terminal.wait_end(1)
        told = office.cli("smarthost", "test", "default", language=language).stdout
        lines = [line for line in terminal.lines() if line.startswith(" " * 13)]
    finally:
        terminal.close()
        smarthost.stop()
    assert lines and all(re.search(rf"(?m)[ ]{re.escape(line.strip())}([ ]|$)", told) for line in lines)  # whole words; one line in a pipe
