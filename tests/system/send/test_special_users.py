"""postmaster, daemon and boss."""
import email
import email.policy
import re

import pytest

from harness.letters import crlf, letter
from harness.misbehaving import MisbehavingPop3
from harness.waiting import until


def subjects(messages):
    return [re.search(rb"(?im)^subject:(.*)$", message).group(1).strip().decode() for message in messages]


@pytest.fixture
def office(make_gateway, account, dovecot):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "director": {}},
                        accounts={"office": account}, sections={"gateway": {"boss": "director"}})


# --- postmaster

def test_postmaster_gets_what_cannot_be_sorted(office, dovecot):
    dovecot.deliver("office", letter(to="who@example.ru", subject="whose"))
    office.session()
    assert subjects(office.mailbox_when("postmaster", 1)) == ["whose"]


def test_the_user_who_is_postmaster_gets_his_mail_too(make_gateway):
    gateway = make_gateway(users=["ivan", "admin"], sections={"gateway": {"postmaster": "admin"}})
    gateway.send("ivan@office.lan", ["postmaster@office.lan"], letter())
    assert len(gateway.mailbox_when("admin", 1)) == 1


def test_a_problem_is_reported_once_per_change(make_gateway):
    server = MisbehavingPop3([letter()], "sends_terminal_escapes")
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                           accounts={"shaky": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                               "password": "y"}})
    for _ in range(3):
        gateway.session(code=1)
    report, = gateway.mailbox_when("postmaster", 1)
    assert b"shaky" in report and b"\x1b" not in report
    server.misdeed = lambda event, argument, connection: None
    gateway.session()
    recovered = len(gateway.files("postmaster"))
    assert recovered in (1, 2)  # that it works again may be news
    assert len(gateway.files("ivan")) == 1
    server.misdeed = server.server_sends_terminal_escapes
    gateway.session(code=1)
    gateway.session(code=1)
    assert len(gateway.mailbox_when("postmaster", recovered + 1)) == recovered + 1
    server.stop()


# --- daemon

def test_mail_to_the_daemon_starts_a_session_and_a_report_comes_back(office, dovecot):
    dovecot.deliver("office", letter(subject="waiting upstream"))
    office.send("ivan@office.lan", ["daemon@office.lan"], letter(subject="go", sender="ivan@office.lan"))
    messages = office.mailbox_when("ivan", 2, 30)
    assert len(messages) == 2  # the letter and one report; the trigger itself is eaten
    assert "waiting upstream" in subjects(messages)
    report, = [message for message in messages if b"waiting upstream" not in message.split(b"\r\n\r\n")[0]]
    assert b"office" in report
    assert not (office.spool / "mailboxes" / "daemon").exists()
    assert dovecot.left("office") == []


def test_many_triggers_give_one_or_two_sessions_and_a_report_each(office):
    for _ in range(10):
        office.send("ivan@office.lan", ["daemon"], letter(subject="go", sender="ivan@office.lan"))
    assert len(office.mailbox_when("ivan", 10, 30)) == 10
    assert len(re.findall(r"event=session-begins .*fetch=1", office.log())) <= 3


@pytest.mark.parametrize("sender, header", [
    ("", "Subject: Undelivered"),
    ("ivan@office.lan", "Auto-Submitted: auto-replied"),
    ("ivan@office.lan", "Precedence: bulk"),
], ids=["bounce", "auto-reply", "bulk"])
def test_bounces_and_automatic_replies_to_the_daemon_start_nothing(office, dovecot, sender, header):
    dovecot.deliver("office", letter(subject="still waiting"))
    office.send(sender, ["daemon@office.lan"], crlf(f"From: ivan@office.lan\n{header}\n\nx\n".encode()))
    office.send("ivan@office.lan", ["daemon@office.lan"], letter(subject="status", sender="ivan@office.lan"))
    messages = office.mailbox_when("ivan", 1, 30)  # the answer to the second shows that the first was dealt with
    assert len(messages) == 1
    assert len(dovecot.left("office")) == 1


@pytest.mark.parametrize("subject", ["status", "queue", "STATUS"])
def test_the_subject_may_be_a_command_that_starts_no_session(office, dovecot, subject):
    dovecot.deliver("office", letter(subject="stays"))
    office.send("ivan@office.lan", ["daemon@office.lan"], letter(subject=subject, sender="ivan@office.lan"))
    office.mailbox_when("ivan", 1, 30)
    assert len(dovecot.left("office")) == 1


def test_fetch_as_a_command_fetches_that_account(office, dovecot):
    dovecot.deliver("office", letter(subject="fetched"))
    office.send("ivan@office.lan", ["daemon@office.lan"], letter(subject="fetch office", sender="ivan@office.lan"))
    office.mailbox_when("ivan", 2, 30)
    assert dovecot.left("office") == []


def test_the_daemon_gets_nothing_from_outside_and_cannot_log_in(office, dovecot):
    dovecot.deliver("office", letter(to="daemon@example.ru, daemon@office.lan", subject="from outside"))
    office.session()
    assert subjects(office.mailbox("postmaster")) == ["from outside"]
    assert office.files("ivan") == []
    with pytest.raises(Exception):
        office.pop3("daemon")


# --- boss

def test_the_boss_sees_every_letter_of_the_lan_but_not_fetched_ones(office, dovecot):
    office.send("ivan@office.lan", ["client@bank.ru"], letter(subject="out", sender="ivan@office.lan"))
    office.send("ivan@office.lan", ["ivan@office.lan"], letter(subject="in", sender="ivan@office.lan"))
    dovecot.deliver("office", letter(subject="fetched"))
    office.session("--fetch-only")
    assert sorted(subjects(office.mailbox_when("director", 2))) == ["in", "out"]


@pytest.mark.parametrize("to", [["anna@office.lan"], ["client@bank.ru"], ["anna@office.lan", "client@bank.ru"]])
def test_the_boss_copy_of_a_large_letter_shares_its_blocks(make_gateway, to):
    """Where the file system can: so the other copy's bytes begin at a block boundary in the boss's copy."""
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {}, "director": {}},
                           sections={"gateway": {"boss": "director"}})
    big = letter(to=to[0], subject="big", sender="ivan@office.lan") + b"0123456789 and so on\r\n" * 100_000
    gateway.send("ivan@office.lan", [*to, "secret@bank.ru"], big)
    gateway.mailbox_when("director", 1)
    copy, = (path.read_bytes() for path in gateway.files("director"))
    other, = (path.read_bytes() for path in [*gateway.files("anna"), *gateway.spool.glob("queue/*/*.msg")][:1])
    header = copy[:-len(other)]
    assert copy.endswith(other) and len(header) % 4096 == 0
    fields = [line.partition(b":") for line in header.replace(b"\r\n ", b" ").splitlines()]
    assert {name for name, _, _ in fields} == {b"X-Envelope-From", b"X-Envelope-To", b"X-Envelope-Filling"}
    assert b"secret@bank.ru" in header and b"secret" not in other
    assert max(len(line) for line in header.splitlines()) <= 78


def test_without_a_boss_there_are_no_copies(make_gateway):
    gateway = make_gateway(users=["ivan", "anna"])
    gateway.send("ivan@office.lan", ["anna@office.lan"], letter())
    gateway.mailbox_when("anna", 1)
    assert gateway.files("ivan") == [] and gateway.files("postmaster") == []


def asked(office, user, subject):
    before = len(office.files(user))
    office.send(f"{user}@office.lan", ["daemon"], f"From: {user}@office.lan\r\nSubject: {subject}\r\nMessage-ID: <{subject.split()[0]}.{user}@pc>\r\n\r\n")
    until(lambda: len(office.files(user)) > before, 20, "the answer")
    return email.message_from_bytes(office.mailbox(user)[-1], policy=email.policy.default)


def test_users_hear_of_their_own_mail_only(make_gateway):
    office = make_gateway(users={"anna": {"external_alias": "anna@example.ru"}, "buh": {"external_alias": "buh@example.ru"}, "admin": {}},
                          sections={"gateway": {"postmaster": "admin"}})
    office.send("buh@office.lan", ["tax@gov.example", "other@gov.example"], letter(number=1, sender="buh@office.lan"))
    office.send("anna@office.lan", ["friend@example.net"], letter(number=2, sender="anna@office.lan"))
    until(lambda: len(office.queued_files()) == 2, 10, "the queue")
    annas, everybodys = asked(office, "anna", "queue").get_content(), asked(office, "admin", "queue").get_content()
    assert "friend@example.net" in annas and "gov.example" not in annas and "buh" not in annas
    assert all(word in everybodys for word in ("friend@example.net", "tax@gov.example", "other@gov.example"))


def test_the_daemons_answer_is_in_the_thread(make_gateway):
    office = make_gateway(users=["anna"])
    answer = asked(office, "anna", "status")
    assert answer["In-Reply-To"] == answer["References"] == "<status.anna@pc>"
    assert answer["Auto-Submitted"] == "auto-replied" and "status" in answer["Subject"]


def test_an_account_that_does_not_exist_is_answered_with_those_that_do(make_gateway):
    office = make_gateway(users=["anna"], accounts={"sales": {"url": "pop3://127.0.0.1:9", "tls": "none", "user": "x", "password": "y"}})
    text = asked(office, "anna", "fetch nope").get_content()
    assert "no account nope" in text and "sales" in text and "fetched" not in text.lower()


def test_the_state_is_answered_with_scanners(make_gateway):
    office = make_gateway(users=["anna"], sections={"scanner av": {"url": "clamd://127.0.0.1:1"}})
    assert "Queue: 0 to send" in asked(office, "anna", "status").get_content()
    assert "process-crashed" not in office.log() and "session-crashed" not in office.log()


def test_hundreds_of_commands_read_the_spool_once(make_gateway):
    """Anybody on the LAN may write them in a user's name: a session that lists all mailboxes for each takes minutes."""
    gateway = make_gateway(users={"ivan": {}, "anna": {}}, sections={"gateway": {"daemon_limit": 1}})
    for number in range(10000):
        (gateway.spool / "mailboxes" / "anna" / "new" / f"{1700000000 + number}.M{number}P1.x,S=4").write_bytes(b"\r\n\r\n")
    with gateway.smtp() as client:
        for _ in range(400):
            client.sendmail("ivan@office.lan", ["daemon"], "Subject: status\r\n\r\n")
    gateway.stop()
    gateway.start()
    assert len(gateway.mailbox_when("ivan", 400, seconds=25)) == 400
