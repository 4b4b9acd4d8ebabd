"""save_sent: what a user sends is in Sent once, whether or not the mail program saves it, too, and in whichever order."""
import json
import re
import threading

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import until

TEXT = "Здравствуйте!\n\nС уважением\n"


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {"save_sent": "yes"}, "anna": {}}, smarthosts={"out": {"url": "smtp://127.0.0.1:1", "tls": "none",
                                                                                            "default_sender": "office@example.ru"}})


def message(number, body=TEXT, extra=""):
    return letter(subject=f"number {number}", sender="ivan@office.lan", to="anna@office.lan", body=body, number=number, extra=extra)


def submit(office, content, recipients=("anna@office.lan",), login=True, sender="ivan@office.lan"):
    with office.smtp() as client:
        if login:
            client.login("ivan", PASSWORD)
        client.sendmail(sender, list(recipients), content)


def append(office, content, folder="Sent", flags=r"(\Seen)"):
    """The UID that APPENDUID names."""
    with office.imap("ivan") as client:
        kind, data = client.append(folder, flags, None, content)
        assert kind == "OK"
        return int(re.search(rb"APPENDUID \d+ (\d+)", data[0])[1])


def sent(office, folder="Sent", user="ivan"):
    """The messages of the folder, with their flags."""
    with office.imap(user) as client:
        count = int(client.select(folder, readonly=True)[1][0])
        if count == 0:
            return []
        return [(part[1], part[0]) for part in client.fetch("1:*", "(UID FLAGS BODY.PEEK[])")[1] if isinstance(part, tuple)]


def numbers(office, folder="Sent"):
    return [int(re.search(rb"Subject: number (\d+)", content)[1]) for content, _ in sent(office, folder)]


def test_what_is_submitted_is_in_sent_once_and_seen(office):
    submit(office, message(1), ["anna@office.lan", "out@example.net", "boss@example.net"])
    (content, head), = sent(office)
    assert rb"\Seen" in head and TEXT.encode().replace(b"\n", b"\r\n") in content
    bcc = re.search(rb"^Bcc: (.*?)\r\n(?! )", content, re.S | re.M)[1]
    assert b"out@example.net" in bcc and b"boss@example.net" in bcc and b"anna" not in bcc
    others = [*office.mailbox("anna"), *(path.read_bytes() for path in office.spool.glob("queue/active/*.msg"))]
    assert len(others) == 2 and not any(b"Bcc" in other for other in others)
    assert "ivan/Sent" in office.cli("trace", "number 1").stdout


def test_whose_mail_is_copied(office):
    submit(office, message(1), login=False)  # the owner of the sender's address
    with office.smtp() as client:
        client.login("anna", PASSWORD)
        client.sendmail("anna@office.lan", ["ivan@office.lan"], message(2))
    submit(office, message(3), ["daemon@office.lan"])
    submit(office, message(4), sender="")
    submit(office, message(5), ["anna@office.lan", "daemon@office.lan"])
    assert numbers(office) == [1, 5] and sent(office, user="anna") == []


@pytest.mark.parametrize("first", ["program", "gateway"])
def test_a_program_that_saves_it_too_makes_no_second_copy(office, first):
    saved = message(1, extra="X-Mozilla-Status: 0001\nBcc: secret@example.net\n")
    if first == "gateway":
        submit(office, message(1))
        uid = append(office, saved, flags=r"(\Seen \Flagged work)")
    else:
        uid = append(office, saved)
        submit(office, message(1))
    (content, head), = sent(office)
    assert b"UID %d" % uid in head and len(office.mailbox_when("anna", 1)) == 1
    if first == "gateway":
        assert rb"\Flagged" in head and b"work" in head and b"Received:" in content
    trace = office.cli("trace", "number 1").stdout
    assert ("the same message is there already" if first == "gateway" else "has saved a copy already") in trace


def test_what_differs_is_kept(office):
    submit(office, message(1))
    append(office, message(1, body=TEXT + "more\n"))
    append(office, message(1).replace(b"Date: Mon, 23", b"Date: Tue, 24"))
    append(office, message(2))
    append(office, message(2))  # twice on purpose: none of them is ours
    append(office, message(1), folder="Archive")
    assert sorted(numbers(office)) == [1, 1, 1, 2, 2] and numbers(office, "Archive") == [1]


def test_the_program_s_own_sent_folder_is_taken(office):
    with office.imap("ivan") as client:
        client.create('"Sent Items"')
        client.delete("Sent")
    submit(office, message(1))
    assert numbers(office, '"Sent Items"') == [1]
    with office.imap("ivan") as client:
        client.delete('"Sent Items"')
    submit(office, message(2))
    assert numbers(office) == [2]


def test_a_full_mailbox_keeps_no_copy_and_the_message_leaves(make_gateway):
    office = make_gateway(users={"ivan": {"save_sent": "yes"}, "anna": {}}, sections={"limits": {"mailbox_quota": "10K"}})
    submit(office, message(1, body=("x" * 70 + "\n") * 130))
    assert len(office.mailbox_when("anna", 1)) == 1 and numbers(office) == [1]
    office.empty("anna")
    submit(office, message(2, body=("x" * 70 + "\n") * 30))
    assert len(office.mailbox_when("anna", 1)) == 1 and numbers(office) == [1]
    assert "the mailbox is full" in office.cli("trace", "number 2").stdout


def test_death_between_the_copies(office):
    submit(office, message(1))
    append(office, message(2))
    office.kill_all()
    office.start()
    append(office, message(1))
    submit(office, message(2))
    assert sorted(numbers(office)) == [1, 2]


def test_both_at_once(office):
    def save(number):
        append(office, message(number))

    for number in range(1, 9):
        saving = threading.Thread(target=save, args=(number,))
        saving.start()
        submit(office, message(number))
        saving.join()
    until(lambda: len(office.files("anna")) == 8, 15, "the messages")
    assert sorted(numbers(office)) == list(range(1, 9))


def test_client_setup_says_who_keeps_the_copies(office):
    assert "the gateway keeps a copy in the folder Sent" in office.cli("client-setup", "ivan").stdout
    assert "lanpost user set anna --save-sent yes" in office.cli("client-setup", "anna").stdout
    assert json.loads(office.cli("client-setup", "ivan", "--json").stdout)["save_sent"] is True
