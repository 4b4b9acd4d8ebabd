"""Fetched mail, local mail and outgoing mail are scanned; a scanner that is away, late or wrong costs no message, and each verdict is true."""
import json
import os
import subprocess

import pytest

from harness.gateway import BUILD
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.scanner import Clamd, Rspamd, Spamd
from harness.sink import Sink
from harness.waiting import until

TRACE = "Received: from out.bank.ru (mail.bank.ru [203.0.113.9])\n by mx.example.ru with ESMTP; Mon, 23 Nov 2026 08:59:58 +0300\n"


def fields(message, name):
    head = message.split(b"\r\n\r\n")[0].decode("latin-1")
    return [line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.lower().startswith(name.lower() + ":")]


def office(make_gateway, scanners, messages=(), filters=None, **keys):
    provider = MisbehavingPop3(messages)
    sections = {f"scanner {name}": {"url": server if isinstance(server, str) else server.url, **keys} for name, server in scanners.items()}
    gateway = make_gateway(users=("ivan", "anna"), accounts={"office": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none",
                                                                       "user": "office", "password": "x", "trusted_received": "example.ru"}},
                           rules={"all": {"when": "always", "deliver": "ivan"}},
                           sections={**sections, **({"filter": filters} if filters else {})})
    return gateway, provider


def test_without_scanners_there_is_no_process_and_no_header(make_gateway):
    gateway, _ = office(make_gateway, {}, [letter(number=1, extra="X-Spam-Score: 3\n")])
    gateway.session()
    message, = gateway.mailbox("ivan")
    assert gateway.process_named("filter") is None
    assert fields(message, "X-Spam-Score") == ["3"] and not fields(message, "X-Virus-Status") and not fields(message, "X-Lanpost-Scan")


def test_fetched_mail_has_the_verdicts_of_all_scanners(make_gateway):
    av, spam, old = Clamd(), Rspamd(), Spamd()
    good = letter(number=1, subject="good", extra="Return-Path: <billing@bank.ru>\n" + TRACE + "X-Spam-Flag: YES\nX-Virus-Status: Clean\n")
    gateway, provider = office(make_gateway, {"av": av, "rs": spam, "sa": old},
                               [good, letter(number=2, body="VIRUS:Eicar-Test\n"), letter(number=3, body="SCORE:4.25 SYMBOLS:BAYES_99,URIBL\n")])
    gateway.session()
    clean, spammy = gateway.mailbox("ivan")
    assert fields(clean, "X-Virus-Status") == ["clean"] and fields(clean, "X-Spam-Flag") == ["NO"] and fields(clean, "X-Spam-Score") == ["0.0"]
    assert fields(spammy, "X-Spam-Score") == ["4.25"] and "BAYES_99" in fields(spammy, "X-Lanpost-Scan")[0]
    infected, = gateway.files("_quarantine")
    assert fields(infected.read_bytes(), "X-Virus-Status") == ["infected (Eicar-Test)"]
    lines = spam.lines[spam.messages.index(good)]
    assert {"IP: 203.0.113.9", "Helo: out.bank.ru", "Hostname: mail.bank.ru", "From: billing@bank.ru"} <= set(lines), lines
    seen, = [message for message in old.messages if message.endswith(good)]
    assert b"[203.0.113.9]" in seen.split(b"\r\n")[1]
    assert good in av.messages and provider.left == []
    events = gateway.cli("trace", "<2.test@bank.ru>").stdout
    assert "Eicar-Test" in events and "av" in events, events
    states = {one["name"]: one["state"] for one in gateway.status()["scanners"]}
    assert states == {"av": "good", "rs": "good", "sa": "good"}


@pytest.mark.parametrize("misdeed", ["late", "wrong", "half", "flood", "close"])
@pytest.mark.parametrize("kind", [Clamd, Spamd, Rspamd])
def test_a_scanner_that_misbehaves_costs_no_message(make_gateway, kind, misdeed):
    bad = kind(misdeed)
    gateway, provider = office(make_gateway, {"bad": bad}, [letter(number=n) for n in range(3)], timeout="2s")
    gateway.session()
    messages = gateway.mailbox("ivan")
    assert len(messages) == 3 and provider.left == []
    if not (kind is not Clamd and misdeed == "close"):
        assert all("away=" + ("1" if kind is Clamd else "2") in fields(message, "X-Lanpost-Scan")[0] for message in messages)
        until(lambda: b"scanner bad" in b"".join(gateway.mailbox("postmaster")), 20, "the report to postmaster")
        state, = gateway.status()["scanners"]
        assert state["state"] == "away" and state["error"]


def test_fetched_mail_stays_with_the_provider_while_a_scanner_is_away(make_gateway):
    av = Clamd()
    av.stop()
    gateway, provider = office(make_gateway, {"av": av}, [letter(number=n) for n in range(3)], when_away="wait")
    gateway.session()
    assert gateway.mailbox("ivan") == [] and len(provider.left) == 3
    assert "systemctl status clamav-daemon" in gateway.cli("scanner", "test", "av").stderr
    again = Clamd(port=av.port)
    gateway.session()
    assert len(gateway.mailbox("ivan")) == 3 and provider.left == [] and len(again.messages) == 3


def test_mail_of_the_lan_waits_or_is_delivered_or_refused(make_gateway):
    av, sink = Clamd(), Sink()
    gateway, _ = office(make_gateway, {"av": av}, when_away="wait", filters={"virus": "reject"})
    gateway.smarthosts["default"] = {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    gateway.send("anna@office.lan", ["ivan@office.lan"], letter(number=1, sender="anna@office.lan", extra="X-Virus-Status: Clean\n"))
    message, = gateway.mailbox_when("ivan", 1)
    assert fields(message, "X-Virus-Status") == ["clean"]
    with pytest.raises(Exception, match="554.*Eicar"):
        gateway.send("anna@office.lan", ["ivan@office.lan"], letter(number=2, sender="anna@office.lan", body="VIRUS:Eicar-Test\n"))
    av.stop()
    with pytest.raises(Exception, match="451"):
        gateway.send("anna@office.lan", ["ivan@office.lan"], letter(number=3, sender="anna@office.lan"))
    assert len(gateway.mailbox("ivan")) == 1


def test_what_was_not_scanned_is_scanned_later(make_gateway):
    """Bad mail is taken away, unless somebody has read it."""
    av = Clamd()
    av.stop()
    gateway, _ = office(make_gateway, {"av": av}, [letter(number=n, body=("good\n" if n == 0 else "VIRUS:Bad\n")) for n in range(3)])
    gateway.session()
    messages = gateway.mailbox("ivan")
    assert [fields(message, "X-Virus-Status") for message in messages] == [["not scanned"]] * 3
    imap = gateway.imap("ivan")
    imap.select()
    imap.store("3", "+FLAGS", r"\Seen")
    imap.logout()
    gateway.session()  # it is still away
    assert len(gateway.files("ivan")) == 3
    again = Clamd(port=av.port)
    gateway.session()
    assert len(gateway.files("ivan")) == 2 and len(again.messages) == 2
    kept, = [path.read_bytes() for path in gateway.files("_quarantine")]
    assert fields(kept, "Message-ID") == ["<1.test@bank.ru>"] and fields(kept, "X-Virus-Status") == ["infected (Bad)"]
    one, = json.loads(gateway.cli("quarantine", "list", "--json").stdout)
    assert one["recipients"] == ["ivan"]
    assert gateway.cli("quarantine", "release", one["id"]).returncode == 0 and len(gateway.mailbox("ivan")) == 3
    told = gateway.cli("trace", "<1.test@bank.ru>").stdout
    for words in (f"quarantined    ivan: as message {one['id']}", "accepted       in place of message", f"accepted       message {one['id']} of the quarantine"):
        assert words in told, told


def test_later_each_message_is_asked_about_where_it_would_have_been_at_first(make_gateway):
    """A scanner for fetched mail is not asked about mail of the LAN, nor is that refused any more."""
    fetched, local = Clamd(), Clamd()
    fetched.stop()
    local.stop()
    gateway, _ = office(make_gateway, {"fetched": fetched}, [letter(number=1)], filters={"virus": "reject"}, on="fetched")
    gateway.main["scanner local"] = {"url": local.url, "on": "local"}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    gateway.session()
    for number, body in ((2, "good\n"), (3, "VIRUS:Bad\n")):
        gateway.send("anna@office.lan", ["ivan@office.lan"], letter(number=number, sender="anna@office.lan", body=body))
    gateway.mailbox_when("ivan", 3)
    fetched, local = Clamd(port=fetched.port), Clamd(port=local.port)
    gateway.session()
    assert [b"<1.test@" in message for message in fetched.messages] == [True]
    assert len(local.messages) == 2 and not any(b"<1.test@" in message for message in local.messages)
    kept, = gateway.files("_quarantine")
    assert b"<3.test@" in kept.read_bytes() and len(gateway.files("ivan")) == 2


def test_a_copy_for_nobody_is_not_kept_for_nobody(make_gateway):
    """The provider does not say for whom each copy in a catch-all mailbox is: the first one is kept for all."""
    both = letter(number=1, body="VIRUS:Bad\n")
    gateway, provider = office(make_gateway, {"av": Clamd()}, [both, b"Received: from b by c id 2; Mon, 23 Nov 2026 09:00:00 +0300\r\n" + both])
    gateway.accounts["office"]["envelope_header"] = "auto"
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    gateway.session()
    kept, = json.loads(gateway.cli("quarantine", "list", "--json").stdout)
    assert kept["recipients"] == ["ivan"] and provider.left == [] and gateway.mailbox("ivan") == []
    until(lambda: "duplicate" in gateway.cli("trace", "<1.test@bank.ru>").stdout, 30, "the second copy is explained")


def test_a_message_reaches_the_scanner_whole_whatever_its_size(make_gateway):
    """Small ones go to the filter process within the question, others as a descriptor; to the scanner in chunks."""
    av, old = Clamd(), Spamd()
    lines = "".join(f"line {n} of the message\n" for n in range(20000))
    messages = [letter(number=n, body=lines[:size] + "\n") for n, size in enumerate((0, 64000, 64600, 65000, 65300, 66000, 131072, 400000))]
    gateway, _ = office(make_gateway, {"av": av, "sa": old}, messages)
    gateway.session()
    assert sorted(av.messages) == sorted(messages) and len(gateway.mailbox("ivan")) == len(messages)
    assert all(any(seen.endswith(message) for seen in old.messages) for message in messages)


def test_a_message_that_the_scanner_fails_on_holds_up_no_other(make_gateway):
    av = Clamd()
    av.stop()
    gateway, _ = office(make_gateway, {"av": av}, [letter(number=n, body=("POISON\n" if n == 0 else "VIRUS:Bad\n")) for n in range(3)])
    gateway.session()
    again = Clamd(port=av.port)
    gateway.session()
    message, = gateway.mailbox("ivan")
    assert fields(message, "X-Virus-Status") == ["not scanned"] and len(gateway.files("_quarantine")) == 2 and len(again.messages) == 3


def test_spam_is_in_junk_and_a_pop3_program_gets_it_too(make_gateway):
    spam = Rspamd()
    gateway, _ = office(make_gateway, {"rs": spam}, [letter(number=1), letter(number=2, subject="cheap", body="SCORE:7\n"), letter(number=3)])
    gateway.session()
    assert [len(gateway.files(name)) for name in ("ivan", "ivan/.Junk")] == [2, 1]
    messages = gateway.mailbox("ivan")
    assert [fields(message, "Message-ID")[0][1] for message in messages] == ["1", "2", "3"]
    assert fields(messages[1], "Subject") == ["cheap"] and fields(messages[1], "X-Spam-Flag") == ["YES"]
    client = gateway.imap("ivan")
    assert client.select("Junk")[1] == [b"1"] and client.select("INBOX")[1] == [b"2"]
    client.logout()
    gateway.empty("ivan")
    assert gateway.mailbox("ivan") == [] and gateway.files("ivan/.Junk") == []


def dies_again_and_again(make_gateway, url, count, die):
    """A session over `count` messages, every tenth infected, while die(running) lets the scanner die again and again. Returns the verdicts."""
    gateway, provider = office(make_gateway, {"av": url}, [letter(number=n, body=("VIRUSHERE42 VIRUS:Bad\n" if n % 10 == 0 else "good\n"))
                                                           for n in range(count)])
    running = subprocess.Popen([BUILD / "lanpost", "-c", gateway.conf, "session"], env=gateway.env, stdout=subprocess.DEVNULL)
    while running.poll() is None:
        die(running)
    assert running.returncode == 0
    delivered, kept = gateway.mailbox("ivan"), [path.read_bytes() for path in gateway.files("_quarantine")]
    numbers = sorted(fields(message, "Message-ID")[0] for message in delivered + kept)
    assert numbers == sorted(f"<{n}.test@bank.ru>" for n in range(count)) and provider.left == []
    for message in kept:
        assert b"VIRUSHERE42" in message and fields(message, "X-Virus-Status")[0].startswith("infected")
    verdicts = [fields(message, "X-Virus-Status")[0] for message in delivered]
    for message, status in zip(delivered, verdicts):
        assert status in (("not scanned",) if b"VIRUSHERE42" in message else ("clean", "not scanned"))
    assert kept
    return f"{verdicts.count('clean')} clean, {verdicts.count('not scanned')} not scanned, {len(kept)} infected"


def test_a_scanner_that_dies_again_and_again(make_gateway):
    """Each message is delivered exactly once, and each verdict is true. LANPOST_SCANNED=2000: that many."""
    life = [Clamd()]

    def die(running):
        life[-1].stop()
        life.append(Clamd(port=life[0].port))
        until(lambda: len(life[-1].messages) >= 7 or running.poll() is not None, 30, "some messages")

    print(dies_again_and_again(make_gateway, life[0].url, int(os.environ.get("LANPOST_SCANNED", "120")), die), len(life), "lives")
    assert len(life) > 3
