"""Who is connected, and who has logged in last: by the verb, in JSON and on the screen."""
import json
import poplib
import smtplib
import ssl

import pytest

from harness.gateway import PASSWORD
from harness.terminal import Terminal
from harness.waiting import until


def who(gateway):
    done = gateway.cli("who", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_protocol(gateway):
    return {client["protocol"]: client for client in who(gateway)}


def last_login(gateway, user):
    listed = json.loads(gateway.cli("user", "list", "--json").stdout)
    return next(one for one in listed if one["name"] == user)["last_login"]


@pytest.fixture
def insecure():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_clients_are_listed_with_user_address_tls_and_what_they_do(make_gateway, insecure):
    gateway = make_gateway(users={"ivan": {}, "anna": {}})
    assert who(gateway) == []
    assert "No mail program is connected" in gateway.cli("who").stdout
    pop3 = gateway.pop3("ivan")
    pop3.stat()
    smtp = smtplib.SMTP("127.0.0.1", gateway.submission_port, timeout=90)
    smtp.starttls(context=insecure)
    smtp.login("anna", PASSWORD)
    pop3s = poplib.POP3_SSL("127.0.0.1", gateway.pop3s_port, timeout=90, context=insecure)
    until(lambda: not any(client["working"] for client in who(gateway)) and len(who(gateway)) == 3, what="three idle clients")
    clients = by_protocol(gateway)
    assert (clients["pop3"]["user"], clients["pop3"]["tls"], clients["pop3"]["command"]) == ("ivan", False, "STAT")
    assert (clients["submission"]["user"], clients["submission"]["tls"]) == ("anna", True)
    assert (clients["pop3s"]["user"], clients["pop3s"]["tls"], clients["pop3s"]["command"]) == ("", True, "")
    assert all(client["address"] == "127.0.0.1" and client["since"] > 0 for client in clients.values())
    assert gateway.status()["clients"] == 3
    printed = gateway.cli("who").stdout
    assert "ivan" in printed and "submission+TLS" in printed and "no login" in printed
    assert PASSWORD not in printed + gateway.cli("who", "--json").stdout
    until(lambda: by_protocol(gateway)["pop3"]["idle"] >= 1, what="a client that is idle")
    pop3.noop()
    until(lambda: by_protocol(gateway)["pop3"]["command"] == "NOOP", what="the next command")
    pop3.quit()
    until(lambda: "pop3" not in by_protocol(gateway), what="the client to be gone")
    smtp.quit()
    pop3s.quit()


def test_who_without_a_gateway(make_gateway):
    gateway = make_gateway(start=False)
    assert gateway.cli("who").returncode == 3


def test_last_login_outlives_the_gateway(make_gateway):
    gateway = make_gateway(users={"ivan": {}, "anna": {}})
    assert last_login(gateway, "ivan") is None
    with pytest.raises(poplib.error_proto):
        gateway.pop3("anna", "wrong")
    gateway.pop3("ivan").quit()
    until(lambda: last_login(gateway, "ivan"), what="the login to be written down")
    assert (last_login(gateway, "ivan")["protocol"], last_login(gateway, "ivan")["address"]) == ("pop3", "127.0.0.1")
    gateway.pop3("anna").quit()  # within the minute: written when the gateway ends at the latest
    gateway.stop()
    assert last_login(gateway, "anna")["protocol"] == "pop3"


@pytest.mark.parametrize("language, words", [("en", ("mail programs: 1", "then idle")), ("ru", ("Подключено почтовых программ: 1", "теперь простаивает"))])
def test_screen_of_the_clients(make_gateway, language, words):
    gateway = make_gateway(users={"ivan": {}, "anna": {}})
    pop3 = gateway.pop3("ivan")
    pop3.noop()
    term = Terminal("-c", gateway.conf, language=language)
    try:
        term.keys("F3").wait("anna", "ivan")
        term.keys("c").wait("ivan", "127.0.0.1", *words, without=["anna"])
        pop3.quit()
        term.wait(words[0][:-1] + "0", without=["ivan"])
        term.keys("Escape").wait("anna", "ivan")
        term.keys("q")
        term.wait_end()
    finally:
        term.close()
