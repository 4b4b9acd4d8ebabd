"""What must be true of a mailbox while many sessions change it: which messages there are, whose they are, and the keywords of each session.

A message has a marker, its subject. An instance of it is (folder, uid), and never shows another marker. Each instance has an owner: only they
remove and move it, so that the model knows at every moment which there are, whatever the order of the sessions is. Each session sets a keyword
of its own.
"""
import random
import threading
from collections import Counter


def new_marker(owner):
    return f"{owner}-{random.getrandbits(60):x}"


def body_of(marker):
    """The text of the message with that marker: of different sizes, some large."""
    size = int(marker.rpartition("-")[2], 16) % 97
    return f"body {marker}\r\n".encode() * (size * 10 if size > 90 else size % 20 + 1)


def message_of(marker):
    return f"Subject: {marker}\r\n\r\n".encode() + body_of(marker)


class Model:
    def __init__(self):
        self.lock = threading.RLock()
        self.markers = {}  # (folder, uid) -> marker, of all that have ever been
        self.there = {}  # (folder, uid) -> owner
        self.leaving = set()  # of those: a command that removes them has begun
        self.early = {}  # (folder, uid) -> marker: seen before the command that made it was answered
        self.coming = {}  # marker -> owner: sent by mail, its UID is not known yet
        self.taking = set()  # markers that POP3 removes now
        self.taken = set()  # and has removed before any session of IMAP saw them
        self.keywords = {}  # (folder, uid, session) -> whether it is set; not known for copies of others
        self.counts = Counter()

    # --- what sessions see

    def learn(self, folder, uid, marker):
        key = (folder, uid)
        with self.lock:
            known = self.markers.get(key) or self.early.get(key)
            assert known in (None, marker), f"{key} was {known} and is {marker} now"
            if known is not None:
                return
            if marker in self.taken:
                self.taken.discard(marker)  # a second one is nobody's at the end
                self.markers[key] = marker
            elif marker in self.coming and folder == "INBOX":
                self.markers[key] = marker
                self.there[key] = self.coming.pop(marker)
                if marker in self.taking:
                    self.leaving.add(key)
            else:
                self.early[key] = marker

    def is_stable(self, key):
        """There, and no command that removes it has begun."""
        with self.lock:
            return key in self.there and key not in self.leaving

    def stable(self, folder):
        with self.lock:
            return {uid for (f, uid) in self.there if f == folder and (f, uid) not in self.leaving}

    def was_removed(self, folder):
        with self.lock:
            return {uid for (f, uid) in self.markers if f == folder and (f, uid) not in self.there}

    def marker(self, folder, uid):
        with self.lock:
            return self.markers.get((folder, uid))

    def mine(self, folder, owner):
        with self.lock:
            return sorted(uid for (f, uid), o in self.there.items() if f == folder and o == owner and (f, uid) not in self.leaving)

    # --- what they do

    def add(self, folder, uid, marker, owner):
        key = (folder, uid)
        with self.lock:
            assert key not in self.markers, f"UID {uid} of {folder} was used twice"
            assert self.early.pop(key, marker) == marker, f"{key} was seen as another message"
            self.markers[key] = marker
            self.there[key] = owner

    def begin_removal(self, keys):
        with self.lock:
            self.leaving |= set(keys)

    def removed(self, keys):
        with self.lock:
            for key in keys:
                self.there.pop(key)
                self.leaving.discard(key)

    def keys_of(self, folder):
        with self.lock:
            return [key for key in self.there if key[0] == folder]

    def set_keyword(self, key, session, on):
        with self.lock:
            if key in self.there:
                self.keywords[(*key, session)] = on

    def keyword(self, key, session):
        with self.lock:
            return self.keywords.get((*key, session))

    # --- mail

    def sends(self, marker, owner):
        with self.lock:
            self.coming[marker] = owner

    def key_of(self, marker, folder="INBOX"):
        with self.lock:
            return next((key for key in self.there if key[0] == folder and self.markers[key] == marker), None)

    def begin_taking(self, markers):
        with self.lock:
            self.taking |= set(markers)
            self.begin_removal(key for key in map(self.key_of, markers) if key is not None)

    def took(self, marker):
        """POP3 has removed it."""
        with self.lock:
            self.taking.discard(marker)
            if (key := self.key_of(marker)) is not None:
                self.removed([key])
            else:
                del self.coming[marker]
                self.taken.add(marker)
