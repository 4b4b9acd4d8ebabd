"""Thunderbird sends and receives over TLS, set up with what client-setup tells."""
import email
import json
import shutil

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import until
from thunderbird import Thunderbird

pytestmark = pytest.mark.skipif(not (shutil.which("thunderbird") and shutil.which("Xvfb")),
                                reason="thunderbird or xvfb is not installed: tests/clients/run.sh installs them")


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {"full_name": "Иван Петров"}, "anna": {}})


@pytest.fixture
def start(office, folder):
    running = []

    def begin(protocol="imap", **choice):
        settings = json.loads(office.cli("client-setup", "ivan", "--host", "127.0.0.1", "--json").stdout)
        settings["incoming"] = [service for service in settings["incoming"] if service["protocol"] == protocol]
        for way, security in choice.items():
            settings[way] = [service for service in settings[way] if service["security"] == security]
        running.append(Thunderbird(folder, settings))
        running[-1].trust()
        return running[-1]

    yield begin
    for program in running:
        program.close()


def test_it_understands_our_files_and_makes_the_same_qr_code(office, start, folder):
    office.cli("client-setup", "ivan", "--host", "127.0.0.1", "--write", folder / "setup")
    program = start()
    config = program.read_autoconfig((folder / "setup" / "config-v1.1.xml").read_text())
    assert [server["port"] for server in config["incoming"]] == [office.imaps_port, office.imap_port, office.pop3s_port, office.pop3_port]
    assert [server["port"] for server in config["outgoing"]] == [office.smtps_port, office.submission_port, office.smtp_port]
    assert [server["socketType"] for server in config["incoming"]] == [3, 2, 3, 2]
    first = config["incoming"][0]
    assert (first["hostname"], first["auth"], first["username"]) == ("127.0.0.1", 3, "%EMAILADDRESS%")
    ours, theirs = json.loads(program.settings["qr"]), program.export_for_mobile()
    print(ours, theirs)
    assert theirs[0] == ours[0] and theirs[1] == ours[1]
    assert theirs[2][:6] == ours[2] and theirs[3][0][0][:6] == ours[3][0][0] and theirs[3][0][1] == ours[3][0][1]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_send_and_receive(office, start, security):
    office.send("anna@office.lan", ["ivan@office.lan"], letter(sender="anna@office.lan", subject="Отчёт", body="Всё готово."))
    office.mailbox_when("ivan", 1)
    program = start("pop3", incoming=security, outgoing=security)
    program.send("anna@office.lan", "Привет из Thunderbird", "Проверка связи.")
    sent, = office.mailbox_when("anna", 1)
    assert b"User-Agent: Mozilla Thunderbird" in sent and b"(logged in as ivan)" in sent
    assert b"with ESMTPSA id" in sent
    assert email.message_from_bytes(sent).get_payload(decode=True).decode().strip() == "Проверка связи."
    got, = program.receive()
    assert got["subject"] == "Отчёт" and "anna@office.lan" in got["author"]
    assert "Всё готово." in got["text"]
    assert office.files("ivan") == []  # it took the message over


def test_imap_first_sync_flag_move_idle_and_delete(office, start):
    for subject in ("Отчёт", "second"):
        office.send("anna@office.lan", ["ivan@office.lan"], letter(sender="anna@office.lan", subject=subject, body="text"))
    until(lambda: len(office.files("ivan")) == 2, 15, "the messages")
    program = start("imap", incoming="tls")
    assert program.run_by_imap("Отчёт") == {"sent": True, "drafts": True, "trash": True, "junk": True}
    with office.imap("ivan") as client:
        client.select()
        until(lambda: client.search(None, "FLAGGED")[1] == [b"1"], 15, "the flag")
        assert client.select("Archive")[1] == [b"1"]
    office.send("anna@office.lan", ["ivan@office.lan"], letter(sender="anna@office.lan", subject="news", body="text"))
    until(lambda: "news" in program.inbox_now(), 15, "what IDLE tells")
    program.delete("news")
    with office.imap("ivan") as client:
        until(lambda: client.select("Trash")[1] == [b"1"], 15, "the message in the Trash")
        assert client.search(None, "SUBJECT", "news")[1] == [b"1"]
        until(lambda: client.select("INBOX") and client.search(None, "SUBJECT", "news", "NOT", "DELETED")[1] in ([b""], [None]), 15,
              "the Inbox without it")
