"""One language at a time: what an English gateway has stored is read in Russian without an English word, and the other way round."""
import re
import shutil
import subprocess

import pytest

from harness.gateway import BUILD
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3

# Addresses, ids, names that somebody chose, keys of the configuration, protocol words and what servers say.
ALLOWED = {"lanpost", "lanpostd", "who", "ivan", "wrong", "dead", "sales", "default", "user", "password", "url", "auth", "pop3", "smtp", "imap",
           "tls", "err", "no", "such", "login", "message", "id", "subject", "from", "queue", "list", "invoices", "contains", "office",
           "lan", "gw", "state", "example", "ru", "offer", "contact", "msgid", "test", "spool", "postmaster", "x", "version",
           "to", "names", "header", "hello", "nonsense", "nobody"}


def foreign(text, language):
    """Words of the other language that are not allowed in any."""
    text = re.sub(r"(?m)^ *(Subject|Тема): .*", "", text)  # a message's own words
    text = re.sub(r"lanpost \w+ \w+", "", text)  # commands
    text = re.sub(r"[\"`'][^\"`'\n]*[\"`']|<[^>\n]*>|\S*[@/:.\d_]\S*", " ", text)
    words = re.findall(r"[A-Za-z]{2,}" if language == "ru" else r"[А-Яа-яЁё]{2,}", text)
    return [word for word in words if word.lower() not in ALLOWED]


@pytest.mark.parametrize("gateway_language, reader", [("en", "ru"), ("ru", "en")])
def test_what_was_stored_in_one_language_is_read_in_the_other(make_gateway, gateway_language, reader):
    provider, refusing = MisbehavingPop3([letter(number=1)]), MisbehavingPop3([])
    refusing.misdeed = lambda event, argument, connection: event == "PASS" and connection.say("-ERR no such login") is None
    url = {"tls": "none", "user": "x", "password": "y"}
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, sections={"gateway": {"language": gateway_language}},
                          accounts={"sales": {**url, "url": f"pop3://127.0.0.1:{provider.port}"},
                                    "wrong": {**url, "url": f"pop3://127.0.0.1:{refusing.port}"},
                                    "dead": {**url, "url": "pop3://127.0.0.1:1"}},
                          smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}})
    office.send("ivan@office.lan", ["client@example.ru"], letter(sender="ivan@office.lan", to="client@example.ru"))
    session = office.cli("--lang", reader, "session")
    ident = office.queue()[0]["id"]
    assert office.cli("queue", "hold", ident).returncode == 0
    assert session.returncode == 1
    for said in (session, office.cli("--lang", reader, "status"), office.cli("--lang", reader, "trace", "client@example.ru"),
                 office.cli("--lang", reader, "trace", "--since", "1h"),
                 office.cli("--lang", reader, "queue", "list"), office.cli("--lang", reader, "queue", "show", ident),
                 office.cli("--lang", reader, "check"), office.cli("--lang", reader, "queue", "show", "nonsense"),
                 office.cli("--lang", reader, "session", "--account", "nobody")):
        assert said.stdout + said.stderr != ""
        assert foreign(said.stdout + said.stderr, reader) == [], said.args
    for line in office.log().splitlines():
        assert foreign(line, "en") == []
    for mail in office.mailbox("postmaster"):
        assert reader == "en" or not re.search("[А-Яа-я]", mail.decode(errors="replace"))
    provider.stop()
    refusing.stop()


def test_translations_are_found_wherever_the_programs_are(folder):
    """As `make install PREFIX=...`, beside a command that is named locale, and without any locale of the system."""
    (folder / "bin").mkdir()
    shutil.copy(BUILD / "lanpost", folder / "bin")
    (folder / "bin" / "locale").write_text("#!/bin/sh\n")
    ask = [folder / "bin" / "lanpost", "--lang", "ru", "nonsense"]
    shutil.copytree(BUILD / "locale", folder / "share" / "locale")
    for environment in ({}, {"LC_ALL": "C"}, {"LANG": "ru_RU.UTF-8"}, {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"}):
        said = subprocess.run(ask, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", **environment}).stderr
        assert re.search("[А-Яа-я]{3}", said), environment
    said = subprocess.run(ask[:1] + ["nonsense"], capture_output=True, text=True, env={"LANG": "ru_RU.UTF-8"}).stderr
    assert re.search("[А-Яа-я]{3}", said)
