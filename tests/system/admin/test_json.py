"""What docs/json.md promises of --json is what comes."""
import json
import re
from pathlib import Path

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.scanner import Clamd
from harness.waiting import until

TABLE = re.findall(r"(?m)^\| `([a-z ]+)` \| ([^|]*) \| ([^|]*) \|$", (Path(__file__).parents[3] / "docs" / "json.md").read_text())
PROMISED = {verb: set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^)]*\)", "", fields))) for verb, _, fields in TABLE}
LISTS = {verb for verb, shape, _ in TABLE if shape.startswith("a list")}
WORDS = {"account test": ["sales"], "smarthost test": ["default"], "rule test": ["--all"], "sort": ["LETTER"], "decode": ["LETTER"], "queue show": ["ID"],
         "mailbox show": ["ivan"], "mailbox purge": ["ivan", "--older", "9d"], "trace": ["9.test"], "backup": ["FILE"],
         "scanner test": ["av"], "quarantine show": ["KEPT"], "user friends": ["ivan"]}


@pytest.fixture
def office(make_gateway, folder):
    provider, scanner = MisbehavingPop3([letter(number=1)]), Clamd()
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                          accounts={"sales": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none", "user": "x", "password": "y"}},
                          rules={"r": {"when": 'subject contains "hello"', "deliver": "ivan"}},
                          smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}}, sections={"scanner av": {"url": scanner.url}})
    office.send("ivan@office.lan", ["client@bank.ru", "ivan@office.lan"], letter(number=9, sender="ivan@office.lan"))
    office.send("ivan@office.lan", ["ivan@office.lan"], letter(number=8, sender="ivan@office.lan", body="VIRUS:Bad\n"))
    until(lambda: office.queued_files() and office.files("ivan") and office.files("_quarantine"), 10, "delivery")
    (folder / "letter.eml").write_bytes(letter())
    client = office.smtp()  # for `who`
    yield office
    client.close()
    provider.stop()
    scanner.stop()


@pytest.mark.parametrize("verb", sorted(PROMISED))
def test_the_fields_are_those_of_the_document(office, folder, verb):
    words = [{"LETTER": folder / "letter.eml", "FILE": folder / "b.tar", "ID": office.queued_files()[0].stem,
              "KEPT": office.files("_quarantine")[0].name.split(".")[1]}.get(word, word)
             for word in WORDS.get(verb, [])]
    if verb == "check":
        office.main["lan"]["allow"] = "10.0.0.0/8, nonsense"
        office.write()
    read = lambda: json.loads(office.cli(*verb.split(), *words, "--json").stdout)
    document = until(read, 30, "an entry")  # some facts are in the log alone until the next checkpoint
    assert isinstance(document, list) == (verb in LISTS), document
    fields = set(document[0] if verb in LISTS else document)
    absent = {"account test": {"failed_step", "error", "hint"}, "smarthost test": {"max_size"}}  # nobody listens there
    promised = PROMISED[verb] - absent.get(verb, set())
    assert fields == promised
