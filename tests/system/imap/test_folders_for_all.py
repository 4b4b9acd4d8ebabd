"""Folders of every user: the usual ones are there, old mail leaves each of them after its own time, and the admin's verbs know them."""
import email
import imaplib
import json
import os
import re
import time

from harness.letters import letter

DAY = 86400
TRASH = "&BBoEPgRABDcEOAQ9BDA-"  # Корзина


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data


def uses(office):
    """special use -> folder, as a client finds them"""
    with office.imap("ivan") as client:
        return {use: name for line in good(client.list())
                for use, name in re.findall(r'\\(Sent|Drafts|Junk|Trash|Archive)[^)]*\) "/" "?(.*?)"?$', line.decode())}


def subscribed(office):
    with office.imap("ivan") as client:
        return b"\n".join(good(client.lsub())).decode()



def make_folders(box, *names):
    for name in names:
        for part in ("tmp", "new", "cur"):
            (box / f".{name}" / part).mkdir(parents=True)


def test_each_use_has_a_folder_whatever_was_there_before(make_gateway):
    office = make_gateway(users=["ivan", "anna"])
    box = office.spool / "mailboxes" / "ivan"
    office.send("anna@office.lan", ["ivan@office.lan"], letter())
    office.mailbox_when("ivan", 1)
    make_folders(box, "Invoices", TRASH)  # a rule's, and one that another mail server has made
    found = uses(office)
    assert found == {"Sent": "Sent", "Drafts": "Drafts", "Junk": "Junk", "Archive": "Archive", "Trash": TRASH}
    assert not (box / ".Trash").exists()
    assert "Sent" in subscribed(office) and "INBOX" in subscribed(office)
    with office.imap("ivan") as client:
        good(client.delete("Archive"))
        good(client.rename(TRASH, "OldTrash"))
    assert uses(office) == {use: use for use in ("Sent", "Drafts", "Junk", "Archive", "Trash")}


def put(client, folder, subject, days):
    good(client.append(f'"{folder}"', None, imaplib.Time2Internaldate(time.time() - days * DAY), letter(subject=subject)))


def subjects(office, folder=""):
    box = office.spool / "mailboxes" / "ivan" / folder
    return sorted(email.message_from_bytes(path.read_bytes())["Subject"] for part in ("new", "cur") for path in (box / part).iterdir())


def fill(office):
    make_folders(office.spool / "mailboxes" / "ivan", TRASH)  # the trash is not called Trash
    with office.imap("ivan") as client:
        good(client.create(f"{TRASH}/Below"))
        good(client.create(f"{TRASH}/Keep"))
        good(client.create("Junk/Old"))
        for folder, age in ((TRASH, 40), (TRASH, 20), (f"{TRASH}/Below", 40), (f"{TRASH}/Keep", 40), ("Junk", 20), ("Junk", 10), ("Junk/Old", 20),
                            ("Archive", 400), ("Sent", 40), ("INBOX", 400)):
            put(client, folder, f"{age} days", age)
        good(client.select())
        put(client, "INBOX", "moved today", 400)
        good(client.noop())
        good(client.uid("MOVE", "2", TRASH))


def test_each_folder_expires_after_its_own_time(make_gateway):
    office = make_gateway(users={"ivan": {"expire_folders": "Trash 30d, Junk 14d, Корзина/Keep 0"}, "anna": {}})
    fill(office)
    with office.imap("ivan") as client:  # a session that has the folder open sees it
        assert good(client.select(TRASH)) == [b"3"]
        office.session("--send-only")
        good(client.noop())
        assert client.response("EXPUNGE")[1] == [b"1"]
    assert subjects(office, f".{TRASH}") == ["20 days", "moved today"]
    assert subjects(office, f".{TRASH}.Below") == [] and subjects(office, f".{TRASH}.Keep") == ["40 days"]
    assert subjects(office, ".Junk") == ["10 days"] and subjects(office, ".Junk.Old") == []
    assert subjects(office, ".Archive") == ["400 days"] and subjects(office, ".Sent") == ["40 days"] and subjects(office) == ["400 days"]
    assert 'event=mail-expired mailbox="ivan/Junk" messages=1' in office.log()
    office.stop()
    office.start()
    assert subjects(office, f".{TRASH}") == ["20 days", "moved today"]


def test_what_expires_from_folders_goes_to_the_archive(make_gateway):
    office = make_gateway(users={"ivan": {"expire": "90d", "expire_folders": "Junk 14d", "archive": "yes"}, "anna": {}})
    fill(office)
    office.session("--send-only")
    month = lambda days: time.strftime("%Y-%m", time.gmtime(time.time() - days * DAY))
    archive = office.spool / "archive" / "ivan"
    assert len(os.listdir(archive / month(20) / ".Junk" / "cur")) == 1 and len(os.listdir(archive / month(400) / "cur")) == 1
    assert subjects(office) == [] and subjects(office, ".Junk") == ["10 days"]


def test_the_verbs_of_the_admin_know_folders(make_gateway):
    office = make_gateway(users=["ivan", "anna"])
    fill(office)
    listed = json.loads(office.cli("mailbox", "list", "--json").stdout)
    ivan = next(one for one in listed if one["user"] == "ivan")
    folders = {one["folder"]: one["messages"] for one in ivan["folders"]}
    assert folders["Корзина"] == 3 and folders["Junk/Old"] == 1 and folders["Drafts"] == 0 and ivan["messages"] == 11
    shown = json.loads(office.cli("mailbox", "show", "ivan/Корзина", "--json").stdout)
    assert sorted(one["subject"] for one in shown) == ["20 days", "40 days", "moved today"]
    assert office.cli("mailbox", "purge", "ivan/Корзина", "--older", "30d", "--yes").returncode == 0
    assert subjects(office, f".{TRASH}") == ["20 days"]
    assert office.cli("mailbox", "show", "ivan/Nowhere").returncode == 1
    removed = office.cli("trace", "moved today").stdout
    assert "ivan/Корзина" in removed, removed


def test_expire_of_a_folder_needs_a_unit_and_is_warned_of_below_a_day(make_gateway):
    office = make_gateway(start=False, users={"ivan": {"expire_folders": "Trash 30"}})
    done = office.cli("check")
    assert done.returncode == 1 and "write 30d" in done.stdout + done.stderr
    office.users["ivan"]["expire_folders"] = "Trash 30m"
    office.write()
    done = office.cli("check")
    assert done.returncode == 0 and "permanently removed from folder Trash of mailbox ivan" in done.stdout + done.stderr
    assert office.cli("user", "set", "ivan", "--expire-folders", "Trash 30d, Junk 14d").returncode == 0
    assert "expire_folders = Trash 30d, Junk 14d\n" in (office.folder / "users.conf").read_text()
