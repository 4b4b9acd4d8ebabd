"""Many sessions at once do what they like in the same folders; every reply is checked against a model of what must be true.

A session owns some of the messages: only it deletes and moves them. Each sets a keyword of its own. So the model knows at every moment which
messages there are and what each session has set, whatever the order of the sessions is. LANPOST_IMAP_MODEL_SECONDS makes it longer.
"""
import os
import random
import re
import socket
import threading
import time
from collections import defaultdict

from harness.gateway import PASSWORD

SECONDS = float(os.environ.get("LANPOST_IMAP_MODEL_SECONDS", 15))
SESSIONS = 6
FOLDERS = ["INBOX", "Archive", "Work"]


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.sock.makefile("rb")
        self.count = 0
        assert self.file.readline().startswith(b"* OK")

    def line(self):
        """A response with its literals."""
        whole = b""
        while True:
            part = self.file.readline()
            assert part.endswith(b"\r\n"), (whole, part)
            whole += part[:-2]
            if not (found := re.search(rb"\{(\d+)\}$", whole)):
                return whole
            whole += b"\r\n" + self.file.read(int(found[1]))

    def ask(self, command, literal=None):
        """(the tagged line without its tag, the untagged ones)"""
        self.count += 1
        tag = b"t%d" % self.count
        data = tag + b" " + command.encode()
        if literal is not None:
            data += b" {%d+}\r\n" % len(literal) + literal
        self.sock.sendall(data + b"\r\n")
        untagged = []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                return line[len(tag) + 1:], untagged
            assert line.startswith(b"* "), line
            untagged.append(line[2:])


class Model:
    """All instances of messages: (folder, uid) -> marker. An instance that was there never changes its marker."""

    def __init__(self):
        self.lock = threading.Lock()
        self.there, self.gone = {}, set()
        self.owner = {}
        self.keywords = {}  # (folder, uid, session) -> bool; not known for copies
        self.counts = defaultdict(int)

    def add(self, folder, uid, marker, owner):
        with self.lock:
            key = (folder, uid)
            assert key not in self.there and key not in self.gone, f"UID {uid} of {folder} was used twice"
            self.there[key] = marker
            self.owner[key] = owner

    def drop(self, folder, uid):
        with self.lock:
            self.gone.add((folder, uid))
            del self.there[folder, uid]

    def mine(self, folder, session):
        with self.lock:
            return [uid for (f, uid), _ in self.there.items() if f == folder and self.owner[f, uid] == session]


def uid_list(text):
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


class Session:
    def __init__(self, office, model, number, seed):
        self.client, self.model, self.number, self.random = Client(office.imap_port), model, number, random.Random(seed)
        assert self.client.ask(f'LOGIN ivan "{PASSWORD}"')[0].startswith(b"OK")
        self.folder, self.uids = None, []
        self.select(self.random.choice(FOLDERS))

    def good(self, command, literal=None, may_grow=True):
        reply, untagged = self.client.ask(command, literal)
        assert reply.startswith(b"OK") or b"EXPUNGEISSUED" in reply, (command, reply)
        for line in untagged:
            self.see(line)
        self.model.counts[command.split()[0 if not command.startswith("UID") else 1]] += 1
        return reply.decode(), untagged

    def see(self, line):
        """What the server says without being asked changes the numbers."""
        if found := re.match(rb"(\d+) EXPUNGE$", line):
            assert 1 <= int(found[1]) <= len(self.uids), line
            del self.uids[int(found[1]) - 1]
        elif found := re.match(rb"(\d+) EXISTS$", line):
            assert int(found[1]) >= len(self.uids), line
            self.uids += [None] * (int(found[1]) - len(self.uids))
        elif found := re.match(rb"(\d+) FETCH \((?:.*?)UID (\d+)", line):
            number, uid = int(found[1]), int(found[2])
            assert number <= len(self.uids) and self.uids[number - 1] in (None, uid), (line, self.uids[number - 1])
            self.uids[number - 1] = uid

    def select(self, folder):
        self.folder, self.uids = folder, []
        self.good(f"SELECT {folder}")
        self.learn()

    def learn(self):
        self.good("FETCH 1:* (UID)" if self.uids else "NOOP")
        known = [uid for uid in self.uids if uid is not None]
        assert known == sorted(set(known)), "UIDs must rise"

    # --- what it does

    def append(self):
        marker = f"{self.number}-{self.random.getrandbits(60)}"
        folder = self.random.choice(FOLDERS)
        reply, _ = self.good(f"APPEND {folder} (\\Seen)", f"Subject: {marker}\r\n\r\nbody {marker}\r\n".encode())
        self.model.add(folder, int(re.search(r"APPENDUID \d+ (\d+)", reply)[1]), marker, self.number)

    def read(self):
        uid = self.random.choice([uid for uid in self.uids if uid is not None] or [None])
        if uid is None:
            return
        with self.model.lock:
            marker = self.model.there.get((self.folder, uid))
        reply, untagged = self.client.ask(f"UID FETCH {uid} (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        for line in untagged:
            self.see(line)
            if (found := re.search(rb"Subject: (\S+)", line)) and marker is not None:
                assert found[1].decode() == marker, f"UID {uid} of {self.folder} is another message now"
        assert reply.startswith(b"OK") or b"EXPUNGEISSUED" in reply, reply

    def flag(self):
        uid = self.random.choice([uid for uid in self.uids if uid is not None] or [None])
        if uid is None:
            return
        on = self.random.random() < 0.6
        self.good(f"UID STORE {uid} {'+' if on else '-'}FLAGS{self.random.choice(['', '.SILENT'])} (s{self.number})")
        with self.model.lock:
            if (self.folder, uid) in self.model.there:
                self.model.keywords[self.folder, uid, self.number] = on

    def delete(self):
        mine = self.model.mine(self.folder, self.number)
        uid = self.random.choice(mine or [None])
        if uid is None:
            return
        self.good(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        self.good(f"UID EXPUNGE {uid}")
        self.model.drop(self.folder, uid)

    def transfer(self, verb):
        mine = self.model.mine(self.folder, self.number)
        uids = sorted(self.random.sample(mine, min(len(mine), self.random.randint(1, 4)))) if mine else []
        target = self.random.choice([folder for folder in FOLDERS if folder != self.folder])
        if not uids:
            return
        with self.model.lock:
            markers = {uid: self.model.there[self.folder, uid] for uid in uids}
        reply, untagged = self.good(f"UID {verb} {','.join(map(str, uids))} {target}")
        said = next(text for text in [reply, *(line.decode(errors="replace") for line in untagged)] if "COPYUID" in text)
        found = re.search(r"COPYUID \d+ (\S+) (\S+)\]", said)
        source, copies = uid_list(found[1]), uid_list(found[2])
        assert source == uids and len(copies) == len(uids), (said, uids)
        for uid, copy in zip(source, copies):
            self.model.add(target, copy, markers[uid], self.number)
            if verb == "MOVE":
                self.model.drop(self.folder, uid)

    def step(self):
        what = self.random.choices(["append", "read", "flag", "delete", "copy", "move", "select", "noop", "search"],
                                   [20, 25, 20, 10, 6, 8, 4, 15, 4])[0]
        if what in ("copy", "move"):
            self.transfer(what.upper())
        elif what == "select":
            self.select(self.random.choice(FOLDERS))
        elif what == "noop":
            self.learn()
        elif what == "search":
            reply, untagged = self.good("UID SEARCH RETURN (COUNT) ALL")
            count = int(re.search(rb"COUNT (\d+)", b" ".join(untagged))[1])
            assert abs(count - len(self.uids)) <= 50, (count, len(self.uids))
        else:
            getattr(self, what)()


def check_at_rest(office, model):
    """What the server has is what the model has, for a session that comes fresh."""
    client = Client(office.imap_port)
    assert client.ask(f'LOGIN ivan "{PASSWORD}"')[0].startswith(b"OK")
    for folder in FOLDERS:
        assert client.ask(f"EXAMINE {folder}")[0].startswith(b"OK")
        found = {}
        for line in client.ask("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
            if uid := re.search(rb"UID (\d+)", line):
                flags = re.search(rb"FLAGS \(([^)]*)\)", line)[1].decode().split()
                found[int(uid[1])] = (re.search(rb"Subject: (\S+)", line)[1].decode(), flags)
        expected = {uid: marker for (f, uid), marker in model.there.items() if f == folder}
        assert {uid: marker for uid, (marker, _) in found.items()} == expected, folder
        for (f, uid, session), on in model.keywords.items():
            if f == folder and uid in found:
                assert (f"s{session}" in found[uid][1]) == on, (folder, uid, session, found[uid][1])


def test_sessions_agree_with_the_model(make_gateway):
    office = make_gateway(users=["ivan"])
    seed = int(os.environ.get("LANPOST_IMAP_MODEL_SEED", time.time_ns() % 2**32))
    print(f"LANPOST_IMAP_MODEL_SEED={seed}")
    first = Client(office.imap_port)
    assert first.ask(f'LOGIN ivan "{PASSWORD}"')[0].startswith(b"OK")
    assert first.ask("CREATE Work")[0].startswith(b"OK")
    model, failures = Model(), []
    sessions = [Session(office, model, number, seed + number) for number in range(SESSIONS)]
    end = time.monotonic() + SECONDS

    def play(session):
        try:
            while time.monotonic() < end and not failures:
                session.step()
        except BaseException as failure:  # noqa: the first one is raised below
            failures.append(failure)

    threads = [threading.Thread(target=play, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    check_at_rest(office, model)
    print(dict(model.counts))
    assert sum(model.counts.values()) > 50
    office.stop()
    office.start()
    check_at_rest(office, model)
