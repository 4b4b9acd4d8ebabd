"""The daemon answers each user in the user's language, and programs not at all."""
import email
import email.header
import time

import pytest

from harness.letters import crlf, letter
from harness.misbehaving import MisbehavingPop3


def ask(gateway, user, subject):
    gateway.send(f"{user}@office.lan", ["daemon@office.lan"], letter(subject=subject, sender=f"{user}@office.lan"))
    report, = gateway.mailbox_when(user, 1)
    message = email.message_from_bytes(report)
    return str(email.header.make_header(email.header.decode_header(message["Subject"]))), report.decode()


@pytest.mark.parametrize("office", ["en", "ru"])
def test_everybody_is_answered_in_his_language(make_gateway, account, office):
    gateway = make_gateway(users={"ivan": {"language": "ru", "aliases": "vanya"}, "john": {"language": "en"}, "anna": {}},
                           accounts={"office": account}, sections={"gateway": {"language": office}})
    for _ in range(2):  # the one does not rub off on the other
        for user, language in (("ivan", "ru"), ("john", "en"), ("anna", office)):
            subject, text = ask(gateway, user, "help")
            assert ("справка" in text) == (language == "ru") and ("this text" in text) == (language == "en"), user
            assert ("Report" in subject) == (language == "en"), user
            gateway.empty(user)


def test_the_report_of_a_session_is_in_the_users_language(make_gateway, account):
    gateway = make_gateway(users={"ivan": {"language": "ru"}}, accounts={"office": account})
    _, text = ask(gateway, "ivan", "получить office")
    assert "office: получено 0" in text


@pytest.mark.parametrize("header", ["List-Unsubscribe: <mailto:x@y.z>", "List-Id: <list.y.z>", "Precedence: list",
                                    "Auto-Submitted: auto-generated"])
def test_lists_and_programs_start_nothing(make_gateway, header):
    gateway = make_gateway(users=["ivan", "anna"])
    gateway.send("ivan@office.lan", ["daemon@office.lan"], crlf(f"From: ivan@office.lan\n{header}\n\nx\n".encode()))
    ask(gateway, "anna", "status")  # the answer to her shows that the other letter was handled
    assert gateway.files("ivan") == []


@pytest.mark.parametrize("office", ["en", "ru"])
def test_problems_are_told_in_the_users_language_too(make_gateway, account, office):
    server = MisbehavingPop3([letter()])
    server.misdeed = lambda event, argument, connection: time.sleep(3) if event in ("STAT", "LIST", "UIDL") else None
    gateway = make_gateway(
        users={"ivan": {"language": "ru"}, "john": {"language": "en"}}, sections={"gateway": {"language": office}},
        accounts={"wrong": {**account, "password": "no"},
                  "mute": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", "timeout": "1s"}})
    said = {"ivan": {"wrong": "отказал во входе", "mute": "ответ не пришёл вовремя (ожидание ответа)"},
            "john": {"wrong": "refused the login", "mute": "timed out (waiting for a reply)"}}
    gateway.session(code=1)
    for subject in ("fetch wrong", "fetch mute", "status"):
        for user, other in (("ivan", "john"), ("john", "ivan")):
            _, text = ask(gateway, user, subject)
            for name in subject.split()[1:] or ("wrong", "mute"):
                assert said[user][name] in text and said[other][name] not in text, (user, subject)
            gateway.empty(user)
    server.stop()
    for item in gateway.status()["accounts"]:
        assert said["john"][item["name"]] in item["error"]  # programs read English
        assert not [key for key in item if key.startswith("error_")]
