"""Mail programs that we did not write, by IMAP: curl, mutt, neomutt, mbsync, offlineimap, getmail and fetchmail; Dovecot reads what is left."""
import imaplib
import os
import re
import shutil
import subprocess

import pytest

from harness.dovecot import Dovecot
from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import PATIENCE, until

LETTERS = [letter(subject=f"n{n}", body=".dot\n..dots\nFrom here\n" + "long " * 300 + "\n", number=n) for n in range(3)]


@pytest.fixture
def office(make_gateway):
    office = make_gateway(users=["ivan", "anna"])
    for content in LETTERS:
        office.send("anna@office.lan", ["ivan@office.lan"], content)
    until(lambda: len(office.files("ivan")) >= 3, 15, "the messages")
    return office


@pytest.fixture
def run(folder):
    def run(*command, stdin=b"", check=True):
        done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, timeout=PATIENCE,
                              env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "vt100"})
        assert not check or done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
        return done.stdout
    return run


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def private(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data


def plain(content):
    return content.replace(b"\r\n", b"\n")


def all_of(messages):
    """Every letter once, in any order, with what programs add to the header."""
    assert len(messages) == len(LETTERS)
    for content, original in zip(sorted(messages, key=lambda one: one[one.index(b"Subject: n"):]), LETTERS):
        assert plain(content).split(b"\n\n", 1)[1] == plain(original).split(b"\n\n", 1)[1]


def test_curl(office, folder, run):
    url, login = f"imap://127.0.0.1:{office.imap_port}", ("-u", f"ivan:{PASSWORD}", "-sS", "--max-time", "30")
    assert b"INBOX" in run("curl", *login, f"{url}/")
    assert run("curl", *login, f"{url}/INBOX;MAILINDEX=2").endswith(LETTERS[1])
    assert b"SEARCH 3" in run("curl", *login, f"{url}/INBOX?SUBJECT%20n2")
    (folder / "mail.eml").write_bytes(letter(subject="appended"))
    run("curl", *login, "-T", folder / "mail.eml", f"{url}/Sent")
    assert b"Subject: appended" in run("curl", *login, f"{url}/Sent;UID=1")
    tls = f"imaps://127.0.0.1:{office.imaps_port}/INBOX;MAILINDEX=1"
    assert run("curl", *login, "--cacert", office.spool / "tls" / "cert.pem", tls).endswith(LETTERS[0])
    assert run("curl", *login, "-k", "--ssl-reqd", f"{url}/INBOX;MAILINDEX=1").endswith(LETTERS[0])


@needs("script")
@pytest.mark.parametrize("program", [pytest.param(name, marks=needs(name)) for name in ("mutt", "neomutt")])
def test_mutt_reads_flags_copies_and_deletes(office, folder, run, program):
    private(folder / "rc", f"set folder='imap://ivan@127.0.0.1:{office.imap_port}/'\nset spoolfile='+INBOX'\nset imap_pass='{PASSWORD}'\n"
            "set ssl_starttls=no\nset ssl_force_tls=no\nset record=''\nset confirmappend=no\nset wait_key=no\nset quit=yes\nset delete=yes\n"
            "set sort=date\nset mark_old=no\nset copy=no\nset imap_check_subscribed=yes\nset move=no\n"
            f"push '<first-entry><pipe-message>cat > {folder}/saved<enter><flag-message><next-entry><save-message>=Archive<enter>"
            "<sync-mailbox><exit>'\n")
    run("timeout", "40", "script", "-qec", f"stty rows 24 cols 80; {program} -n -F {folder}/rc", "/dev/null", check=False)
    assert b"Subject: n0" in (folder / "saved").read_bytes()
    with office.imap("ivan") as client:
        assert good(client.select()) == [b"2"]
        assert good(client.search(None, "FLAGGED")) == [b"1"]
        assert good(client.select("Archive")) == [b"1"]


def files_in(maildir):
    return sorted(path for part in ("new", "cur") for path in (maildir / part).iterdir())


def make_maildir(path, content):
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(parents=True, exist_ok=True)
    (path / "cur" / "1.near:2,S").write_bytes(content)


class Mbsync:
    """A computer that keeps a copy of ivan's mail in folder/name."""

    def __init__(self, office, folder, name="mail"):
        self.mail, self.rc = folder / name, folder / f"{name}.rc"
        self.mail.mkdir()
        private(self.rc, f"IMAPStore far\nHost 127.0.0.1\nPort {office.imap_port}\nUser ivan\nPass {PASSWORD}\nSSLType None\n"
                f"AuthMechs LOGIN\n\nMaildirStore near\nPath {self.mail}/\nInbox {self.mail}/INBOX\nSubFolders Verbatim\n\n"
                "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n")

    def command(self):
        return ["mbsync", "-c", str(self.rc), "-a"]

    def files(self, name):
        return files_in(self.mail / name)

    def subjects(self, name):
        """With flags, sorted."""
        return sorted((re.search(rb"Subject: (.*)", path.read_bytes())[1].strip(), "".join(sorted(path.name.partition(":2,")[2])))
                      for path in self.files(name))


@needs("mbsync")
def test_mbsync_in_both_directions(office, folder, run):
    near = Mbsync(office, folder)
    sync, files = lambda: run(*near.command()), near.files
    sync()
    all_of([path.read_bytes() for path in files("INBOX")])
    first = next(path for path in files("INBOX") if b"Subject: n0" in path.read_bytes())
    second = next(path for path in files("INBOX") if b"Subject: n1" in path.read_bytes())
    first.rename(first.parent.parent / "cur" / (first.name.split(":")[0] + ":2,FS"))
    second.unlink()
    (folder / "mail" / "Sent" / "cur" / "1.near:2,S").write_bytes(plain(letter(subject="written here")))
    make_maildir(folder / "mail" / "Projects", plain(letter(subject="in a new folder")))
    sync()
    with office.imap("ivan") as client:
        assert good(client.select()) == [b"2"]
        assert good(client.search(None, "FLAGGED", "SEEN")) == [b"1"]
        good(client.store("1", "+FLAGS", r"(\Answered)"))
        good(client.store("2", "+FLAGS", r"(\Deleted)"))
        good(client.expunge())
        assert good(client.select("Sent")) == [b"1"]
        assert b"written here" in good(client.fetch("1", "(BODY.PEEK[])"))[0][1]
        assert good(client.select("Projects")) == [b"1"]
        good(client.create("&BCAEMAQxBD4EQgQw-"))
        good(client.copy("1", "&BCAEMAQxBD4EQgQw-"))
    sync()
    assert near.subjects("INBOX") == [(b"n0", "FRS")]
    assert near.subjects("&BCAEMAQxBD4EQgQw-") == [(b"in a new folder", "S")]
    before = [path.name for path in files("INBOX") + files("Sent")]
    sync()
    assert [path.name for path in files("INBOX") + files("Sent")] == before


@needs("mbsync")
def test_two_computers_at_once(office, folder, run):
    """Both synchronise at the same time, again and again, and change what they have in between: in the end they have the same."""
    computers = [Mbsync(office, folder, name) for name in ("desk", "laptop")]

    def sync():
        running = [subprocess.Popen(computer.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}) for computer in computers]
        for process in running:
            said = process.communicate(timeout=PATIENCE)[0].decode(errors="replace")
            assert process.returncode == 0, said

    sync()
    for step in range(3):
        for number, computer in enumerate(computers):
            make_maildir(computer.mail / "Archive", b"")  # its folders
            (computer.mail / "Archive" / "cur" / "1.near:2,S").unlink()
            (computer.mail / "Archive" / "cur" / f"{step}.{number}.near:2,S").write_bytes(plain(letter(subject=f"a{number}{step}")))
            path = next(path for path in computer.files("INBOX") if f"Subject: n{number}".encode() in path.read_bytes())
            path.rename(path.parent.parent / "cur" / f"{path.name.partition(':2,')[0]}:2,{'FRS'[:step + 1]}")
        office.send("anna@office.lan", ["ivan@office.lan"], letter(subject=f"new{step}"))
        sync()
    gone = next(path for path in computers[0].files("INBOX") if b"Subject: n2" in path.read_bytes())
    gone.unlink()
    sync()
    sync()
    desk, laptop = ({name: computer.subjects(name) for name in ("INBOX", "Archive")} for computer in computers)
    assert desk == laptop
    assert desk["INBOX"] == [(b"n0", "FRS"), (b"n1", "FRS"), (b"new0", ""), (b"new1", ""), (b"new2", "")]
    assert [subject for subject, _ in desk["Archive"]] == sorted(f"a{n}{step}".encode() for n in range(2) for step in range(3))


@needs("offlineimap")
def test_offlineimap_in_both_directions(office, folder, run):
    private(folder / "rc", "[general]\naccounts = a\nui = quiet\nmaxsyncaccounts = 1\n"
            f"metadata = {folder}/state\n[Account a]\nlocalrepository = near\nremoterepository = far\n"
            f"[Repository near]\ntype = Maildir\nlocalfolders = {folder}/mail\n"
            f"[Repository far]\ntype = IMAP\nremotehost = 127.0.0.1\nremoteport = {office.imap_port}\nremoteuser = ivan\n"
            f"remotepass = {PASSWORD}\nssl = no\nstarttls = no\nauth_mechanisms = LOGIN\n")
    sync = lambda: run("offlineimap", "-c", folder / "rc", "-o")
    sync()
    files = lambda name: files_in(folder / "mail" / name)
    all_of([path.read_bytes() for path in files("INBOX")])
    first = next(path for path in files("INBOX") if b"Subject: n0" in path.read_bytes())
    first.rename(first.parent.parent / "cur" / (first.name.split(":2,")[0] + ":2,FS"))
    (folder / "mail" / "Drafts" / "cur" / "1.near:2,DS").write_bytes(plain(letter(subject="written here")))
    make_maildir(folder / "mail" / "Projects", plain(letter(subject="in a new folder")))
    sync()
    with office.imap("ivan") as client:
        assert good(client.select()) == [b"3"]
        assert good(client.search(None, "FLAGGED")) == [b"1"]
        good(client.store("2", "+FLAGS", r"(\Deleted)"))
        good(client.expunge())
        assert good(client.select("Drafts")) == [b"1"]
        assert good(client.select("Projects")) == [b"1"]
    sync()
    assert sorted(re.search(rb"Subject: (n\d)", path.read_bytes())[1] for path in files("INBOX")) == [b"n0", b"n2"]


@needs("getmail")
def test_getmail(office, folder, run):
    (folder / "got").mkdir()
    private(folder / "keep", f"#!/bin/sh\ncat > {folder}/got/$$\n").chmod(0o700)
    private(folder / "getmailrc", f"[retriever]\ntype = SimpleIMAPRetriever\nserver = 127.0.0.1\nport = {office.imap_port}\n"
            f"username = ivan\npassword = {PASSWORD}\nmailboxes = (\"INBOX\",)\n"
            f"[destination]\ntype = MDA_external\npath = {folder}/keep\nunixfrom = false\nallow_root_commands = true\n"
            "[options]\ndelete = true\ndelivered_to = false\nreceived = false\nverbose = 0\n")
    run("getmail", f"--getmaildir={folder}", "--rcfile=getmailrc")
    all_of([path.read_bytes() for path in (folder / "got").iterdir()])
    assert office.files("ivan") == []


@needs("fetchmail")
def test_fetchmail(office, folder, run):
    (folder / "got").mkdir()
    private(folder / "keep", f"#!/bin/sh\ncat > {folder}/got/$$\n").chmod(0o700)
    private(folder / "fetchmailrc", f'poll 127.0.0.1 protocol imap port {office.imap_port} username ivan password "{PASSWORD}" '
            f'sslproto "" mda "{folder}/keep" no rewrite\n')
    run("fetchmail", "-f", folder / "fetchmailrc", "--pidfile", folder / "pid", "--invisible")
    all_of([path.read_bytes() for path in (folder / "got").iterdir()])
    assert office.files("ivan") == []


CLIENTS = "Clients/&BBEEMAQ9BDo-"  # "Clients/Банк"


@pytest.fixture
def filed(office):
    """Two messages in the Inbox, one flagged, read and with a keyword; copies of both in a folder with a Russian name; the third in Archive."""
    with office.imap("ivan") as client:
        good(client.select())
        good(client.store("1", "+FLAGS", r"(\Flagged \Seen Work)"))
        good(client.create(CLIENTS))
        good(client.subscribe(CLIENTS))
        good(client.copy("1:2", CLIENTS))
        good(client.uid("MOVE", "3", "Archive"))
    return office


@needs("script")
@pytest.mark.parametrize("program", [pytest.param(name, marks=needs(name)) for name in ("mutt", "neomutt")])
def test_mutt_reads_the_same_folders(filed, folder, run, program):
    """On the disk, beside the running gateway: what it finds is what IMAP has written, and IMAP sees what it does."""
    box = filed.spool / "mailboxes" / "ivan"
    private(folder / "rc", f"set folder='{box}'\nset mbox_type=Maildir\nset spoolfile='{box}/.Clients.&BBEEMAQ9BDo-'\nset record=''\n"
            "set confirmappend=no\nset wait_key=no\nset quit=yes\nset delete=yes\nset sort=date\nset mark_old=no\nset move=no\n"
            f"push '<limit>~F<enter><pipe-message>cat > {folder}/flagged<enter><limit>~U<enter><flag-message><pipe-message>"
            f"cat > {folder}/unread<enter><save-message>{box}/.Archive<enter><sync-mailbox><exit>'\n")
    run("timeout", "40", "script", "-qec", f"stty rows 24 cols 80; {program} -n -F {folder}/rc", "/dev/null", check=False)
    assert b"Subject: n0" in (folder / "flagged").read_bytes() and b"Subject: n1" in (folder / "unread").read_bytes()
    with filed.imap("ivan") as client:
        assert good(client.select(CLIENTS)) == [b"1"]
        assert good(client.search(None, "FLAGGED", "SEEN", "KEYWORD", "Work")) == [b"1"]
        assert good(client.select("Archive")) == [b"2"]
        assert good(client.search(None, "FLAGGED", "SUBJECT", "n1")) == [b"2"]


def test_dovecot_reads_the_same_folders(filed, folder):
    office = filed
    office.stop()
    server = Dovecot(folder, {"ivan": "pw"})
    shutil.copytree(office.spool / "mailboxes" / "ivan", server.mail / "ivan", dirs_exist_ok=True)
    for path in (server.mail / "ivan").rglob("*"):
        os.chown(path, server.uid, server.gid)
    server.start()
    try:
        client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=PATIENCE)
        client.login("ivan", "pw")
        names = b"\n".join(good(client.list()))
        for name in (b"Sent", b"Archive", b"Clients.&BBEEMAQ9BDo-"):
            assert name in names, names
        assert b"Clients.&BBEEMAQ9BDo-" in b"\n".join(good(client.lsub()))
        assert good(client.select()) == [b"2"]
        assert good(client.search(None, "FLAGGED", "SEEN", "KEYWORD", "Work")) == [b"1"]
        assert good(client.select("Clients.&BBEEMAQ9BDo-")) == [b"2"]
        assert good(client.search(None, "KEYWORD", "Work")) == [b"1"]
        assert good(client.fetch("1", "(BODY.PEEK[])"))[0][1].endswith(LETTERS[0])
        assert good(client.select("Archive")) == [b"1"]
        client.logout()
    finally:
        server.stop()
