"""IMAP as Python's own client speaks it: folders, messages, flags, copies, moves and news."""
import imaplib
import re
import shutil
import ssl
import zlib

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.raw import Raw
from harness.waiting import PATIENCE, until


@pytest.fixture
def office(make_gateway):
    return make_gateway(users=["ivan", "anna"])


def good(answer):
    kind, data = answer
    assert kind == "OK", data
    return data


def deliver(office, count=1, user="ivan", **fields):
    before = len(office.files(user))
    for n in range(count):
        office.send("anna@office.lan", [f"{user}@office.lan"], letter(subject=f"number {n}", **fields))
    until(lambda: len(office.files(user)) >= before + count, 15, "the messages")


def test_login_by_every_way(office):
    trust = ssl.create_default_context(cafile=str(office.spool / "tls" / "cert.pem"))
    trust.check_hostname = False
    with imaplib.IMAP4("127.0.0.1", office.imap_port, timeout=PATIENCE) as client:
        with pytest.raises(imaplib.IMAP4.error):
            client.login("ivan", "wrong")
        good(client.starttls(trust))
        good(client.login("ivan", PASSWORD))
        assert "MOVE" in good(client.capability())[0].decode().split()
    with imaplib.IMAP4_SSL("127.0.0.1", office.imaps_port, ssl_context=trust, timeout=PATIENCE) as client:
        good(client.authenticate("PLAIN", lambda _: f"\0ivan\0{PASSWORD}".encode()))
    with imaplib.IMAP4("127.0.0.1", office.imap_port, timeout=PATIENCE) as client:
        good(client.login_cram_md5("anna", PASSWORD)) if b"CRAM" in good(client.capability())[0] else None


def test_the_usual_folders_are_there_at_once(office):
    with office.imap("ivan") as client:
        listed = b"\n".join(good(client.list())).decode()
        for name, use in (("Sent", "Sent"), ("Drafts", "Drafts"), ("Junk", "Junk"), ("Trash", "Trash"), ("Archive", "Archive")):
            assert re.search(rf'\(.*\\{use}.*\) "/" "?{name}"?', listed), listed
    assert (office.spool / "mailboxes" / "ivan" / ".Sent" / "cur").is_dir()


def test_a_message_arrives_is_read_and_answered(office):
    deliver(office, 2)
    with office.imap("ivan") as client:
        assert good(client.select()) == [b"2"]
        assert good(client.search(None, "UNSEEN")) == [b"1 2"]
        (head, body), *_ = good(client.fetch("1", "(RFC822.SIZE BODY[])"))
        size = int(re.search(rb"RFC822.SIZE (\d+)", head)[1])
        assert len(body) == size and b"Subject: number 0\r\n" in body
        assert good(client.search(None, "UNSEEN")) == [b"2"]
        good(client.store("1", "+FLAGS", r"(\Answered)"))
    with office.imap("ivan") as client:
        good(client.select())
        flags = good(client.fetch("1", "(FLAGS)"))[0]
        assert rb"\Seen" in flags and rb"\Answered" in flags
    assert office.files("ivan") and any(":2,RS" in path.name for path in office.files("ivan"))


def test_append_copy_move_expunge(office):
    with office.imap("ivan") as client:
        kind, data = client.append("Drafts", r"(\Draft)", imaplib.Time2Internaldate(1_700_000_000), letter(subject="a draft"))
        assert kind == "OK" and b"APPENDUID" in data[0]
        good(client.select("Drafts"))
        fetched = good(client.fetch("1", "(FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
        assert rb"\Draft" in fetched[0][0] and b"2023" in fetched[0][0] and b"Subject: a draft" in fetched[0][1]
        good(client.copy("1", "Archive"))
        assert good(client.status("Archive", "(MESSAGES UIDNEXT)"))[0].endswith(b"(MESSAGES 1 UIDNEXT 2)")
        good(client.uid("MOVE", "1", "Sent"))
        assert good(client.status("Sent", "(MESSAGES)"))[0].endswith(b"(MESSAGES 1)")
        assert good(client.status("Drafts", "(MESSAGES)"))[0].endswith(b"(MESSAGES 0)")
        good(client.select("Sent"))
        good(client.store("1", "+FLAGS", r"(\Deleted)"))
        assert good(client.expunge()) == [b"1"]
        assert good(client.status("Sent", "(MESSAGES)"))[0].endswith(b"(MESSAGES 0)")


def test_folders_with_names_of_any_script(office):
    name = '"&BB8EQARSBDIENQRC-/2026"'
    with office.imap("ivan") as client:
        good(client.create(name))
        good(client.append(name, None, None, letter(subject="x")))
        good(client.rename(name, "Letters"))
        assert good(client.status("Letters", "(MESSAGES)"))[0].endswith(b"(MESSAGES 1)")
        good(client.subscribe("Letters"))
        assert b"Letters" in b"".join(good(client.lsub('""', "L*")))
        good(client.delete("Letters"))
        assert client.status("Letters", "(MESSAGES)")[0] == "NO"
        assert client.create("../evil")[0] == "NO" and client.create("a//b")[0] == "NO"


def lines_until(client, wanted, seconds):
    """What the server sends without being asked, up to this."""
    client.sock.settimeout(seconds)
    lines = []
    while not any(wanted in line for line in lines):
        lines.append(client.readline())
        assert lines[-1], lines
    return lines


def idle(client):
    client.send(b"i IDLE\r\n")
    lines_until(client, b"+ ", 10)


def test_idle_tells_within_a_second(office):
    deliver(office, 1)
    with office.imap("ivan") as client, office.imap("ivan") as other:
        good(client.select())
        good(other.select())
        idle(client)
        office.send("anna@office.lan", ["ivan@office.lan"], letter(subject="news"))
        lines_until(client, b"* 2 EXISTS", 10)  # no poll of this client: the news come by themselves
        good(other.store("1", "+FLAGS", r"(\Flagged)"))
        lines_until(client, rb"\Flagged", 10)
        good(other.store("1", "+FLAGS", r"(\Deleted)"))
        good(other.expunge())
        lines_until(client, b"* 1 EXPUNGE", 10)
        client.send(b"DONE\r\n")
        lines_until(client, b"i OK", 10)


def test_numbers_stay_until_they_may_change(office):
    deliver(office, 3)
    with office.imap("ivan") as client, office.imap("ivan") as other:
        good(client.select())
        good(other.select())
        good(other.store("1", "+FLAGS", r"(\Deleted)"))
        good(other.expunge())
        assert b"number 2" in good(client.fetch("3", "(BODY.PEEK[HEADER])"))[0][1]
        good(client.noop())
        assert client.response("EXPUNGE")[1] == [b"1"]
        assert b"number 2" in good(client.fetch("2", "(BODY.PEEK[HEADER])"))[0][1]


def test_pop3_and_imap_in_one_mailbox(office):
    deliver(office, 2)
    pop3 = office.pop3("ivan")
    with office.imap("ivan") as client:
        good(client.select())
        good(client.store("1", "+FLAGS", r"(\Deleted)"))
        good(client.expunge())
        pop3.dele(2)
        pop3.quit()
        good(client.noop())
        assert good(client.search(None, "ALL")) == [b""] or good(client.search(None, "ALL")) == [None]


def test_a_browser_is_cut_off_at_its_first_line(office):
    import socket
    with socket.create_connection(("127.0.0.1", office.imap_port), timeout=PATIENCE) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n\r\na LOGIN ivan x\r\n")
        answer = b""
        while chunk := s.recv(4096):
            answer += chunk
    assert answer.count(b"\r\n") == 2 and b"* BYE" in answer


def test_mistakes_and_silence_are_limited_as_in_pop3(office):
    import socket
    with socket.create_connection(("127.0.0.1", office.imap_port), timeout=PATIENCE) as s:
        s.sendall(b"".join(b"a%d FROB\r\n" % n for n in range(40)))
        answer = b""
        while chunk := s.recv(4096):
            answer += chunk
    assert answer.count(b"BAD") == 20


imaplib.Commands["COMPRESS"] = ("AUTH", "SELECTED")


class Compressed(imaplib.IMAP4):
    """RFC 4978 over Python's client."""

    def begin(self):
        good(self._simple_command("COMPRESS", "DEFLATE"))
        self.packer, self.unpacker, self.plain = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15), b""

    def send(self, data):
        self.sock.sendall(self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH) if hasattr(self, "packer") else data)

    def more(self):
        packed = self.sock.recv(65536)
        assert packed
        self.plain += self.unpacker.decompress(packed)

    def read(self, size):
        if not hasattr(self, "packer"):
            return super().read(size)
        while len(self.plain) < size:
            self.more()
        taken, self.plain = self.plain[:size], self.plain[size:]
        return taken

    def readline(self):
        if not hasattr(self, "packer"):
            return super().readline()
        while b"\n" not in self.plain:
            self.more()
        return self.read(self.plain.index(b"\n") + 1)


def test_a_compressed_session(office):
    deliver(office, 3, body="the same text again\n" * 3000)
    with Compressed("127.0.0.1", office.imap_port, timeout=PATIENCE) as client:
        client.login("ivan", PASSWORD)
        client.begin()
        assert good(client.select()) == [b"3"]
        for n in (b"1", b"2", b"3"):
            assert good(client.fetch(n, "(BODY.PEEK[])"))[0][1].count(b"the same text again") == 3000
        kind, data = client.append("Sent", None, None, letter(subject="packed"))
        assert kind == "OK", data


def test_threads_of_endless_references_have_a_bound(office):
    """A sender decides how much a thread needs: 2000 messages of 60 KB that name 100 others each would take 280 MB in each session."""
    deliver(office)
    box = office.spool / "mailboxes" / "ivan" / "cur"
    for n in range(2000):
        references = " ".join(f"<{n}.{i}.{'r' * 600}@x>" for i in range(100))
        path = box / f"{1700000000 + n}.M{n}.elsewhere:2,S"
        path.write_text(f"From: a@b.example\r\nSubject: {n}\r\nReferences: {references}\r\n\r\nx\r\n")
        shutil.chown(path, office.spool.stat().st_uid, office.spool.stat().st_gid)
    with office.imap("ivan") as client, office.imap("ivan") as other:
        for one in (client, other):
            assert good(one.select()) == [b"2001"]
        kind, data = client.thread("REFERENCES", "UTF-8", "ALL")
        assert (kind, data[0][:7]) == ("NO", b"[LIMIT]"), data
        good(client.thread("REFERENCES", "UTF-8", "1:100"))
        assert len(good(other.search(None, "SUBJECT", "15"))[0].split()) > 0


def test_news_reach_only_who_waits_for_them(office):
    """IDLE that ends by a line too long or by another line than DONE: nothing is left that writes to the descriptor when somebody else has it."""
    for wrong in (b"x" * 100_000, b"x"):
        raw = Raw(office.imap_port)
        assert raw.ask(b"a LOGIN ivan " + PASSWORD.encode()).startswith(b"a OK")
        raw.send(b"b SELECT INBOX\r\n")
        until(lambda: raw.line().startswith(b"b OK"), 10, "the mailbox")
        assert raw.ask(b"c IDLE").startswith(b"+ ")
        if len(wrong) > 1:
            assert raw.ask(wrong).startswith(b"* BYE")
        else:
            assert raw.ask(wrong).startswith(b"c BAD")
            assert raw.ask(b"d IDLE").startswith(b"+ ") and raw.ask(b"DONE").startswith(b"d OK")
        raw.close()
    until(lambda: "imap" not in office.cli("who").stdout, 10, "the end of the session")
    others = [Raw(office.pop3_port) for _ in range(6)]
    deliver(office)
    with office.imap("ivan") as client:
        assert good(client.select()) == [b"1"]
    assert [other.ask(b"CAPA") for other in others] == [b"+OK Capability list follows"] * len(others)
