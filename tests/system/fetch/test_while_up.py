"""A command of the admin runs while the line is up, when the mail is done; scanners that ask the internet are asked only then."""
import json
import smtplib

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.scanner import Rspamd
from harness.waiting import until


def office(make_gateway, folder, messages=(), sections=None, **line):
    provider = MisbehavingPop3(messages)
    commands = {"connect_command": f"echo up >> {folder}/log; touch {folder}/up", "disconnect_command": f"echo down >> {folder}/log; rm {folder}/up"}
    return make_gateway(users=("ivan", "anna"), rules={"all": {"when": "always", "deliver": "ivan"}},
                        accounts={"office": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none", "user": "office", "password": "x"}},
                        sections={"line": {**commands, **line}, **(sections or {})})


def said(folder):
    return (folder / "log").read_text().split()


def test_it_runs_between_the_mail_and_the_end_of_the_line(make_gateway, folder):
    gateway = office(make_gateway, folder, [letter(number=1)], while_up=f"ls {folder}/up >> {folder}/log; echo up to date")
    answer = json.loads(gateway.cli("session", "--json").stdout)
    assert said(folder) == ["up", f"{folder}/up", "down"] and len(gateway.files("ivan")) == 1
    assert answer["while_up"]["output"] == "up to date" and answer["while_up"]["error"] is None and answer["while_up"]["seconds"] >= 0
    events = gateway.cli("trace", answer["session"]).stdout
    assert "while_up: done; " in events and "up to date" in events, events
    assert "command while connected: done in" in gateway.session().stdout
    assert said(folder).count(f"{folder}/up") == 2  # in each session


def test_a_failure_is_reported_once_and_no_mail_waits_for_it(make_gateway, folder):
    gateway = office(make_gateway, folder, [letter(number=1)], while_up="echo no mirror; exit 2")
    gateway.session()
    gateway.session()
    report, = gateway.mailbox_when("postmaster", 1)
    assert b"while_up ended with exit code 2: no mirror" in report and len(gateway.files("ivan")) == 1
    gateway.main["line"]["while_up"] = "true"
    gateway.write()
    gateway.cli("reload")
    gateway.session()
    assert b"while_up" in gateway.mailbox_when("postmaster", 2)[1]


def test_it_is_bounded_in_time_and_may_run_rarely(make_gateway, folder):
    gateway = office(make_gateway, folder, while_up=f"echo ran >> {folder}/log; sleep 600", while_up_timeout="1s", while_up_every="5h")
    gateway.session()
    assert said(folder) == ["up", "ran", "down"]
    assert "while_up" in gateway.cli("trace", json.loads(gateway.cli("status", "--json").stdout)["session"]["last"]["session"]).stdout
    gateway.session()
    assert said(folder).count("ran") == 1 and said(folder).count("up") == 2


def test_without_a_line_it_does_not_run(make_gateway, folder):
    gateway = office(make_gateway, folder, connect_command="exit 1", while_up=f"echo ran >> {folder}/log")
    gateway.session(code=1)
    assert "ran" not in said(folder)


class Watching(Rspamd):
    """Notes at each question whether the line is up."""

    def __init__(self, up):
        self.up, self.asked = up, []
        super().__init__()

    def serve(self, connection):
        self.asked.append(self.up.exists())
        super().serve(connection)


def test_a_scanner_that_asks_the_internet_is_asked_only_while_the_line_is_up(make_gateway, folder):
    """Mail of the LAN is delivered meanwhile, and scanned in the next session; what is found bad then goes to quarantine."""
    spam, provider = Watching(folder / "up"), [letter(number=1, body="SCORE:20\n")]
    gateway = office(make_gateway, folder, provider, {"scanner rs": {"url": spam.url, "needs_line": "yes"}}, disconnect_command=f"rm {folder}/up")
    with smtplib.SMTP("127.0.0.1", gateway.smtp_port) as client:
        client.login("anna", PASSWORD)
        client.sendmail("anna@office.lan", ["ivan@office.lan"], letter(number=2, body="SCORE:7 within the office\n"))
    until(lambda: len(gateway.files("ivan")) == 1, 30, "the message of the LAN")
    assert spam.asked == []
    events = gateway.cli("trace", "<2.test@bank.ru>").stdout
    assert "the line is down" in events, events
    gateway.session()
    assert spam.asked and all(spam.asked), spam.asked
    assert len(gateway.files("_quarantine")) == 1
    assert sum(b"within the office" in message for message in spam.messages) == 1
    assert "spam score 7.0" in gateway.cli("trace", "<2.test@bank.ru>").stdout
