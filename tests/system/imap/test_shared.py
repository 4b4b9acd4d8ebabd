"""Shared mailboxes: what each member sees and may do, \\Seen of each their own, and what holds after a crash, a reload and a restore."""
import imaplib
import json
import poplib
import re
import shutil
import smtplib

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import PATIENCE, until


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data


def refused(answer, code):
    kind, data = answer
    assert kind == "NO" and code in data[0], answer


@pytest.fixture
def office(make_gateway):
    return make_gateway(users=["ivan", "maria", "olga", "anna"], sections={
        "mailbox info": {"members": "ivan, olga, maria:read", "aliases": "office", "external_alias": "info@example.ru"},
        "lan": {"check_from": "yes"}},
        rules={"clients": {"when": 'subject contains "client"', "deliver": "info/Clients"}})


def deliver(office, count=1, box="info"):
    before = len(office.files(box))
    for n in range(before, before + count):
        office.send("anna@office.lan", [f"{box}@office.lan"], letter(subject=f"number {n}", sender="anna@office.lan"))
    until(lambda: len(office.files(box)) >= before + count, 15, "the messages")


def names(answer):
    return sorted(re.search(rb'"/" "?(.*?)"?$', line)[1].decode() for line in good(answer))


def flags(client, number="1"):
    return good(client.fetch(number, "(FLAGS)"))[0]


def seen(client):
    return good(client.search(None, "SEEN"))[0]


def idle(client):
    client.send(b"i IDLE\r\n")
    lines_until(client, b"+ ")


def lines_until(client, wanted, seconds=10):
    client.sock.settimeout(seconds)
    lines = []
    while not any(wanted in line for line in lines):
        lines.append(client.readline())
        assert lines[-1], lines
    return lines


def done(client):
    client.send(b"DONE\r\n")
    return lines_until(client, b"i OK")


def test_members_see_it_and_others_nothing(office):
    deliver(office)
    with office.imap("ivan") as ivan, office.imap("anna") as anna:
        assert good(ivan.namespace()) == [b'(("" "/")) NIL (("Shared/" "/"))']
        good(ivan.create("Shared/info/Clients/2026"))
        listed = names(ivan.list())
        assert {"INBOX", "Shared", "Shared/info", "Shared/info/Clients", "Shared/info/Clients/2026"} <= set(listed)
        shared = [line for line in good(ivan.list()) if b"Shared" in line]
        assert not any(use in line for line in shared for use in (b"\\Sent", b"\\Trash", b"\\Junk", b"\\Archive", b"\\Drafts"))
        assert "Shared/info" in names(ivan.lsub())  # met for the first time
        good(ivan.unsubscribe("Shared/info"))
        assert good(ivan.status("Shared/info", "(MESSAGES UNSEEN)")) == [b'"Shared/info" (MESSAGES 1 UNSEEN 1)']
        assert not [name for name in names(anna.list()) if name.startswith("Shared")]
        refused(anna.select("Shared/info"), b"NONEXISTENT")
        refused(anna.status("Shared/info", "(MESSAGES)"), b"NONEXISTENT")
        refused(anna.create("Shared/info/x"), b"CANNOT")
        refused(anna.append("Shared/info", None, None, letter()), b"TRYCREATE")
        refused(anna.create("Shared/other"), b"CANNOT")
    with office.imap("ivan") as ivan:
        assert "Shared/info" not in names(ivan.lsub())  # it stays as the user wants it
    with pytest.raises(poplib.error_proto):
        office.pop3("info", "")
    with pytest.raises(imaplib.IMAP4.error):
        office.imap("info", "")


def test_seen_is_each_ones_own_and_the_rest_common(office):
    deliver(office, 3)
    with office.imap("ivan") as ivan, office.imap("ivan") as phone, office.imap("olga") as olga:
        for client in (ivan, phone, olga):
            assert good(client.select("Shared/info")) == [b"3"]
        idle(olga)
        idle(phone)
        assert b"number 0" in good(ivan.fetch("1", "(BODY[])"))[0][1]  # \Seen by reading
        lines_until(phone, rb"1 FETCH (FLAGS (\Seen")
        good(ivan.store("2", "+FLAGS", r"(\Seen \Answered Work)"))
        lines_until(phone, b"2 FETCH")
        told = b"".join(lines_until(olga, b"2 FETCH"))
        assert rb"2 FETCH (FLAGS (\Answered Work))" in told and b"1 FETCH" not in told
        done(olga), done(phone)
        good(olga.store("3", "+FLAGS", r"(\Seen)"))
        assert (seen(ivan), seen(phone), seen(olga)) == (b"1 2", b"1 2", b"3")
        assert good(olga.search(None, "KEYWORD", "Work")) == [b"2"]
        good(ivan.store("1", "-FLAGS", r"(\Seen)"))
        assert seen(phone) == b"2" and seen(olga) == b"3"
        assert good(ivan.status("Shared/info", "(UNSEEN)")) == [b'"Shared/info" (UNSEEN 2)']
    office.stop()
    office.start()
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        for client in (ivan, olga):
            good(client.select("Shared/info"))
        assert (seen(ivan), seen(olga)) == (b"2", b"3")
        good(olga.store("1", "+FLAGS", r"(\Seen)"))
    office.kill_all()
    office.start()
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        for client in (ivan, olga):
            good(client.select("Shared/info"))
        assert (seen(ivan), seen(olga)) == (b"2", b"1 3")
        assert rb"\Answered" in flags(ivan, "2") and rb"\Answered" in flags(olga, "2")
    # The files, as mutt and Dovecot read them, have what is common.
    assert [path.name.rpartition(",")[2].rstrip("a") for path in office.files("info")].count("R") == 1
    assert not any(re.search(":2,[A-Z]*S", path.name) for path in office.files("info"))


def test_condstore_is_of_the_person(office):
    deliver(office, 2)
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        for client in (ivan, olga):
            good(client.enable("CONDSTORE"))
            good(client.select("Shared/info"))
        before = int(olga.response("HIGHESTMODSEQ")[1][0])
        good(ivan.store("1", "+FLAGS", r"(\Seen)"))
        changed = good(ivan.fetch("1:*", f"(FLAGS) (CHANGEDSINCE {before})"))
        assert len(changed) == 1 and rb"1 (FLAGS (\Seen)" in changed[0] or b"Seen" in changed[0]
        assert good(olga.fetch("1:*", f"(FLAGS) (CHANGEDSINCE {before})")) == [None]
        kind, data = ivan._simple_command("STORE", "1", f"(UNCHANGEDSINCE {before})", "-FLAGS", r"(\Seen)")
        assert (kind, b"MODIFIED 1" in data[0]) == ("OK", True), data
        kind, data = olga._simple_command("STORE", "1", f"(UNCHANGEDSINCE {before})", "+FLAGS", r"(\Seen)")
        assert (kind, b"MODIFIED" in data[0]) == ("OK", False), data


def test_who_may_read_changes_nothing_but_their_own_seen(office):
    deliver(office, 2)
    with office.imap("maria") as maria, office.imap("ivan") as ivan:
        good(ivan.select("Shared/info"))
        with pytest.raises(imaplib.IMAP4.readonly):
            maria.select("Shared/info")
        assert maria.response("PERMANENTFLAGS")[1] == [rb"(\Seen)"]
        maria.is_readonly = True  # for imaplib
        good(maria.store("1", "+FLAGS", r"(\Seen)"))
        good(maria.store("2", "FLAGS", r"(\Seen \Flagged)"))  # what may be changed is
        assert seen(maria) == b"1 2" and seen(ivan) == b""
        assert good(maria.search(None, "FLAGGED")) in ([b""], [None])
        for command in (("STORE", "1", "+FLAGS", r"(\Deleted)"), ("EXPUNGE",), ("MOVE", "1", "INBOX")):
            refused(maria._simple_command(*command), b"NOPERM")
        good(maria.copy("1", "INBOX"))  # to their own mailbox
        refused(maria.append("Shared/info", None, None, letter()), b"NOPERM")
        refused(maria.create("Shared/info/x"), b"NOPERM")
        good(maria.select("INBOX"))
        assert rb"\Seen" in flags(maria)
        refused(maria.copy("1", "Shared/info"), b"NOPERM")
        refused(maria.rename("INBOX", "Shared/info/x"), b"NOPERM")
        good(maria.select("Shared/info", readonly=True))
        assert maria.response("PERMANENTFLAGS")[1] == [b"()"]


def test_copies_and_moves_take_seen_along(office):
    deliver(office, 3)
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        for client in (ivan, olga):
            good(client.select("Shared/info"))
        good(ivan.store("1:2", "+FLAGS", r"(\Seen)"))
        good(olga.store("2:3", "+FLAGS", r"(\Seen)"))
        good(ivan.create("Shared/info/Done"))
        good(ivan._simple_command("MOVE", "1:3", "Shared/info/Done"))
        for client in (ivan, olga):
            good(client.select("Shared/info/Done"))
        assert (seen(ivan), seen(olga)) == (b"1 2", b"2 3")
        good(ivan.rename("Shared/info/Done", "Shared/info/Old"))
        for client in (ivan, olga):
            good(client.select("Shared/info/Old"))
        assert (seen(ivan), seen(olga)) == (b"1 2", b"2 3")
        good(ivan.copy("1:3", "Archive"))
        good(ivan.select("Archive"))
        assert seen(ivan) == b"1 2"
        good(ivan.copy("1:3", "Shared/info"))
        kind, data = ivan.append("Shared/info", r"(\Seen \Flagged)", None, letter(subject="appended"))
        assert kind == "OK" and b"APPENDUID" in data[0]
        for client in (ivan, olga):
            good(client.select("Shared/info"))
        assert (seen(ivan), seen(olga)) == (b"1 2 4", b"")
        refused(ivan.rename("Shared/info", "Shared/info/x"), b"CANNOT")
        refused(ivan.rename("Archive", "Shared/info/Archive"), b"CANNOT")
        refused(ivan.delete("Shared/info"), b"CANNOT")
    office.kill_all()
    office.start()
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        for client in (ivan, olga):
            good(client.select("Shared/info/Old"))
        assert (seen(ivan), seen(olga)) == (b"1 2", b"2 3")


def test_mail_gets_there(office):
    for n, address in enumerate(("info@office.lan", "office", "INFO+x@office.lan", "info@example.ru")):
        office.send("anna@office.lan", [address], letter(subject=f"to {n}", sender="anna@office.lan"))
    until(lambda: len(office.files("info")) == 4, 15, "the messages")
    sorted_to = json.loads(office.cli("sort", "--json", write(office, letter(subject="a client", to="ivan@office.lan"))).stdout)
    assert ("info", "Clients") in [(to["user"], to.get("folder")) for to in sorted_to[0]["recipients"]], sorted_to
    boxes = {box["user"]: box["messages"] for box in json.loads(office.cli("mailbox", "list", "--json").stdout)}
    assert boxes["info"] == 4
    assert office.cli("mailbox", "show", "info").stdout.count("to ") >= 4
    assert {box["user"] for box in office.status()["mailboxes"]} >= {"info", "ivan", "postmaster"}
    assert "info" in office.cli("trace", "info").stdout


def write(office, content):
    path = office.folder / "letter.eml"
    path.write_bytes(content)
    return path


def test_members_who_write_may_send_as_it(office):
    def send(user, sender):
        with smtplib.SMTP("127.0.0.1", office.submission_port, timeout=PATIENCE) as client:
            client.login(user, PASSWORD)
            client.sendmail(sender, ["anna@office.lan"], letter(subject="answer", sender=sender))
    send("ivan", "info@office.lan")
    send("olga", "info@example.ru")
    for user in ("maria", "anna"):
        with pytest.raises(smtplib.SMTPException):
            send(user, "info@office.lan")
    assert len(office.mailbox_when("anna", 2)) == 2
    assert all(b"\r\nSender:" not in message for message in office.mailbox("anna"))


def test_a_reload_ends_rights_at_once(office):
    deliver(office)
    olga, maria = office.imap("olga"), office.imap("maria")
    with office.imap("ivan") as ivan:
        good(olga.select("Shared/info"))
        good(maria.select("Shared/info", readonly=True))
        good(ivan.select("Shared/info"))
        idle(maria)
        office.main["mailbox info"]["members"] = "ivan:read, anna"
        office.write()
        assert office.cli("reload").returncode == 0
        until(lambda: re.search(r"lan\[\d+\]: event=reloaded", office.log()), 10, "the reload")
        olga.send(b"x FETCH 1 (FLAGS)\r\n")
        assert lines_until(olga, b"BYE") == [b"* BYE [NOPERM] You no longer have access to this mailbox\r\n"]
        refused(ivan._simple_command("STORE", "1", "+FLAGS", r"(\Deleted)"), b"NOPERM")
        deliver(office)
        lines_until(maria, b"* BYE [NOPERM]")
    olga.shutdown(), maria.shutdown()
    with office.imap("anna") as anna:
        assert good(anna.select("Shared/info")) == [b"2"]


def test_backup_and_restore_keep_what_each_has_seen(office):
    deliver(office, 3)
    with office.imap("ivan") as ivan:
        good(ivan.select("Shared/info"))
        good(ivan.store("1,3", "+FLAGS", r"(\Seen)"))
    archive = office.folder / "backup.tar"
    assert office.cli("backup", archive, "--with-passwords").returncode == 0
    office.stop()
    shutil.rmtree(office.spool)
    restored = office.cli("restore", archive, "--force")
    assert restored.returncode == 0, restored.stderr
    office.start()
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        good(ivan.select("Shared/info"))
        good(olga.select("Shared/info"))
        assert (seen(ivan), seen(olga)) == (b"1 3", b"")


def test_quota_of_its_own(make_gateway):
    office = make_gateway(users=["ivan", "anna"], sections={"mailbox info": {"members": "ivan", "quota": "20K"}})
    with office.imap("ivan") as ivan:
        assert good(ivan.getquotaroot("Shared/info"))[0] == [b'"Shared/info" "Shared/info"']
        assert good(ivan.getquota("Shared/info"))[0].startswith(b'"Shared/info" (STORAGE 0 20)')
        refused(ivan.append("Shared/info", None, None, letter(body="x" * 70 + "\n" * 30000)), b"OVERQUOTA")
        good(ivan.append("Archive", None, None, letter(body="x" * 70 + "\n" * 30000)))
        good(ivan.select("Archive"))
        refused(ivan._simple_command("MOVE", "1", "Shared/info"), b"OVERQUOTA")
    with pytest.raises(smtplib.SMTPException):
        office.send("anna@office.lan", ["info@office.lan"], letter(body="y\n" * 20000))


@pytest.mark.skipif(not shutil.which("mutt"), reason="mutt is not installed")
def test_mutt_reads_the_folder(office):
    deliver(office, 2)
    with office.imap("ivan") as ivan:
        good(ivan.select("Shared/info"))
        good(ivan.store("1", "+FLAGS", r"(\Seen \Answered \Flagged)"))
    box = office.spool / "mailboxes" / "info"
    assert sorted(path.name for path in box.iterdir() if path.is_file()) == [
        "lanpost-ivan.seen", "lanpost-lock", "lanpost-uids", "lanpost-uidvalidity"]
    # Another program sees what is common; what it marks as read is read by all who have not said otherwise.
    answered = next(path for path in office.files("info") if path.name.endswith(":2,FR"))
    other = next(path for path in office.files("info") if path != answered)
    other.rename(box / "cur" / (other.name.partition(":")[0] + ":2,S"))
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        good(ivan.select("Shared/info"))
        good(olga.select("Shared/info"))
        assert (seen(ivan), seen(olga)) == (b"1 2", b"2")
        good(olga.store("2", "-FLAGS", r"(\Seen)"))
        assert (seen(ivan), seen(olga)) == (b"1 2", b"")


def test_the_admin_adds_changes_and_removes_one(make_gateway):
    office = make_gateway(users=["ivan", "maria"])
    assert office.cli("mailbox", "add", "Sales").returncode == 2
    added = office.cli("mailbox", "add", "Sales", "--members", "ivan, maria:read", "--expire", "90d")
    assert added.returncode == 0 and "Shared/sales" in added.stdout, added.stderr
    until(lambda: re.search(r"lan\[\d+\]: event=reloaded", office.log()), 10, "the reload")
    with office.imap("maria") as maria:
        assert "Shared/sales" in names(maria.list())
    for name, said in (("sales", "already exists"), ("ivan", "already exists"), ("a/b", "not a valid name")):
        again = office.cli("mailbox", "add", name, "--members", "ivan")
        assert again.returncode == 1 and said in again.stderr, again.stderr
    gone = office.cli("user", "remove", "maria")
    assert gone.returncode == 1 and "members: there is no user `maria`" in gone.stderr  # where they are to be removed first
    assert office.cli("user", "add", "sales", "--no-password").returncode == 1
    assert office.cli("mailbox", "set", "sales", "--members", "ivan:read", "--unset", "expire").returncode == 0
    assert office.cli("user", "remove", "maria").returncode == 0
    assert "sales (shared)" in office.cli("mailbox", "list").stdout
    assert "did you mean sales" in office.cli("mailbox", "set", "sale", "--members", "ivan").stderr
    assert "belongs to a user" in office.cli("mailbox", "remove", "ivan").stderr
    assert office.cli("mailbox", "remove", "sales").returncode == 0
    assert "sales (no such user)" in office.cli("mailbox", "list").stdout
    with office.imap("ivan") as ivan:
        assert "Shared/sales" not in names(ivan.list())
