"""What the filter keeps is listed, explained, released exactly once and deleted; it survives a crash and is in the backup."""
import json
import signal

from filter.test_scanners import fields, office
from harness.letters import letter
from harness.scanner import Clamd, Rspamd
from harness.waiting import kill


def quarantine(gateway, *words):
    done = gateway.cli("quarantine", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


def test_kept_released_and_deleted(make_gateway):
    av = Clamd()
    gateway, _ = office(make_gateway, {"av": av}, [letter(number=n, subject=f"invoice {n}", body="VIRUS:Bad.Invoice\n") for n in range(3)])
    gateway.rules["all"]["deliver"] = "ivan, anna/Bills"
    gateway.write()
    gateway.cli("reload")
    gateway.session()
    assert gateway.files("ivan") == [] and gateway.files("anna/.Bills") == []
    kept = quarantine(gateway, "list", "--json")
    assert [one["subject"] for one in kept] == ["invoice 0", "invoice 1", "invoice 2"]
    assert all(one["why"] == "virus Bad.Invoice" and one["recipients"] == ["ivan", "anna/Bills"] for one in kept)
    first, second, third = (one["id"] for one in kept)
    assert quarantine(gateway, "show", first, "--json") == kept[0]
    quarantine(gateway, "release", first)
    message, = gateway.mailbox("ivan")
    assert fields(message, "X-Virus-Status") == ["infected (Bad.Invoice)"] and not fields(message, "X-Lanpost-Quarantine")
    assert [path.read_bytes() for path in gateway.files("anna/.Bills")] == [message]
    assert gateway.cli("quarantine", "release", first).returncode == 1  # it is released once
    assert gateway.cli("quarantine", "delete", second).returncode != 0  # without --yes and without a terminal
    quarantine(gateway, "delete", second, "--yes")
    assert [one["id"] for one in quarantine(gateway, "list", "--json")] == [third]
    trace = gateway.cli("trace", first).stdout
    assert "quarantined" in trace and "released" in trace and "Bad.Invoice" in trace
    assert gateway.cli("mailbox", "list").stdout.count("_quarantine") == 0


def test_it_survives_a_crash_and_is_in_the_backup(make_gateway, folder):
    spam = Rspamd()
    gateway, provider = office(make_gateway, {"rs": spam}, [letter(number=1, body="SCORE:20\n"), letter(number=2, body="SCORE:7\n")])
    gateway.session()
    gateway.kill_all()
    gateway.start()
    kept, = quarantine(gateway, "list", "--json")
    assert kept["why"] == "spam score 20.0" and provider.left == []
    assert [len(gateway.files(name)) for name in ("ivan", "ivan/.Junk", "_quarantine")] == [0, 1, 1]
    assert gateway.cli("backup", folder / "all.tar").returncode == 0
    gateway.stop()
    assert gateway.cli("restore", folder / "all.tar", "--to", folder / "again").returncode == 0
    assert len(list((folder / "again").glob("**/_quarantine/*/*,S=*"))) == 1
    gateway.start()


def test_a_filter_process_that_dies_is_replaced(make_gateway):
    """Questions wait for the new one; no message and no verdict is lost."""
    av = Clamd()
    gateway, provider = office(make_gateway, {"av": av}, [letter(number=n) for n in range(40)])
    kill(gateway.process_named("filter"), signal.SIGKILL)
    gateway.session()
    assert len(gateway.mailbox("ivan")) == 40 and provider.left == []
    assert all(fields(message, "X-Virus-Status") == ["clean"] for message in gateway.mailbox("ivan"))
