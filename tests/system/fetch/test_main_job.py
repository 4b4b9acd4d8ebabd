"""One letter travels the whole way: provider, rule, mailbox, mail programs, reply, smarthost, boss."""
import os
import subprocess

import pytest

from harness.gateway import PASSWORD
from harness.letters import added_headers, crlf, invoice
from harness.waiting import until

USERS = {
    "ivan": {"external_alias": "ivan@example.ru", "full_name": "Иван Петров"},
    "buh": {"external_alias": "buh@example.ru"},
    "anna": {},
    "director": {},
}
RULES = {"invoices": {"when": 'subject contains "счёт"', "deliver": "buh"}}


@pytest.fixture
def office(make_gateway, account, smarthost):
    return make_gateway(users=USERS, rules=RULES, accounts={"office": account}, smarthosts={"default": smarthost},
                        sections={"gateway": {"boss": "director"}})


def run(command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, timeout=90,
                          **options)
    assert done.returncode == 0, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    return done.stdout


def read_with_poplib(office, folder):
    return office.mailbox("buh")[0]


def read_with_curl(office, folder):
    return run(["curl", "-sS", "--max-time", "30", f"pop3://127.0.0.1:{office.pop3_port}/1", "-u", f"buh:{PASSWORD}"])


def delivered_by(folder, program, config, *arguments):
    """Runs mpop or fetchmail with an MDA that keeps the bytes."""
    target = folder / f"{program}.eml"
    rc = folder / f"{program}rc"
    rc.write_text(config.format(mda=f"cat > {target}"))
    rc.chmod(0o700 if program == "fetchmail" else 0o600)
    run([program, *arguments, rc], env={**os.environ, "HOME": str(folder), "FETCHMAILHOME": str(folder)})
    return crlf(target.read_bytes())


def read_with_mpop(office, folder):
    return delivered_by(folder, "mpop", f"""account default
host 127.0.0.1
port {office.pop3_port}
user buh
password {PASSWORD}
tls off
auth user
keep on
received_header off
uidls_file {folder}/uidls
delivery mda "{{mda}}"
""", "-q", "-C")


def read_with_fetchmail(office, folder):
    return delivered_by(folder, "fetchmail", f"""set no bouncemail
set invisible
poll 127.0.0.1 service {office.pop3_port} protocol pop3 uidl
  user buh password "{PASSWORD}" sslproto "" keep fetchall no rewrite mda "{{mda}}"
""", "--nosyslog", "--nodetach", "-f")


READERS = [read_with_poplib, read_with_curl, read_with_mpop, read_with_fetchmail]


def test_the_invoice_reaches_the_accountant_once_and_unchanged(office, dovecot, folder):
    dovecot.deliver("office", invoice())
    office.session()
    assert len(office.files("buh")) == 1
    for user in ("ivan", "anna", "director", "postmaster"):
        assert office.files(user) == []
    assert dovecot.left("office") == []
    for reader in READERS:
        added_headers(reader(office, folder), invoice())
    office.session()
    assert len(office.files("buh")) == 1


def test_a_reply_leaves_under_the_external_alias(office, postfix):
    reply = crlf(b"From: =?utf-8?B?0JjQstCw0L0=?= <ivan@office.lan>\nSender: ivan@office.lan\n"
                 b"Reply-To: \"Ivan\" <ivan@office.lan>\nTo: billing@bank.ru\nSubject: Re: invoice\n"
                 b"Message-ID: <reply-1@office.lan>\nDate: Mon, 23 Nov 2026 10:00:00 +0300\n\nWrite to ivan@office.lan\n")
    office.send("ivan@office.lan", ["billing@bank.ru"], reply)
    office.session("--send-only")
    letter, = postfix.letters(1)
    assert letter.sender == "ivan@example.ru"
    assert letter.recipients == ["billing@bank.ru"]
    assert letter.header("From") == ["=?utf-8?B?0JjQstCw0L0=?= <ivan@example.ru>"]
    assert letter.header("Sender") == ["ivan@example.ru"]
    assert letter.header("Reply-To") == ['"Ivan" <ivan@example.ru>']
    assert letter.header("Message-ID") == ["<reply-1@office.lan>"]
    assert letter.body == b"Write to ivan@office.lan\r\n"  # text that the user wrote stays
    assert office.queued_files() == []
    office.session("--send-only")
    assert len(postfix.sink.letters) == 1


def test_the_boss_has_one_copy_and_bcc_shows_to_him_alone(office, postfix):
    office.send("ivan@office.lan", ["anna@office.lan", "buh@office.lan", "billing@bank.ru"],
                b"From: ivan@office.lan\r\nTo: anna@office.lan\r\nBcc: buh@office.lan\r\nSubject: secret\r\n\r\nx\r\n")
    copy, = office.mailbox_when("director", 1)
    head = copy.split(b"\r\n\r\n")[0].lower()
    assert b"x-envelope-from: <ivan@office.lan>" in head or b"x-envelope-from: ivan@office.lan" in head
    envelope_to = b" ".join(line for line in head.replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ").split(b"\r\n")
                            if line.startswith(b"x-envelope-to:"))
    for recipient in (b"anna@office.lan", b"buh@office.lan", b"billing@bank.ru"):
        assert recipient in envelope_to
    office.session("--send-only")
    outside, = postfix.letters(1)
    for message in (office.mailbox("anna")[0], office.mailbox("buh")[0], outside.content):
        head = message.split(b"\r\n\r\n")[0].lower()
        assert b"\nbcc:" not in head and b"x-envelope" not in head
    assert b"buh@office.lan" not in office.mailbox("anna")[0] + outside.content
    assert len(office.files("director")) == 1


def test_the_boss_gets_one_copy_of_mail_to_himself(office):
    office.send("ivan@office.lan", ["director@office.lan"], b"Subject: to you\r\n\r\nx\r\n")
    office.mailbox_when("director", 1)
    office.send("ivan@office.lan", ["anna@office.lan"], b"Subject: next\r\n\r\nx\r\n")
    assert len(office.mailbox_when("director", 2)) == 2


def test_mail_is_found_by_address_and_the_rest_goes_to_postmaster(office, dovecot):
    dovecot.deliver("office", crlf(b"From: a@b.ru\nTo: Ivan <IVAN@example.ru>, anna@office.lan\nSubject: both\n\nx\n"))
    dovecot.deliver("office", crlf(b"From: a@b.ru\nTo: stranger@example.ru\nSubject: whose?\n\nx\n"))
    office.session()
    assert [len(office.files(user)) for user in ("ivan", "anna", "postmaster")] == [1, 1, 1]
    assert b"whose?" in office.mailbox("postmaster")[0]


def test_schedule_starts_a_session_by_itself(make_gateway, account, dovecot):
    dovecot.deliver("office", invoice())
    office = make_gateway(users=USERS, rules=RULES, accounts={"office": account},
                          sections={"schedule": {"every": "2s", "on_start": "yes"}})
    until(lambda: office.files("buh"), 15, "the session at the start")
    dovecot.deliver("office", invoice())
    until(lambda: len(office.files("buh")) == 2, 15, "the session after two seconds")
