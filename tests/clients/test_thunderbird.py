"""Thunderbird sends and receives over TLS, set up with what client-setup tells."""
import email
import json
import shutil

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from thunderbird import Thunderbird

pytestmark = pytest.mark.skipif(not (shutil.which("thunderbird") and shutil.which("Xvfb")),
                                reason="thunderbird or xvfb is not installed: tests/clients/run.sh installs them")


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {"full_name": "Иван Петров"}, "anna": {}})


@pytest.fixture
def start(office, folder):
    running = []

    def begin(**choice):
        settings = json.loads(office.cli("client-setup", "ivan", "--host", "127.0.0.1", "--json").stdout)
        for way, security in choice.items():
            settings[way] = [service for service in settings[way] if service["security"] == security]
        running.append(Thunderbird(folder, settings))
        running[-1].trust()
        return running[-1]

    yield begin
    for program in running:
        program.close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_send_and_receive(office, start, security):
    office.send("anna@office.lan", ["ivan@office.lan"], letter(sender="anna@office.lan", subject="Отчёт", body="Всё готово."))
    office.mailbox_when("ivan", 1)
    program = start(incoming=security, outgoing=security)
    program.send("anna@office.lan", "Привет из Thunderbird", "Проверка связи.")
    sent, = office.mailbox_when("anna", 1)
    assert b"User-Agent: Mozilla Thunderbird" in sent and b"(logged in as ivan)" in sent
    assert b"with ESMTPSA id" in sent
    assert email.message_from_bytes(sent).get_payload(decode=True).decode().strip() == "Проверка связи."
    got, = program.receive()
    assert got["subject"] == "Отчёт" and "anna@office.lan" in got["author"]
    assert "Всё готово." in got["text"]
    assert office.files("ivan") == []  # it took the message over
