"""What users may not exceed, and mail that goes by itself when it is old."""
import smtplib

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}, "anna": {}}


def refusal(gateway, *args):
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused)) as caught:
        gateway.send(*args)
    refused = caught.value
    return next(iter(refused.recipients.values())) if hasattr(refused, "recipients") else refused.args[:2]


def takes(gateway, message):
    try:
        return gateway.send("ivan@office.lan", ["anna"], message) == {}
    except smtplib.SMTPRecipientsRefused:
        return False


def test_a_full_mailbox_takes_no_more(make_gateway):
    gateway = make_gateway(users=IVAN, sections={"limits": {"mailbox_quota": "20K"}})
    big = letter(body="x" * 70 + "\n" + "y" * 70 + "\n" * 7000)
    gateway.send("ivan@office.lan", ["anna"], big)
    gateway.mailbox_when("anna", 1)
    code, text = refusal(gateway, "ivan@office.lan", ["anna"], big)
    assert code == 552 and b"5.2.2" in text
    assert gateway.send("ivan@office.lan", ["anna", "ivan"], big).keys() == {"anna"}
    gateway.empty("anna")
    until(lambda: takes(gateway, big), what="the mailbox to be measured again")  # the last measure is believed for a moment
    gateway.mailbox_when("anna", 1)


def test_a_user_sends_so_many_messages_a_day(make_gateway):
    gateway = make_gateway(users=IVAN, sections={"limits": {"user_daily_messages": 2}})
    for _ in range(2):
        gateway.send("ivan@office.lan", ["anna"], letter())
    code, text = refusal(gateway, "ivan@office.lan", ["anna"], letter())
    assert code == 550 and b"limit of 2 messages" in text
    gateway.stop()
    gateway.start()
    assert refusal(gateway, "ivan@office.lan", ["anna"], letter())[0] == 550
    gateway.send("anna@office.lan", ["ivan"], letter())  # each user has a separate count


def test_a_stranger_uses_up_nobodys_day(make_gateway):
    """Without a login, any client may give ivan's address: such mail does not count for ivan after a login."""
    gateway = make_gateway(users=IVAN, sections={"limits": {"user_daily_messages": 2}})
    for _ in range(2):
        gateway.send("ivan@office.lan", ["anna"], letter())
    assert refusal(gateway, "ivan@office.lan", ["anna"], letter())[0] == 550
    with gateway.smtp() as client:
        client.login("ivan", PASSWORD)
        for _ in range(2):
            client.sendmail("ivan@office.lan", ["anna"], letter())
        with pytest.raises(smtplib.SMTPException, match="limit of 2 messages"):
            client.sendmail("ivan@office.lan", ["anna"], letter())


def test_old_mail_expires_where_a_user_wants_it(make_gateway):
    gateway = make_gateway(users={"ivan": {"expire": "90d"}, "anna": {}})
    for user in ("ivan", "anna"):
        for _ in range(2):
            gateway.send("anna@office.lan", [user], letter())
        old = gateway.mailbox_when(user, 2) and gateway.files(user)[0]
        seconds, rest = old.name.split(".", 1)
        old.rename(old.parent / f"{int(seconds) - 91 * 86400}.{rest}")
    gateway.session()
    assert len(gateway.files("ivan")) == 1 and len(gateway.files("anna")) == 2
