"""Whom a user has written to is a friend: their mail is not spam, unless it is forged; the lists of a user count before those of the office."""
import json

from filter.test_scanners import fields, office
from harness.letters import letter
from harness.scanner import Rspamd
from harness.sink import Sink
from harness.waiting import until


def friends(gateway, *words):
    done = gateway.cli("user", "friends", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


def spam(number, sender, symbols="BAYES_99", path=None, **keys):
    return letter(number=number, sender=sender, extra=f"Return-Path: <{path or sender}>\n", body=f"SCORE:20 SYMBOLS:{symbols}\n", **keys)


def write(gateway, user, *recipients, extra="", number=90):
    gateway.send(f"{user}@office.lan", list(recipients), letter(number=number, sender=f"{user}@office.lan", extra=extra))


def replayed(gateway):
    """What would be delivered elsewhere now, and how many messages were looked at."""
    done = gateway.cli("rule", "test", "--all", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    return [(one["was"], one["would"]) for one in result["differences"]], result["looked_at"]


def foreseen(gateway, path):
    decision, = json.loads(gateway.cli("sort", path, "--json").stdout)
    return [(one["mailbox"], one["sender"]) for one in decision["filter"]]


def names(gateway, mailbox):
    return [fields(path.read_bytes(), "Message-ID")[0] for path in gateway.files(mailbox)]


def test_whom_one_has_written_to_is_a_friend(make_gateway):
    rs, sink = Rspamd(), Sink()
    gateway, provider = office(make_gateway, {"rs": rs}, [spam(1, "anna@partner.ru"), spam(2, "other@partner.ru"),
                                                          spam(3, "anna@partner.ru", symbols="BAYES_99,R_SPF_FAIL"),
                                                          spam(4, "anna@partner.ru", path="bulk@spammer.ru"), spam(5, "robot@partner.ru")])
    gateway.rules["all"]["deliver"] = "ivan, anna"
    gateway.smarthosts["default"] = {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none", "default_sender": "office@example.ru"}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    write(gateway, "ivan", "Anna@Partner.ru", "anna@office.lan")
    write(gateway, "ivan", "robot@partner.ru", extra="Auto-Submitted: auto-replied\n", number=91)
    write(gateway, "anna", "third@partner.ru", number=92)
    until(lambda: [one["address"] for one in friends(gateway, "ivan", "--json")] == ["anna@partner.ru"], 30, "the friend of ivan")
    gateway.session()
    assert names(gateway, "ivan") == ["<1.test@bank.ru>"]
    assert [name for name in names(gateway, "anna/.Junk")] == ["<1.test@bank.ru>"]  # it is not kept from her for that
    message, = [path.read_bytes() for path in gateway.files("ivan")]
    assert fields(message, "X-Spam-Flag") == ["NO"] and fields(message, "X-Spam-Score") == ["20.0"]
    assert len(gateway.files("_quarantine")) == 4
    trace = gateway.cli("trace", "<1.test@bank.ru>").stdout
    assert "spam score 20.0, but written to on " in trace, trace
    path, = gateway.files("ivan")
    assert foreseen(gateway, path) == [("ivan", "friend"), ("anna/Junk", "unknown")]
    assert "filter:  ivan: the sender is a friend (written to on " in gateway.cli("sort", path).stdout
    assert replayed(gateway) == ([], 1)  # those in quarantine are in no mailbox
    friends(gateway, "ivan", "--forget", "anna@partner.ru")
    assert foreseen(gateway, path) == [("_quarantine", "unknown")]
    assert replayed(gateway) == ([(["anna/Junk", "ivan"], ["_quarantine"])], 1)
    assert friends(gateway, "ivan", "--json") == [] and gateway.cli("user", "friends", "ivan", "--forget", "x@y.ru").returncode == 1
    provider.messages += [spam(6, "anna@partner.ru")]
    provider.uidls += ["six"]
    gateway.session()
    assert len(gateway.files("_quarantine")) == 5


def test_the_lists_of_a_user(make_gateway):
    """They work without a scanner, too."""
    gateway, _ = office(make_gateway, {}, [letter(number=1, sender="shop@news.ru"), letter(number=2, sender="shop@other.ru")])
    gateway.rules["all"]["deliver"] = "ivan, anna"
    gateway.users["ivan"]["deny"] = "news.ru"
    gateway.write()
    gateway.users["anna"].update(allow="news.ru, x@y.ru", deny="news.ru")
    gateway.write()
    assert "news.ru is in allow and in deny" in gateway.cli("check").stdout
    del gateway.users["anna"]["deny"]
    gateway.write()
    assert gateway.cli("check").returncode == 0 and gateway.cli("reload").returncode == 0
    gateway.session()
    assert names(gateway, "ivan") == ["<2.test@bank.ru>"] and names(gateway, "ivan/.Junk") == ["<1.test@bank.ru>"]
    assert len(gateway.files("anna")) == 2
    assert "[user ivan] deny" in gateway.cli("trace", "<1.test@bank.ru>").stdout
    path, = gateway.files("ivan/.Junk")
    assert foreseen(gateway, path) == [("ivan/Junk", "denied"), ("anna", "friend")]
    assert replayed(gateway) == ([], 2)
