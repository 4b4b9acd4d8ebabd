"""A POP3 or IMAP login fetches the accounts of that user, not more often than the rest allows, and never waits for it."""
import datetime
import json
import re

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import until

USERS = {name: {"external_alias": f"{name}@example.ru"} for name in ("ivan", "anna")}


def office_at(make_gateway, dovecot, schedule, **settings):
    at = {"url": f"imap://127.0.0.1:{dovecot.imap_port}", "tls": "none", "password": "provider-pw"}
    return make_gateway(users=USERS, sections={"schedule": schedule, **settings},
                        accounts={"a": {**at, "user": "office", "deliver_to": "ivan"}, "b": {**at, "user": "branch", "deliver_to": "anna"}})


def log_in(office, user, protocol):
    if protocol == "pop3":
        office.pop3(user, PASSWORD).quit()
    else:
        office.imap(user, PASSWORD).logout()


def sessions(office):
    return len(re.findall(r"event=session-begins session=\S+ fetch=1", office.log()))


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_a_login_fetches_the_accounts_of_the_user(make_gateway, dovecot, protocol):
    for mailbox in ("office", "branch"):
        dovecot.deliver(mailbox, letter(number=1))
    office = office_at(make_gateway, dovecot, {"fetch_on_login": "yes"})
    log_in(office, "ivan", protocol)
    until(lambda: dovecot.left("office") == [], 60, "the session of the login")
    until(lambda: office.status()["session"]["running"] is False, 60, "its end")
    assert len(office.mailbox_when("ivan", 1, 60)) == 1  # this login comes in the rest
    assert "event=fetch-on-login user=\"ivan\" accounts=1" in office.log() and sessions(office) == 1
    assert len(dovecot.left("branch")) == 1
    log_in(office, "anna", protocol)
    until(lambda: dovecot.left("branch") == [], 60, "the session of the other user")
    assert office.log().count("event=fetch-on-login") == 2


def test_mail_that_is_sent_and_passwords_that_are_wrong_fetch_nothing(make_gateway, dovecot):
    office = office_at(make_gateway, dovecot, {"fetch_on_login": "yes"})
    with pytest.raises(Exception):
        office.pop3("ivan", "wrong")
    client = office.smtp()
    client.login("ivan", PASSWORD)
    client.quit()
    log_in(office, "anna", "imap")
    until(lambda: "event=fetch-on-login user=\"anna\"" in office.log(), 60, "the login that counts")  # events come in their order
    assert "event=fetch-on-login user=\"ivan\"" not in office.log()


def test_outside_the_hours_and_the_limits_a_login_is_only_a_login(make_gateway, dovecot):
    dovecot.deliver("branch", letter(number=1, body="a line of text\n" * 700))
    another_day = (datetime.date.today() + datetime.timedelta(days=3)).strftime("%a").lower()
    office = office_at(make_gateway, dovecot, {"fetch_on_login": "yes", "days": another_day},
                       line={"max_bytes_per_day": "2K"})
    log_in(office, "ivan", "imap")
    del office.main["schedule"]["days"]
    office.write()
    office.cli("reload")
    log_in(office, "anna", "imap")
    until(lambda: "event=fetch-on-login user=\"anna\"" in office.log(), 60, "a login that may")
    assert "event=fetch-on-login user=\"ivan\"" not in office.log()
    until(lambda: office.status()["session"]["running"] is False, 60, "its end")
    assert json.loads(office.session("--json", "--account", "b").stdout)["limit_reached"] is True
    log_in(office, "ivan", "imap")
    office.session("--account", "b")  # the supervisor takes the event of the login first
    assert "event=fetch-on-login user=\"ivan\"" not in office.log()


def test_it_is_off_by_default(make_gateway, dovecot):
    office = office_at(make_gateway, dovecot, {})
    log_in(office, "ivan", "imap")
    office.session("--json")
    assert "event=fetch-on-login" not in office.log()
