"""Outbox shows what a user's own mail waits in the queue; removing it there withdraws what has not left."""
import fcntl
import re
import threading

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.misbehaving import MisbehavingSmtp
from harness.waiting import until


@pytest.fixture
def smarthost(request):
    server = MisbehavingSmtp(getattr(request, "param", None))
    yield server
    server.stop()


@pytest.fixture
def office(make_gateway, smarthost):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"external_alias": "anna@example.ru"}},
                        smarthosts={"out": {"url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none", "retry": "1h"}})


def submit(office, number, user="ivan", login=True, recipients=("out@example.net",)):
    with office.smtp() as client:
        if login:
            client.login(user, PASSWORD)
        client.sendmail(f"{user}@office.lan", list(recipients), letter(subject=f"number {number}", sender=f"{user}@office.lan", number=number))


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data


def outbox(office, user="ivan", folder="Outbox"):
    """number -> (UID, flags)"""
    with office.imap(user) as client:
        if good(client.select(folder, readonly=True)) == [b"0"]:
            return {}
        parts = [part for part in good(client.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")) if isinstance(part, tuple)]
        return {int(re.search(rb"number (\d+)", subject)[1]): (int(re.search(rb"UID (\d+)", head)[1]), head) for head, subject in parts}


def test_what_waits_is_listed_and_leaves(office, smarthost):
    submit(office, 1)
    submit(office, 2, login=False)
    submit(office, 3, user="anna")
    submit(office, 4, recipients=["anna@office.lan"])
    seen = outbox(office)
    assert sorted(seen) == [1, 2] and sorted(outbox(office, "anna")) == [3]
    assert all(rb"\Seen" in head and rb"\Flagged" not in head for _, head in seen.values())
    with office.imap("ivan") as client:
        listed = b"\n".join(good(client.list())) + b"\n".join(good(client.lsub()))
        assert listed.count(b"Outbox") == 2 and b"NonExistent" not in listed
        assert good(client.status("Outbox", "(MESSAGES)"))[0].endswith(b"(MESSAGES 2)")
        good(client.select("Outbox"))
        (_, content), _ = good(client.fetch("1", "(BODY[])"))
        assert content == next(office.spool.glob("queue/active/*.msg")).read_bytes() or b"number 1" in content
        assert good(client.search(None, "BODY", "text")) == [b"1 2"]
    office.stop()
    office.start()
    submit(office, 5)
    again = outbox(office)
    assert {number: uid for number, (uid, _) in again.items() if number in seen} == {number: uid for number, (uid, _) in seen.items()}
    office.session()
    assert outbox(office) == {} and outbox(office, "anna") == {}
    assert not (office.spool / "mailboxes/ivan/.Outbox").exists()


def test_removing_withdraws(office):
    for number in range(1, 5):
        submit(office, number, recipients=["one@example.net", "two@example.net"])
    with office.imap("ivan") as client:
        good(client.select("Outbox"))
        good(client.store("1", "+FLAGS", r"(\Deleted)"))
        assert good(client.expunge()) == [b"1"]
        good(client.uid("MOVE", str(outbox(office)[2][0]), "Trash"))
        good(client.copy("1", "Drafts"))
        client.noop()
        assert good(client.search(None, "ALL")) == [b"1 2"]
    assert sorted(outbox(office)) == [3, 4] and len(office.queued_files()) == 2
    assert list(outbox(office, folder="Trash")) == [2] and list(outbox(office, folder="Drafts")) == [3]
    trace = office.cli("trace", "number 1").stdout
    assert "withdrawn by ivan" in trace
    office.kill_all()
    office.start()
    assert sorted(outbox(office)) == [3, 4] and len(office.queued_files()) == 2


def test_what_is_being_sent_stays(office):
    submit(office, 1)
    submit(office, 2)
    numbers = outbox(office)
    message, = [path for path in office.spool.glob("queue/active/*.msg") if b"number 1" in path.read_bytes()]
    with office.imap("ivan") as client, open(message, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as the session does
        good(client.select("Outbox"))
        good(client.store("1:2", "+FLAGS", r"(\Deleted)"))
        kind, data = client.expunge()
        assert kind == "NO" and b"being sent" in data[0]
        kind, data = client.uid("MOVE", str(numbers[1][0]), "Trash")
        assert kind == "NO" and sorted(outbox(office)) == [1, 2] and outbox(office, folder="Trash") == {}
        fcntl.flock(file, fcntl.LOCK_UN)
        assert good(client.expunge()) == [b"2", b"1"]


def test_the_administrator_does_not_delete_what_is_being_sent(office):
    submit(office, 1)
    message, = until(lambda: list(office.spool.glob("queue/active/*.msg")), 10, "the entry")
    with open(message, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as the session does
        done = office.cli("queue", "delete", message.stem, "--yes")
        assert done.returncode == 1 and "being sent" in done.stderr and message.exists()
    assert office.cli("queue", "delete", message.stem, "--yes").returncode == 0 and not message.exists()


def test_nothing_can_be_stored_in_it(office):
    with office.imap("ivan") as client:
        good(client.append("Drafts", None, None, letter(number=1)))
        good(client.select("Drafts"))
        for answer in (client.append("Outbox", None, None, letter(number=1)), client.copy("1", "Outbox"), client.uid("MOVE", "1", "Outbox"),
                       client.create("Outbox"), client.delete("Outbox"), client.rename("Outbox", "Other"), client.rename("Drafts", "Outbox")):
            assert answer[0] == "NO", answer
        assert good(client.search(None, "ALL")) == [b"1"]
    assert outbox(office) == {}


def test_a_real_folder_of_that_name_wins(make_gateway):
    office = make_gateway(users=["ivan"], start=False)
    (office.spool / "mailboxes/ivan/.Outbox/cur").mkdir(parents=True)
    for part in ("new", "tmp"):
        (office.spool / "mailboxes/ivan/.Outbox" / part).mkdir()
    office.start()
    with office.imap("ivan") as client:
        good(client.append("Outbox", None, None, letter(subject="number 7")))
        assert b"".join(good(client.list())).count(b"Outbox") == 1
    assert list(outbox(office)) == [7]


@pytest.mark.parametrize("smarthost", ["defers_after_the_dot"], indirect=True)
def test_a_failure_is_flagged_and_idle_tells(office):
    submit(office, 1)
    with office.imap("ivan") as client:
        good(client.select("Outbox"))
        client.send(b"x IDLE\r\n")
        assert client.readline().startswith(b"+")
        sending = threading.Thread(target=lambda: office.cli("session", "--send-only"))
        sending.start()
        client.sock.settimeout(90)
        line = client.readline()
        while rb"\Flagged" not in line:
            line = client.readline()
        client.send(b"DONE\r\n")
        until(lambda: client.readline().startswith(b"x OK"), 30, "the end of IDLE")
        sending.join()
    assert rb"\Flagged" in outbox(office)[1][1]
