"""The daily digest, and the boss's copies of what is fetched."""
import email
import email.policy
import sqlite3
import time

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.sink import Sink


def account(server):
    return {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y"}


def digests(office):
    return [message for mail in office.mailbox("postmaster")
            if (message := email.message_from_bytes(mail, policy=email.policy.default)).is_multipart()]


@pytest.mark.parametrize("language, words", [("en", ("Fetched, by account", "Current problems", "account dead", "this month, by user")),
                                             ("ru", ("Получено по учётным записям", "Неполадки сейчас", "учётная запись dead", "за этот месяц, по пользователям"))])
def test_a_day_in_one_letter(make_gateway, language, words):
    provider, sink = MisbehavingPop3([letter(number=n) for n in (1, 2, 3)]), Sink()
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                          accounts={"sales": account(provider), "dead": {**account(provider), "url": "pop3://127.0.0.1:1"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}},
                          sections={"gateway": {"digest": time.strftime("%H:%M", time.localtime(time.time() - 3600)),
                                                "language": language}})
    office.send("ivan@office.lan", ["client@bank.ru"], letter(sender="ivan@office.lan", to="client@bank.ru"))
    office.cli("session")
    assert digests(office) == []  # the first day begins
    office.stop()
    with sqlite3.connect(office.spool / "state.db") as state:
        state.execute("UPDATE value SET text = text - 86400 WHERE key = 'digest'")
        state.execute("UPDATE journal SET time_us = time_us - 10000000")  # what happens in this second is tomorrow's
    state.close()
    office.start()
    office.cli("session")
    office.cli("session")
    provider.stop()
    sink.stop()
    digest, = digests(office)
    text = digest.get_body(("plain",)).get_content()
    page = digest.get_body(("html",)).get_content()
    for shape in (text, page):
        assert all(word in shape for word in (*words, "ivan"))
    assert "    sales: 3 (" in text
    assert digest["Auto-Submitted"] == "auto-generated"


def test_the_boss_sees_what_comes_in(make_gateway):
    provider = MisbehavingPop3([letter(number=1), letter(number=2, to="chief@office.lan")])
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "chief": {}}, accounts={"a": account(provider)},
                          sections={"gateway": {"boss": "chief", "boss_incoming": "yes"}})
    office.session()
    provider.stop()
    copies = office.mailbox("chief")
    assert len(office.files("ivan")) == 1 and len(copies) == 2  # a message to oneself is not a copy of a copy
    assert all(mail.startswith(b"X-Envelope-From:") for mail in copies)
    assert any(b"X-Envelope-To: <ivan>" in mail for mail in copies)
