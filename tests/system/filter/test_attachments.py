"""Attachments that an office forbids are found by name, by real type and inside of archives, in mail from outside, to outside and within."""
import email
import email.policy
import io
import json
import re
import smtplib
import zipfile
from email.message import EmailMessage

import pytest

from harness.gateway import PASSWORD
from harness.misbehaving import MisbehavingPop3
from harness.scanner import Clamd
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
    assert "scanned        no forbidden attachment" in history(gateway, "<6.test@bank.ru>")[0]  # there is no scanner
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


def history(gateway, query):
    """What trace says, a text for each message, the oldest first."""
    return re.split(r"(?m)^(?=\w{20}  )", gateway.cli("trace", query).stdout)[1:]


def parsed(message):
    return email.message_from_bytes(message, policy=email.policy.default)


def text_of(part):
    return part.get_content().replace("\r\n", "\n")


def signed(number, name, content):
    """The part with the file is signed with the others: nothing can be taken out of it."""
    inner = bytes(mail(number, name, content)).split(b"\n\n", 1)
    boundary = [line for line in inner[0].split(b"\n") if b"boundary" in line or line.startswith(b"Content-Type")]
    return b"\n".join([b"From: billing@bank.ru", b"To: ivan@office.lan", f"Subject: number {number}".encode(), b"MIME-Version: 1.0",
                       b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="sig"', b"", b"--sig"] + boundary +
                      [b"", inner[1], b"--sig", b"Content-Type: application/pgp-signature", b"", b"x", b"--sig--", b""])


def test_a_stripped_message_says_what_is_gone_and_the_whole_one_is_released(make_gateway):
    message = mail(1, "a.zip", archive(("run.exe", "x")))
    message.add_attachment(b"%PDF-1.4\n", maintype="application", subtype="pdf", filename="bill.pdf")
    message.add_attachment(PROGRAM, maintype="image", subtype="png", filename="photo.png")
    gateway, provider = office(make_gateway, [message], attachments="strip")
    gateway.session()
    assert provider.left == []
    got, = gateway.mailbox("ivan")
    parts = list(parsed(got).walk())[1:]
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/plain", "application/pdf", "text/plain"]
    assert parts[0].get_content().strip() == "See the file." and parts[2].get_content() == b"%PDF-1.4\n"
    assert b"photo.png" not in got and b"X-Attachment-Status: forbidden attachment: a.zip: run.exe\r\n" in got
    kept, = json.loads(gateway.cli("quarantine", "list", "--json").stdout)
    assert kept["recipients"] == ["ivan"] and "delivered without it" in kept["why"]
    for part, words in ((parts[1], ["a.zip: run.exe", "forbidden attachment"]), (parts[3], ["photo.png", "application/x-", "attached program"])):
        assert all(word in text_of(part) for word in words + [kept["id"], "quarantine"]), text_of(part)
    name, = (path.name for path in gateway.files("ivan"))
    assert f",S={len(got)}" in name  # what IMAP and POP3 announce
    assert gateway.cli("quarantine", "release", kept["id"]).returncode == 0
    until(lambda: len(gateway.mailbox("ivan")) == 2, 20, "the whole message")
    whole = next(one for one in gateway.mailbox("ivan") if one != got)
    assert [part.get_filename() for part in parsed(whole).walk()][2:] == ["a.zip", "bill.pdf", "photo.png"]
    assert list(parsed(whole).walk())[4].get_payload(decode=True) == PROGRAM
    assert gateway.cli("quarantine", "list").stdout.strip() == "the quarantine is empty"


def test_what_cannot_be_cut_is_kept_whole(make_gateway):
    """A signed part; a file in the middle of the text; a message that is nothing but the file is cut, and keeps its own header."""
    alone = mail(3, "run.exe", b"x").get_payload()[1]
    for field in ("From", "To", "Subject", "MIME-Version"):
        del alone[field]
        alone[field] = {"From": "billing@bank.ru", "To": "ivan@office.lan", "Subject": "number 3", "MIME-Version": "1.0"}[field]
    uuencoded = b"From: billing@bank.ru\nTo: ivan@office.lan\nSubject: number 2\n\nhello\nbegin 644 run.exe\n#xxx\nend\n"
    gateway, _ = office(make_gateway, [signed(1, "run.exe", b"x"), uuencoded, alone], attachments="strip")
    gateway.session()
    got, = gateway.mailbox("ivan")
    assert subjects([got]) == ["number 3"] and parsed(got).get_content_type() == "text/plain" and "run.exe" in text_of(parsed(got))
    assert got.count(b"Content-Type:") == 1 and b"filename" not in got
    kept = json.loads(gateway.cli("quarantine", "list", "--json").stdout)
    assert [(one["subject"], "delivered without it" in one["why"]) for one in kept] == [("number 1", False), ("number 2", False), ("number 3", True)]


def test_stripped_mail_within_the_office_and_none_that_leaves(make_gateway):
    """Somebody outside cannot ask for the rest: the sender gets a refusal at once."""
    smarthost = Sink()
    gateway, _ = office(make_gateway, smarthost=smarthost, attachments="strip")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        submit(gateway, mail(1, "run.exe", b"x", "client@bank.ru", "anna@office.lan"))
    assert refused.value.smtp_code == 554 and b"forbidden attachment: run.exe" in refused.value.smtp_error
    submit(gateway, mail(2, "run.exe", b"x", "ivan@office.lan", "anna@office.lan"))
    until(lambda: len(gateway.mailbox("ivan")) == 1, 20, "the message")
    assert b"run.exe" not in gateway.mailbox("ivan")[0].split(b"\r\n\r\n", 1)[1]
    assert len(gateway.files("_quarantine")) == 1 and gateway.queued_files() == []


def test_what_is_scanned_later_is_stripped_in_its_place(make_gateway):
    av = Clamd()
    av.stop()
    gateway, _ = office(make_gateway, [mail(1, "run.exe", b"x"), mail(2, "a.txt", b"x")], attachments_forbidden="", attachments_kinds="")
    gateway.main["scanner av"] = {"url": av.url}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    gateway.session()
    assert len(gateway.mailbox("ivan")) == 2
    Clamd(port=av.port)
    gateway.main["filter"] = {"attachments_forbidden": "*.exe", "attachments": "strip"}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    gateway.session()
    messages = gateway.mailbox("ivan")
    assert subjects(messages) == ["number 1", "number 2"]
    got, = [message for message in messages if b"number 1" in message]
    kept, = json.loads(gateway.cli("quarantine", "list", "--json").stdout)
    assert kept["recipients"] == ["ivan"] and "delivered without it" in kept["why"]
    assert [part.get_content_type() for part in parsed(got).walk()][1:] == ["text/plain", "text/plain"]
    assert kept["id"] in text_of(list(parsed(got).walk())[2]) and got.count(b"X-Virus-Status: ") == 1 and b"X-Virus-Status: clean" in got
    whole, = [path.read_bytes() for path in gateway.files("_quarantine")]
    assert [part.get_filename() for part in parsed(whole).walk()][2:] == ["run.exe"]
    first, again = history(gateway, "<1.test@bank.ru>")
    assert f"replaced       ivan: by message {kept['id']}, which has no forbidden attachments" in first and "quarantined" not in first
    assert "accepted       in place of message " in again and "quarantined    _quarantine: forbidden attachment: run.exe" in again


def test_stripped_and_whole_survive_a_crash(make_gateway):
    gateway, provider = office(make_gateway, [mail(number, "run.exe", b"x") for number in range(20)], attachments="strip")
    gateway.session()
    gateway.kill_all()
    gateway.start()
    assert provider.left == [] and subjects(gateway.mailbox("ivan")) == sorted(f"number {number}" for number in range(20))
    assert len(gateway.files("_quarantine")) == 20
    assert not any(b"filename" in message for message in gateway.mailbox("ivan"))
    assert all(b"filename" in path.read_bytes() for path in gateway.files("_quarantine"))
