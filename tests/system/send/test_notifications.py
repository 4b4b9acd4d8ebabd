"""RFC 3461: senders get exactly the notifications that they requested."""
import email
import email.policy

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingSmtp

BODY = "the text of the letter itself"


def office_at(make_gateway, port):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {}, "away": {"forward": "away@bank.ru"}},
                        smarthosts={"default": {"url": f"smtp://127.0.0.1:{port}", "tls": "none"}})


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {}, "anna": {}})


def send(office, recipient, *rcpt_options, mail_options=(), sender="ivan@office.lan"):
    with office.smtp() as smtp:
        assert smtp.ehlo()[0] == 250 and smtp.has_extn("dsn")
        assert smtp.sendmail(sender, [recipient], letter(sender="ivan@office.lan", to=recipient, body=BODY, subject="привет"),
                             mail_options=list(mail_options), rcpt_options=list(rcpt_options)) == {}


def report_of(message):
    """The machine's part of a report, as a dict a recipient, the first one being the message's."""
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/report" and parsed.get_param("report-type") == "delivery-status"
    text, status, original = parsed.iter_parts()
    assert status.get_content_type() == "message/delivery-status"
    return text.get_content(), [dict(part.items()) for part in status.get_payload()], original


def test_delivered_to_a_mailbox(office):
    send(office, "anna", "NOTIFY=SUCCESS", "ORCPT=rfc822;Anna+2B1@office.lan", mail_options=["ENVID=Q+2B7", "RET=FULL"])
    office.mailbox_when("anna", 1)
    notice, = office.mailbox_when("ivan", 1)
    text, (message, recipient), original = report_of(notice)
    assert "привет" in text and "anna@office.lan" in text
    assert message["Original-Envelope-Id"] == "Q+7"
    assert recipient["Original-Recipient"] == "rfc822;Anna+1@office.lan"
    assert recipient["Final-Recipient"] == "rfc822; anna@office.lan"
    assert (recipient["Action"], recipient["Status"]) == ("delivered", "2.0.0")
    assert original.get_content_type() == "text/rfc822-headers" and BODY.encode() not in notice
    assert b"Auto-Submitted: auto-replied" in notice


@pytest.mark.parametrize("options", [(), ("NOTIFY=NEVER",), ("NOTIFY=FAILURE,DELAY",)], ids=str)
def test_who_does_not_ask_is_not_told(office, options):
    send(office, "anna", *options)
    office.mailbox_when("anna", 1)
    send(office, "ivan")
    assert len(office.mailbox_when("ivan", 1)) == 1 and b"multipart/report" not in office.mailbox("ivan")[0]


def test_nobody_outside_is_told(office):
    send(office, "anna", "NOTIFY=SUCCESS", sender="stranger@bank.ru")
    office.mailbox_when("anna", 1)
    assert office.queued_files() == [] and office.files("ivan") == []


def test_relayed_by_a_smarthost_that_will_not_tell(make_gateway):
    server = MisbehavingSmtp()
    office = office_at(make_gateway, server.port)
    send(office, "client@bank.ru", "NOTIFY=SUCCESS,FAILURE", mail_options=["ENVID=E1"])
    send(office, "quiet@bank.ru")
    office.session("--send-only")
    office.session("--send-only")
    server.stop()
    assert len(server.letters) == 2
    notice, = office.mailbox_when("ivan", 1)
    text, (message, recipient), _ = report_of(notice)
    assert "client@bank.ru" in text and "quiet" not in text
    assert recipient["Action"] == "relayed" and message["Original-Envelope-Id"] == "E1"


@pytest.mark.parametrize("options, told", [
    (["NOTIFY=NEVER"], False), (["NOTIFY=SUCCESS"], False), (["NOTIFY=FAILURE"], True), ([], True)], ids=str)
def test_refused_for_good(make_gateway, options, told):
    server = MisbehavingSmtp("refuses_the_message_after_the_dot")
    office = office_at(make_gateway, server.port)
    send(office, "client@bank.ru", *options, mail_options=["RET=FULL"])
    office.cli("session", "--send-only")
    server.stop()
    assert office.queued_files() == []
    assert [len(office.files(user)) for user in ("ivan", "postmaster")] == [told, told]
    if told:
        bounce, = office.mailbox("ivan")
        _, (_, recipient), original = report_of(bounce)
        assert recipient["Action"] == "failed" and recipient["Status"] == "5.7.1"
        assert original.get_content_type() == "message/rfc822" and BODY.encode() in bounce


def test_headers_alone_come_back_by_default(make_gateway):
    server = MisbehavingSmtp("refuses_the_message_after_the_dot")
    office = office_at(make_gateway, server.port)
    send(office, "client@bank.ru", mail_options=["RET=HDRS"])
    office.cli("session", "--send-only")
    server.stop()
    bounce, = office.mailbox_when("ivan", 1)
    assert BODY.encode() not in bounce and report_of(bounce)[2].get_content_type() == "text/rfc822-headers"


def test_postfix_is_asked_and_answers(make_gateway, smarthost, postfix):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts={"default": smarthost})
    send(office, "client@bank.ru", "NOTIFY=SUCCESS", "ORCPT=rfc822;first@bank.ru", mail_options=["ENVID=E+2B9"])
    office.session("--send-only")
    letters = postfix.letters(2)
    notice, = [found for found in letters if found.recipients == ["ivan@example.ru"]]
    _, (message, recipient), _ = report_of(notice.content)
    assert message["Original-Envelope-Id"] == "E+9" and recipient["Original-Recipient"] == "rfc822;first@bank.ru"
    assert recipient["Action"] == "relayed"
    assert office.files("ivan") == []  # what Postfix tells we do not tell again


def test_wishes_go_along_with_a_forward(make_gateway):
    server = MisbehavingSmtp()
    office = office_at(make_gateway, server.port)
    send(office, "away", "NOTIFY=SUCCESS", "ORCPT=rfc822;away@office.lan")
    assert report_of(office.mailbox_when("ivan", 1)[0])[1][1]["Action"] == "delivered"  # keep = yes
    office.session("--send-only")
    server.stop()
    assert report_of(office.mailbox_when("ivan", 2)[1])[1][1]["Action"] == "relayed"
