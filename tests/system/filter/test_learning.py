"""Scanners learn what users move to Junk and out of it, report by mail, or an admin names: once, the last word counts, and nothing is lost while they are away."""
import imaplib
import signal

import pytest

from filter.test_scanners import fields, office
from harness.letters import letter
from harness.scanner import Rspamd, Spamd
from harness.waiting import kill, until


def learning(gateway, scanner, messages=(), **keys):
    gateway, provider = office(gateway, {"sc": scanner}, list(messages), learn_url=scanner.url, **keys)
    return gateway, provider


def told(scanner):
    return [(what, fields(message, "Message-ID")[0].split(".")[0][1:]) for what, message in list(scanner.learned)]


def waits_for(scanner, *lessons):
    until(lambda: told(scanner) == list(lessons), 60, f"the lessons {lessons}")


def nothing_waits(gateway):
    until(lambda: gateway.status()["learning"] == {"waiting": 0, "error": None}, 60, "no lesson that waits")


def move(client, number, to, command="MOVE"):
    status, answer = client._simple_command(command, str(number), to)
    assert status == "OK", answer


@pytest.mark.parametrize("kind", [Rspamd, Spamd])
def test_what_users_move_is_learned(make_gateway, kind):
    scanner = kind()
    gateway, _ = learning(make_gateway, scanner, [letter(number=n) for n in range(1, 4)] + [letter(number=4, body="SCORE:7\n")])
    imaplib.Commands.setdefault("MOVE", ("SELECTED",))
    gateway.session()
    assert len(gateway.files("ivan")) == 3 and len(gateway.files("ivan/.Junk")) == 1  # what the filter puts there is no lesson
    client = gateway.imap("ivan")
    client.select()
    move(client, 1, "Junk")
    waits_for(scanner, ("spam", "1"))
    learned = scanner.learned[0][1]
    assert not fields(learned, "X-Spam-Score") and not fields(learned, "X-Lanpost-Scan") and learned.endswith(b"text\r\n")
    client.create("Archive")
    client.create("Trash")
    client.select("Junk")
    move(client, 1, "INBOX", "COPY")  # as programs without MOVE do
    waits_for(scanner, ("spam", "1"), ("ham", "4"))
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    move(client, 1, "Trash")  # no word on what it is
    client.append("Junk", None, None, letter(number=9))
    waits_for(scanner, ("spam", "1"), ("ham", "4"), ("spam", "9"))
    client.select()
    move(client, 1, "Archive")
    client.logout()
    nothing_waits(gateway)
    assert len(scanner.learned) == 3
    trace = gateway.cli("trace", "<4.test@bank.ru>").stdout
    assert "to be learned" in trace and "as not spam by sc" in trace, trace
    assert gateway.files("_learn/.spam") == [] and gateway.cli("mailbox", "list").stdout.count("_learn") == 0


def test_while_the_scanner_is_away_lessons_wait(make_gateway):
    """Moved there and back: the last word counts. A message that the user deletes is learned all the same; nothing is learned twice."""
    imaplib.Commands.setdefault("MOVE", ("SELECTED",))
    scanner = Rspamd()
    gateway, _ = learning(make_gateway, scanner, [letter(number=n) for n in range(1, 5)])
    gateway.session()
    scanner.stop()
    client = gateway.imap("ivan")
    client.select()
    for _ in range(4):
        move(client, 1, "Junk")
    client.select("Junk")
    move(client, 1, "INBOX")
    client.store("1", "+FLAGS", r"\Deleted")  # the second one
    client.expunge()
    client.logout()
    until(lambda: gateway.status()["learning"]["error"], 60, "the reason")
    until(lambda: gateway.status()["learning"]["waiting"] == 4, 60, "of the first message the last lesson only")
    assert "cannot connect to rspamd://" in gateway.cli("status").stdout
    gateway.kill_all()
    gateway.start()
    again = Rspamd(port=scanner.port)
    until(lambda: len(again.learned) == 4, 90, "all lessons")
    nothing_waits(gateway)
    assert sorted(told(again)) == [("ham", "1"), ("spam", "2"), ("spam", "3"), ("spam", "4")]
    client = gateway.imap("ivan")
    client.select("Junk")
    number = [n for n in "12" if b"<3.test" in client.fetch(n, "BODY[HEADER]")[1][0][1]][0]
    move(client, number, "INBOX")
    until(lambda: told(again)[4:] == [("ham", "3")], 60, "another word")
    client.select()
    move(client, 2, "Junk")
    until(lambda: told(again)[4:] == [("ham", "3"), ("spam", "3")], 60, "the last word")
    client.append("Junk", None, None, letter(number=9))
    client.append("Junk", None, None, letter(number=9))
    client.logout()
    until(lambda: told(again)[6:] == [("spam", "9")], 60, "the new one")
    nothing_waits(gateway)
    until(lambda: "it is known as spam already" in gateway.cli("trace", "<9.test@bank.ru>").stdout, 60, "the journal of the second one")
    assert len(again.learned) == 7


def test_reports_by_mail(make_gateway):
    scanner = Spamd()
    gateway, _ = learning(make_gateway, scanner)
    one, two = letter(number=1, subject="pills"), letter(number=2, extra="X-Spam-Flag: YES\n")
    parts = "".join(f"--b\r\nContent-Type: message/rfc822\r\n\r\n{one.decode()}\r\n" for one in (one, two))
    report = (f"From: ivan@office.lan\r\nTo: spam@office.lan\r\nSubject: look\r\nMessage-ID: <r@office.lan>\r\nMIME-Version: 1.0\r\n"
              f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nplease\r\n{parts}--b--\r\n")
    gateway.send("ivan@office.lan", ["spam@office.lan"], report)
    waits_for(scanner, ("spam", "1"), ("spam", "2"))
    assert scanner.learned[0][1] == one and b"X-Spam-Flag" not in scanner.learned[1][1]
    gateway.send("ivan@office.lan", ["HAM@office.lan", "spam"], letter(number=7, sender="ivan@office.lan"))
    until(lambda: gateway.cli("trace", "<7.test@bank.ru>").stdout.count("no message is attached to it") == 2, 60, "the end of both")
    nothing_waits(gateway)
    assert "as spam by sc, attached messages: 2" in gateway.cli("trace", "<r@office.lan>").stdout
    again = report.replace("<r@", "<again@").replace("<1.test", "<3.test")  # a new one before one that is known
    gateway.send("ivan@office.lan", ["spam@office.lan"], again)
    waits_for(scanner, ("spam", "1"), ("spam", "2"), ("spam", "3"))
    until(lambda: "as spam by sc, attached messages: 2" in gateway.cli("trace", "<again@office.lan>").stdout, 60, "who has learned it")
    with pytest.raises(Exception, match="spam"):
        gateway.send("spam@office.lan", ["ivan@office.lan"], letter(number=8))
    assert len(scanner.learned) == 3


def test_the_admin_names_messages(make_gateway, folder):
    scanner = Rspamd()
    gateway, _ = learning(make_gateway, scanner, [letter(number=1), letter(number=2, body="SCORE:20\n")])
    gateway.session()
    kept, = gateway.files("_quarantine")
    (folder / "3.eml").write_bytes(letter(number=3))
    ids = [path.name.split(".")[1] for path in (*gateway.files("ivan"), kept)]
    done = gateway.cli("learn", "ham", ids[1], folder / "3.eml")
    assert done.returncode == 0, done.stderr
    assert gateway.cli("quarantine", "learn", "spam", ids[0]).returncode == 0
    until(lambda: sorted(told(scanner)) == [("ham", "2"), ("ham", "3"), ("spam", "1")], 60, "the lessons")
    assert not fields([message for what, message in scanner.learned if b"<2.test" in message][0], "X-Lanpost-Quarantine")
    done = gateway.cli("learn", "ham", "0" * 20)
    assert (done.returncode, done.stdout) == (1, "") and "there is no message 0000" in done.stderr, done
    assert gateway.cli("learn", "both", ids[0]).returncode == 2
    nothing_waits(gateway)


@pytest.mark.parametrize("kind, misdeed", [(Rspamd, "wrong"), (Spamd, "half"), (Rspamd, "close")])
def test_a_scanner_that_breaks(make_gateway, kind, misdeed):
    """It learns when it is well again; mail is delivered meanwhile."""
    imaplib.Commands.setdefault("MOVE", ("SELECTED",))
    scanner = kind()
    gateway, provider = learning(make_gateway, scanner, [letter(number=1)], timeout="5s")
    gateway.session()
    scanner.misdeed = misdeed
    client = gateway.imap("ivan")
    client.select()
    move(client, 1, "Junk")
    until(lambda: gateway.status()["learning"]["error"], 60, "the reason")
    kill(gateway.process_named("filter"), signal.SIGKILL)
    scanner.misdeed = None
    provider.messages += [letter(number=2)]
    provider.uidls += ["two"]
    gateway.session()
    assert len(gateway.files("ivan")) == 1
    waits_for(scanner, ("spam", "1"))
    nothing_waits(gateway)


def test_without_a_scanner_that_learns(make_gateway):
    gateway, _ = office(make_gateway, {}, [letter(number=1)])
    with pytest.raises(Exception, match="550"):
        gateway.send("ivan@office.lan", ["spam@office.lan"], letter(number=2, sender="ivan@office.lan"))
    assert gateway.status()["learning"] is None
    assert "no scanner learns" in gateway.cli("learn", "spam", gateway.conf).stderr
