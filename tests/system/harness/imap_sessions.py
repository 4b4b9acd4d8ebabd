"""Who changes the mailbox of the model: sessions of IMAP, one of POP3, and a sender of mail. Each checks every reply."""
import poplib
import random
import re
import time

from harness.gateway import PASSWORD
from harness.imap_model import body_of, message_of, new_marker
from harness.imap_wire import Wire, numbers
from harness.waiting import PATIENCE

FOLDERS = ["INBOX", "Archive", "Work"]
ENOUGH = 60  # messages of one session in a folder; then it removes more


class Session:
    """Odd ones use QRESYNC."""

    def __init__(self, office, model, number, seed):
        self.office, self.model, self.number, self.random = office, model, number, random.Random(seed)
        self.resyncs = number % 2 == 1
        self.own = []  # its own folders
        self.own_count = 0
        self.folder, self.uids = None, []
        self.heights = {}  # of SELECT: UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ
        self.wire = Wire(office.imap_port)
        assert self.wire.ask(f'LOGIN ivan "{PASSWORD}"')[0].startswith(b"OK")
        if self.resyncs:
            assert self.wire.ask("ENABLE QRESYNC")[0].startswith(b"OK")
        self.select(self.random.choice(FOLDERS))

    # --- what the server says

    def good(self, *pieces, fails=()):
        """The reply as text, and the untagged responses. fails: response codes of a NO that is good, too."""
        reply, untagged = self.wire.ask(*pieces)
        for line in untagged:
            self.see(line)
        assert reply.startswith(b"OK") or any(code in reply for code in (b"EXPUNGEISSUED", *fails)), (pieces, reply)
        words = pieces[0].split()
        self.model.counts[words[0] if words[0] != "UID" else words[1]] += 1
        return reply.decode(), untagged

    def see(self, line):
        """Numbers and markers as the session knows them."""
        if found := re.match(rb"(\d+) EXPUNGE$", line):
            assert 1 <= int(found[1]) <= len(self.uids), line
            assert not self.resyncs, "with QRESYNC it is VANISHED"
            del self.uids[int(found[1]) - 1]
        elif found := re.match(rb"VANISHED (\S+)$", line):
            assert self.resyncs, line
            for uid in numbers(found[1].decode()):
                self.vanish(uid)
        elif found := re.match(rb"(\d+) EXISTS$", line):
            assert int(found[1]) >= len(self.uids), line
            self.uids += [None] * (int(found[1]) - len(self.uids))
        elif found := re.match(rb"(\d+) FETCH \((?:.*?)UID (\d+)", line):
            number, uid = int(found[1]), int(found[2])
            assert number <= len(self.uids) and self.uids[number - 1] in (None, uid), (line, len(self.uids), self.uids[number - 1:number])
            self.uids[number - 1] = uid
            if subject := re.search(rb"^Subject: (\S+)\r$", line, re.M):
                self.model.learn(self.folder, uid, subject[1].decode())

    def vanish(self, uid):
        """One message less, perhaps one whose UID was not asked for yet: then its place is between its neighbours."""
        if uid not in self.uids:
            after = next((at for at, other in enumerate(self.uids) if other is not None and other > uid), len(self.uids))
            assert after > 0 and self.uids[after - 1] is None, f"UID {uid} was not there: {self.uids}"
            del self.uids[after - 1]
        else:
            self.uids.remove(uid)

    def select(self, folder, more=""):
        self.folder, self.uids = folder, []
        _, untagged = self.good(f'SELECT "{folder}"{more}')
        self.heights = {name: int(re.search(rb"\[%s (\d+)\]" % name.encode(), b" ".join(untagged))[1])
                        for name in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")}
        self.learn()
        return untagged

    def learn(self):
        """The UIDs and markers of all that it does not know."""
        if None in self.uids:
            first = self.uids.index(None) + 1
            self.good(f"FETCH {first}:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        else:
            self.good("NOOP")
        known = [uid for uid in self.uids if uid is not None]
        assert known == sorted(set(known)), "UIDs must rise"

    def known(self):
        return [uid for uid in self.uids if uid is not None]

    def some(self):
        return self.random.choice(self.known() or [None])

    # --- what it does with messages

    def append(self):
        markers = [new_marker(self.number) for _ in range(self.random.choice([1, 1, 1, 3]))]
        folder = self.random.choice(FOLDERS + self.own)
        pieces = [f'APPEND "{folder}"']
        for marker in markers:
            pieces += [" (\\Seen) ", message_of(marker)]
        reply, _ = self.good(*pieces)
        uids = numbers(re.search(r"APPENDUID \d+ (\S+)\]", reply)[1])
        assert len(uids) == len(markers)
        for uid, marker in zip(uids, markers):
            self.model.add(folder, uid, marker, self.number)

    def read(self):
        if (uid := self.some()) is None:
            return
        _, untagged = self.good(f"UID FETCH {uid} (RFC822.SIZE BODY.PEEK[])")
        for line in untagged:
            if found := re.search(rb"BODY\[\] \{(\d+)\}\r\n", line):
                end = found.end() + int(found[1])
                content = line[found.end():end]
                assert re.search(rb"\bUID %d\b" % uid, line[:found.start()] + line[end:]), line[:found.start()]
                assert int(re.search(rb"RFC822.SIZE (\d+)", line)[1]) == len(content)
                marker = self.model.marker(self.folder, uid)
                assert marker is None or content.endswith(b"\r\n\r\n" + body_of(marker)), f"{uid} of {self.folder} is not {marker}"

    def flag(self):
        if (uid := self.some()) is None:
            return
        on = self.random.random() < 0.6
        self.good(f"UID STORE {uid} {'+' if on else '-'}FLAGS{self.random.choice(['', '.SILENT'])} (s{self.number})")
        self.model.set_keyword((self.folder, uid), self.number, on)

    def flag_if_unchanged(self):
        if (uid := self.some()) is None:
            return
        _, untagged = self.good(f"UID FETCH {uid} (MODSEQ)")
        found = next((seen for line in untagged if (seen := re.search(rb"UID %d\b.*MODSEQ \((\d+)\)|MODSEQ \((\d+)\).*UID %d\b" % (uid, uid), line))), None)
        if found is None:
            return
        modseq = int(found[1] or found[2]) - self.random.choice([0, 0, 1])
        on = self.random.random() < 0.5
        reply, _ = self.good(f"UID STORE {uid} (UNCHANGEDSINCE {modseq}) {'+' if on else '-'}FLAGS (s{self.number})")
        if "MODIFIED" not in reply:
            self.model.set_keyword((self.folder, uid), self.number, on)

    def remove(self):
        mine = self.model.mine(self.folder, self.number)
        if not mine:
            return
        uids = self.random.sample(mine, min(len(mine), 1 if len(mine) < ENOUGH else 10))
        keys = [(self.folder, uid) for uid in uids]
        self.model.begin_removal(keys)
        some = ",".join(map(str, uids))
        self.good(f"UID STORE {some} +FLAGS.SILENT (\\Deleted)")
        self.good(self.random.choice([f"UID EXPUNGE {some}", "EXPUNGE"]))
        self.model.removed(keys)

    def transfer(self, verb, target=None):
        mine = self.model.mine(self.folder, self.number)
        target = target or self.random.choice([folder for folder in FOLDERS if folder != self.folder])
        if not mine:
            return
        uids = sorted(self.random.sample(mine, min(len(mine), self.random.randint(1, 4))))
        keys = [(self.folder, uid) for uid in uids]
        if verb == "MOVE":
            self.model.begin_removal(keys)
        known = [self.model.keyword(key, self.number) for key in keys]
        reply, untagged = self.good(f'UID {verb} {",".join(map(str, uids))} "{target}"')
        said = next(text for text in [reply, *(line.decode(errors="replace") for line in untagged)] if "COPYUID" in text)
        found = re.search(r"COPYUID \d+ (\S+) (\S+)\]", said)
        source, copies = numbers(found[1]), numbers(found[2])
        assert source == uids and len(copies) == len(uids), (said, uids)
        for uid, copy, on in zip(source, copies, known):
            self.model.add(target, copy, self.model.marker(self.folder, uid), self.number)
            if on is not None:
                self.model.set_keyword((target, copy), self.number, on)
        if verb == "MOVE":
            self.model.removed(keys)

    # --- searches

    def search(self):
        before = self.model.stable(self.folder) & set(self.known())
        _, untagged = self.good(f"UID SEARCH RETURN (ALL) KEYWORD s{self.number}")
        found = next(line for line in untagged if line.startswith(b"ESEARCH"))
        listed = set(numbers(all[1].decode())) if (all := re.search(rb" ALL (\S+)", found)) else set()
        for uid in before & self.model.stable(self.folder):
            on = self.model.keyword((self.folder, uid), self.number)
            assert on is None or (uid in listed) == on, f"SEARCH KEYWORD: {uid} of {self.folder} is {not on}"

    def search_subject(self):
        if (uid := self.some()) is None or not self.model.is_stable((self.folder, uid)):
            return
        marker = self.model.marker(self.folder, uid)
        _, untagged = self.good(f'UID SEARCH RETURN (ALL) SUBJECT "{marker}"')
        listed = numbers(re.search(rb" ALL (\S+)", found)[1].decode()) if b" ALL " in (found := b" ".join(untagged)) else []
        assert uid in listed or not self.model.is_stable((self.folder, uid)), (marker, uid, listed)
        for other in listed:
            assert self.model.marker(self.folder, other) in (marker, None), (marker, other)

    # --- news, and what was missed

    def idle(self):
        """A message that comes now is reported without being asked for."""
        self.wire.count += 1
        tag = b"t%d" % self.wire.count
        self.wire.send(tag + b" IDLE\r\n")
        while not (line := self.wire.line()).startswith(b"+"):
            self.see(line[2:])
        marker = new_marker(self.number)
        if self.folder == "INBOX":
            send(self.office, self.model, marker, self.number)
        else:
            other = Wire(self.office.imap_port)
            assert other.ask(f'LOGIN ivan "{PASSWORD}"')[0].startswith(b"OK")
            reply, _ = other.ask(f'APPEND "{self.folder}" ', message_of(marker))
            self.model.add(self.folder, int(re.search(rb"APPENDUID \d+ (\d+)", reply)[1]), marker, self.number)
            other.close()
        grown = False
        while not grown:
            line = self.wire.line()
            self.see(line[2:])
            grown = bool(re.match(rb"\* \d+ EXISTS$", line))
        self.wire.send(b"DONE\r\n")
        reply, untagged = self.wire.reply(tag)
        for line in untagged:
            self.see(line)
        assert reply.startswith(b"OK"), reply
        self.model.counts["IDLE"] += 1
        self.learn()

    def flags_now(self):
        """uid -> (flags, modseq), as the server says them in one FETCH."""
        if not self.uids:
            return {}
        _, untagged = self.good("UID FETCH 1:* (FLAGS MODSEQ)")
        return flags_in(untagged)

    def go_away(self):
        """Comes back with QRESYNC and has what a full look has."""
        folder = self.random.choice(FOLDERS)
        self.select(folder)
        heights = self.heights
        cache = {uid: flags for uid, (flags, _) in self.flags_now().items()}
        self.select(self.random.choice([other for other in FOLDERS if other != folder]))
        for _ in range(self.random.randint(0, 4)):
            self.step(stays=True)
        removed = self.model.was_removed(folder)
        self.folder, self.uids = folder, []
        reply, untagged = self.wire.ask(f'SELECT "{folder}" (QRESYNC ({heights["UIDVALIDITY"]} {heights["HIGHESTMODSEQ"]}))')
        assert reply.startswith(b"OK"), reply
        self.model.counts["QRESYNC"] += 1
        for line in untagged:
            if found := re.match(rb"VANISHED \(EARLIER\) (\S+)$", line):
                for uid in numbers(found[1].decode()):
                    cache.pop(uid, None)
            else:
                self.see(line)
        cache.update({uid: flags for uid, (flags, _) in flags_in(untagged).items()})
        high = int(re.search(rb"\[HIGHESTMODSEQ (\d+)\]", b" ".join(untagged))[1])
        assert not removed & set(cache), f"gone from {folder}, and not told: {removed & set(cache)}"
        now = self.flags_now()
        for uid, (flags, modseq) in now.items():
            if modseq <= high:
                assert uid in cache, f"{uid} of {folder} was not told"
                assert cache[uid] == flags, f"{uid} of {folder}: {flags} was not told, known is {cache[uid]}"
        for uid in set(cache) - set(now):
            assert not self.model.is_stable((folder, uid)), f"{uid} of {folder} is there and not listed"
        self.select(folder)

    # --- folders of its own: nobody else touches them

    def own_folder(self):
        what = self.random.choice(["create", "create", "fill", "fill", "copy", "look", "look", "rename", "rename", "delete"])
        if what == "create" or not self.own:
            if len(self.own) < 4:
                self.own_count += 1
                name = f"P{self.number}/{self.random.choice(['', '&BB8EMAQ,BDoEMA- '])}{self.own_count}"
                self.good(f'CREATE "{name}"')
                self.own.append(name)
            return
        name = self.random.choice(self.own)
        if what == "copy":
            self.transfer("COPY", target=name)
        elif what == "rename":
            self.rename(name)
        elif what == "delete":
            keys = self.model.keys_of(name)
            self.model.begin_removal(keys)
            self.good(f'DELETE "{name}"')
            self.model.removed(keys)
            self.own.remove(name)
        elif what == "look":
            before, self.folder, self.uids = self.folder, name, []
            assert self.look(name) == {uid: self.model.marker(name, uid) for _, uid in self.model.keys_of(name)}
            _, untagged = self.good(f'LIST "" "P{self.number}/*"')
            assert sorted(re.search(r'"/" "?(.*?)"?$', line.decode())[1] for line in untagged if line.startswith(b"LIST")) == sorted(self.own)
            self.select(before)
        else:
            marker = new_marker(self.number)
            reply, _ = self.good(f'APPEND "{name}" (\\Flagged) ', message_of(marker))
            self.model.add(name, int(re.search(r"APPENDUID \d+ (\d+)", reply)[1]), marker, self.number)

    def look(self, name):
        """uid -> marker of a folder that nobody else changes."""
        self.folder, self.uids = name, []
        self.good(f'EXAMINE "{name}"')
        if not self.uids:
            return {}
        _, untagged = self.good("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return {int(re.search(rb"UID (\d+)", line)[1]): re.search(rb"^Subject: (\S+)\r$", line, re.M)[1].decode()
                for line in untagged if b" FETCH " in line}

    def rename(self, name):
        self.own_count += 1
        to, before = f"P{self.number}/renamed {self.own_count}", self.folder
        keys = self.model.keys_of(name)
        self.model.begin_removal(keys)
        self.good(f'RENAME "{name}" "{to}"')
        self.own[self.own.index(name)] = to
        found = self.look(to)
        assert sorted(found.values()) == sorted(self.model.marker(*key) for key in keys), f"{name} lost or doubled something as {to}"
        self.model.removed(keys)
        for uid, marker in found.items():
            self.model.add(to, uid, marker, self.number)
        self.select(before)

    # ---

    def step(self, stays=False):
        steps = [("append", 15), ("read", 20), ("flag", 18), ("flag_if_unchanged", 6), ("remove", 12), ("learn", 15), ("search", 5),
                 ("search_subject", 4), ("COPY", 5), ("MOVE", 8)]
        if not stays:
            steps += [("change", 4), ("idle", 2), ("own_folder", 8), ("go_away", 3 if self.resyncs else 0)]
        what = self.random.choices([name for name, _ in steps], [weight for _, weight in steps])[0]
        if what in ("COPY", "MOVE"):
            self.transfer(what)
        elif what == "change":
            self.good(self.random.choice(["CLOSE", "UNSELECT"]))
            self.select(self.random.choice(FOLDERS))
        else:
            if what == "append" and len(self.model.mine(self.folder, self.number)) > ENOUGH:
                what = "remove"
            getattr(self, what)()


def flags_in(untagged):
    found = {}
    for line in untagged:
        if b" FETCH (" not in line or not (flags := re.search(rb"FLAGS \(([^)]*)\)", line)) or not (uid := re.search(rb"UID (\d+)", line)):
            continue
        modseq = re.search(rb"MODSEQ \((\d+)\)", line)
        found[int(uid[1])] = (frozenset(flags[1].split()) - {b"\\Recent"}, int(modseq[1]) if modseq else 0)
    return found


def send(office, model, marker, owner):
    model.sends(marker, owner)
    office.send("anna@office.lan", ["ivan@office.lan"], b"From: anna@office.lan\r\n" + message_of(marker))
    model.counts["mail"] += 1


class Mail:
    """Sends mail, for the sessions and for POP3."""

    def __init__(self, office, model, sessions, seed):
        self.office, self.model, self.sessions, self.random = office, model, sessions, random.Random(seed)

    def step(self):
        owner = self.random.choice([*range(self.sessions), "pop3", "pop3", "pop3"])
        send(self.office, self.model, new_marker(owner), owner)
        time.sleep(self.random.random() / 5)


class Pop3:
    """Reads and removes what is its own; leaves without QUIT now and then, and then nothing is removed."""

    def __init__(self, office, model, seed):
        self.office, self.model, self.random, self.markers = office, model, random.Random(seed), {}

    def step(self):
        client = poplib.POP3("127.0.0.1", self.office.pop3_port, timeout=PATIENCE)
        client.user("ivan")
        try:
            client.pass_(PASSWORD)
        except poplib.error_proto as refused:
            assert b"[IN-USE]" in refused.args[0], refused  # the connection without QUIT has not ended yet
            client.close()
            return
        removed = [marker for number, uidl in (line.decode().split() for line in client.uidl()[1])
                   if (marker := self.remove(client, number, uidl)) is not None]
        self.model.counts["POP3"] += 1
        if self.random.random() < 0.2:
            client.close()
            return
        self.model.begin_taking(removed)
        assert client.quit().startswith(b"+OK")
        for marker in removed:
            self.model.took(marker)
        time.sleep(self.random.random() / 2)

    def remove(self, client, number, uidl):
        """The marker if the message goes with QUIT."""
        marker = self.markers.get(uidl) or self.look(client, number, uidl)
        if marker is not None and self.random.random() < 0.05:
            self.read(client, number, marker)
        if marker is None or not marker.startswith("pop3-") or self.random.random() < 0.3:
            return None
        client.dele(number)
        return marker

    def look(self, client, number, uidl):
        """None if IMAP has removed the message meanwhile."""
        try:
            head = client.top(number, 0)[1]
        except poplib.error_proto:
            return None
        self.markers[uidl] = next(line[9:].decode() for line in head if line.startswith(b"Subject: "))
        return self.markers[uidl]

    def read(self, client, number, marker):
        try:
            lines = client.retr(number)[1]
        except poplib.error_proto:
            return
        assert (b"\r\n".join(lines) + b"\r\n").endswith(b"\r\n\r\n" + body_of(marker)), f"a UIDL of {marker} is another message"
