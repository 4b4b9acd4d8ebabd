"""Attachments that an office forbids are found by name, by real type and inside of archives, in mail from outside, to outside and within."""
import io
import json
import smtplib
import zipfile
from email.message import EmailMessage

import pytest

from harness.gateway import PASSWORD
from harness.misbehaving import MisbehavingPop3
from harness.sink import Sink
from harness.waiting import until

PROGRAM = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0\1\0\0\0" + bytes(40)


def archive(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files:
            packed.writestr(name, content)
    return out.getvalue()


def mail(number, name, content, recipient="ivan@office.lan", sender="billing@bank.ru"):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, recipient, f"number {number}", f"<{number}.test@bank.ru>"
    message.set_content("See the file.")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


def office(make_gateway, messages=(), smarthost=None, **filters):
    provider = MisbehavingPop3([bytes(message).replace(b"\n", b"\r\n") for message in messages])
    sections = {"filter": {"attachments_forbidden": "*.exe, *.js, application/x-dosexec", "attachments_kinds": "macros, program", **filters}}
    if smarthost:
        sections["smarthost default"] = {"url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none"}
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"external_alias": "anna@example.ru"}}, sections=sections,
                           accounts={"office": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none", "user": "office", "password": "x"}},
                           rules={"all": {"when": "always", "deliver": "ivan"}})
    return gateway, provider


def subjects(messages):
    return sorted(line[len(b"Subject: "):].decode() for message in messages for line in message.split(b"\r\n\r\n")[0].split(b"\r\n")
                  if line.startswith(b"Subject: "))


def submit(gateway, message):
    with smtplib.SMTP("127.0.0.1", gateway.smtp_port) as client:
        client.login("anna", PASSWORD)
        client.send_message(message)


def test_fetched_attachments_go_to_quarantine_and_out_of_it(make_gateway):
    gateway, provider = office(make_gateway, [
        mail(1, "report.pdf", b"%PDF-1.4\n"), mail(2, "Run.EXE", b"x"), mail(3, "photo.jpg", PROGRAM),
        mail(4, "a.zip", archive(("readme.txt", "x"), ("in.zip", archive(("invoice.js", "x"))))),
        mail(5, "a.docm", archive(("[Content_Types].xml", "<x/>"), ("word/vbaProject.bin", "x"))), mail(6, "a.zip", archive(("a.txt", "x")))])
    gateway.session()
    assert subjects(gateway.mailbox("ivan")) == ["number 1", "number 6"] and provider.left == []
    assert b"X-Attachment-Status: allowed\r\n" in gateway.mailbox("ivan")[0]
    kept = gateway.cli("quarantine", "list", "--json").stdout
    for text in ("Run.EXE", "photo.jpg", "a.zip: in.zip: invoice.js", "a.docm: word/vbaProject.bin"):
        assert text in kept, kept
    assert "attachment with macros: a.docm: word/vbaProject.bin" in gateway.cli("trace", "<5.test@bank.ru>").stdout
    number, = [one["id"] for one in json.loads(kept) if "Run.EXE" in str(one)]
    assert gateway.cli("quarantine", "release", number).returncode == 0
    until(lambda: subjects(gateway.mailbox("ivan")) == ["number 1", "number 2", "number 6"], 20, "the released message")


def test_mail_from_the_lan_is_refused_with_the_reason(make_gateway):
    smarthost = Sink()
    gateway, _ = office(make_gateway, smarthost=smarthost, attachments="reject", attachments_on="outgoing")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        submit(gateway, mail(1, "a.zip", archive(("run.exe", "x")), "client@bank.ru", "anna@office.lan"))
    assert refused.value.smtp_code == 554 and b"forbidden attachment: a.zip: run.exe" in refused.value.smtp_error
    submit(gateway, mail(2, "run.exe", b"x", "ivan@office.lan", "anna@office.lan"))  # within the office: not looked at
    until(lambda: subjects(gateway.mailbox("ivan")) == ["number 2"], 20, "the message")
    assert gateway.queued_files() == [] and not gateway.cli("queue", "list").stdout.count("@bank.ru")


def test_tagged_mail_is_delivered_and_says_what_is_in_it(make_gateway):
    gateway, _ = office(make_gateway, [mail(1, "run.exe", b"x")], attachments="tag")
    gateway.session()
    message, = gateway.mailbox("ivan")
    assert b"X-Attachment-Status: forbidden attachment: run.exe\r\n" in message


def test_without_forbidden_attachments_there_is_no_process(make_gateway):
    gateway, _ = office(make_gateway, [mail(1, "run.exe", b"x")], attachments_forbidden="", attachments_kinds="")
    gateway.session()
    message, = gateway.mailbox("ivan")
    assert gateway.process_named("filter") is None and b"X-Attachment-Status" not in message
