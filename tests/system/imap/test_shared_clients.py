"""A shared mailbox in other programs: Dovecot works in the same Maildir while the gateway runs, mutt and neomutt by our IMAP. What they do is what
each member sees, as docs/imap.md says."""
import imaplib
import os
import shutil
import subprocess

import pytest

from harness.dovecot import Dovecot
from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import PATIENCE, until

MEMBERS = "ivan", "olga"


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data


def found(client, *keys):
    good(client.noop())
    return (good(client.search(None, *keys))[0] or b"").split()


@pytest.fixture
def office(make_gateway):
    """Three messages in `info`: ivan has read the first, the second is flagged and has a keyword and a copy in a folder."""
    office = make_gateway(users=[*MEMBERS, "anna"], sections={"mailbox info": {"members": ", ".join(MEMBERS)}})
    for n in range(3):
        office.send("anna@office.lan", ["info@office.lan"], letter(subject=f"n{n}", number=n))
    until(lambda: len(office.files("info")) == 3, 15, "the messages")
    with office.imap("ivan") as client:
        good(client.select("Shared/info"))
        good(client.store("1", "+FLAGS", r"(\Seen)"))
        good(client.store("2", "+FLAGS", r"(\Flagged Work)"))
        good(client.create("Shared/info/Clients"))
        good(client.copy("2", "Shared/info/Clients"))
    return office


@pytest.fixture
def dovecot(office, folder):
    """It has the mailboxes of the gateway, and both run as the same user."""
    server = Dovecot(folder, {"info": "pw"})
    office.stop()
    for path in (office.spool, *office.spool.rglob("*")):
        os.chown(path, server.uid, server.gid)
    for path in office.folder.glob("*.conf"):
        os.chown(path, -1, server.gid)
        path.chmod(0o640)
    shutil.rmtree(server.mail / "info")
    (server.mail / "info").symlink_to(office.spool / "mailboxes" / "info")
    office.start()
    server.start()
    yield server
    server.stop()


def test_dovecot_works_in_the_same_folder(office, dovecot):
    theirs = imaplib.IMAP4("127.0.0.1", dovecot.imap_port, timeout=PATIENCE)
    theirs.login("info", "pw")
    assert b"Clients" in b"\n".join(good(theirs.list()))
    assert good(theirs.select()) == [b"3"]
    assert found(theirs, "FLAGGED", "KEYWORD", "Work") == [b"2"]
    assert found(theirs, "SEEN") == []  # that of a member is in no name of a file
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        for client in (ivan, olga):
            assert good(client.select("Shared/info")) == [b"3"]
        good(theirs.store("3", "+FLAGS", r"(\Seen \Answered)"))
        for client, seen in ((ivan, [b"1", b"3"]), (olga, [b"3"])):
            until(lambda: found(client, "ANSWERED") == [b"3"], 30, "the flag")
            assert found(client, "SEEN") == seen
        good(ivan.store("3", "-FLAGS", r"(\Seen)"))
        assert (found(ivan, "SEEN"), found(olga, "SEEN")) == ([b"1"], [b"3"])
        good(theirs.store("1:2", "+FLAGS", r"(\Seen)"))
        until(lambda: found(olga, "SEEN") == [b"1", b"2", b"3"], 30, "what was read")
        assert found(ivan, "SEEN") == [b"1", b"2"]  # who has said otherwise keeps it
        good(theirs.store("2", "-FLAGS", "Work"))
        until(lambda: found(ivan, "KEYWORD", "Work") == [], 30, "the keyword taken away")
        good(theirs.append("INBOX", None, None, letter(subject="theirs", number=7)))
        until(lambda: found(ivan, "SUBJECT", "theirs") == [b"4"], 30, "their message")
        good(theirs.store("1", "+FLAGS", r"(\Deleted)"))
        good(theirs.expunge())
        until(lambda: len(found(olga, "ALL")) == 3, 30, "the removal")
        assert good(ivan.uid("SEARCH", "ALL")) == [b"2 3 4"]  # the others keep theirs
        good(olga.store("1", "+FLAGS", r"(\Answered)"))
        until(lambda: found(theirs, "ANSWERED") == [b"1", b"2"], 30, "our flag")
        assert good(theirs.select("Clients")) == [b"1"]
        assert found(theirs, "FLAGGED", "KEYWORD", "Work") == [b"1"]
    theirs.logout()


@pytest.mark.skipif(not shutil.which("script"), reason="script is not installed")
@pytest.mark.parametrize("program", [pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"{name} is not installed"))
                                     for name in ("mutt", "neomutt")])
def test_mutt_opens_it_by_imap(office, folder, program):
    rc = folder / "rc"
    rc.write_text(f"set folder='imap://olga@127.0.0.1:{office.imap_port}/'\nset spoolfile='+Shared/info'\nset imap_pass='{PASSWORD}'\n"
                  "set ssl_starttls=no\nset ssl_force_tls=no\nset record=''\nset confirmappend=no\nset wait_key=no\nset quit=yes\nset delete=yes\n"
                  "set sort=date\nset mark_old=no\nset copy=no\nset move=no\n"
                  f"push '<limit>~F<enter><pipe-message>cat > {folder}/flagged<enter><toggle-new><limit>~s n2<enter><flag-message>"
                  "<save-message>=Shared/info/Clients<enter><sync-mailbox><exit>'\n")
    rc.chmod(0o600)
    subprocess.run(["timeout", str(PATIENCE), "script", "-qec", f"stty rows 24 cols 80; {program} -n -F {rc}", "/dev/null"], input=b"",
                   capture_output=True, env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "vt100"})
    assert b"Subject: n1" in (folder / "flagged").read_bytes()
    with office.imap("ivan") as ivan, office.imap("olga") as olga:
        for client in (ivan, olga):
            assert good(client.select("Shared/info")) == [b"2"]
        assert (found(ivan, "SEEN"), found(olga, "SEEN")) == ([b"1"], [b"2"])
        assert good(ivan.select("Shared/info/Clients")) == [b"2"]
        assert found(ivan, "FLAGGED", "SUBJECT", "n2") == [b"2"]
