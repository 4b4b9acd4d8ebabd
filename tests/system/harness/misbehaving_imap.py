"""An IMAP provider that lies, stalls and breaks off: as misbehaving.py, for IMAP. Event is the command's word, for UID
commands with the word behind it ("UID FETCH")."""
import re

from harness.misbehaving import Misbehaving


class MisbehavingImap(Misbehaving):
    """messages: list of bytes. What STORE marked is removed by EXPUNGE."""

    greeting = "* OK ready"

    def __init__(self, messages, misdeed=None, uidplus=True, condstore=False, **settings):
        self.uidplus, self.condstore, self.next = uidplus, condstore, None  # UIDNEXT is not announced
        self.messages = {uid: message for uid, message in enumerate(messages, 101)}
        self.marked, self.validity = set(), 1700000000
        super().__init__(misdeed, **settings)

    @property
    def left(self):
        return list(self.messages.values())

    def parse(self, line, connection):
        connection.tag, word, argument = (line.split(" ", 2) + ["", ""])[:3]
        if word.upper() == "UID":
            second, _, argument = argument.partition(" ")
            word = f"UID {second}"
        return word.upper(), argument

    def done(self, connection, text="OK done"):
        connection.say(f"{connection.tag} {text}")

    def data(self, connection, uid, item, content, claimed=None):
        size = len(content) if claimed is None else claimed
        connection.raw(f"* {self.number(uid)} FETCH (UID {uid} {item} {{{size}}}\r\n".encode() + content + b")\r\n")

    def number(self, uid):
        return sum(known <= uid for known in self.messages)

    @staticmethod
    def is_in(uid, wanted, highest):
        """As a sequence-set has it: 7, 7:9, 9:7, 7:* (which is at least the highest one)."""
        for part in wanted.split(","):
            first, _, last = part.partition(":")
            ends = sorted(highest if end == "*" else int(end) for end in (first, last or first))
            if ends[0] <= uid <= ends[1]:
                return True
        return False

    def list(self, connection, size=len, wanted="1:*"):
        for uid, message in sorted(self.messages.items()):
            if not self.is_in(uid, wanted, max(self.messages)):
                continue
            connection.say(f"* {self.number(uid)} FETCH (UID {uid} RFC822.SIZE {size(message)} FLAGS ())")
        self.done(connection)

    def answer(self, word, argument, connection):
        if word == "CAPABILITY":
            connection.say("* CAPABILITY IMAP4rev1" + (" UIDPLUS" if self.uidplus else "") + (" CONDSTORE" if self.condstore else ""))
            self.done(connection)
        elif word == "SELECT":
            connection.say(f"* {len(self.messages)} EXISTS")
            connection.say(f"* OK [UIDVALIDITY {self.validity}] valid")
            if self.next is not None:
                connection.say(f"* OK [UIDNEXT {self.next}] next")
            self.done(connection, "OK [READ-WRITE] selected")
        elif word == "UID FETCH" and "RFC822.SIZE" in argument:
            self.list(connection, wanted=argument.split()[0])
        elif word == "UID FETCH":
            uid = int(argument.split()[0])
            if part := re.search(r"BODY\.PEEK\[\]<(\d+)\.(\d+)>", argument):
                begin, count = int(part[1]), int(part[2])
                self.data(connection, uid, f"BODY[]<{begin}>", self.messages[uid][begin:begin + count])
            elif uid in self.messages:
                message = self.messages[uid]
                is_header = "BODY.PEEK[HEADER]" in argument
                self.data(connection, uid, "BODY[HEADER]" if is_header else "BODY[]",
                          re.split(rb"(?<=\n)\r?\n", message, maxsplit=1)[0] + b"\r\n" if is_header else message)
            self.done(connection)
        elif word == "UID STORE":
            self.marked.add(int(argument.split()[0]))
            self.done(connection)
        elif word in ("EXPUNGE", "UID EXPUNGE"):
            for uid in self.marked:
                self.messages.pop(uid, None)
            self.marked = set()
            self.done(connection)
        elif word == "LOGOUT":
            connection.say("* BYE")
            self.done(connection)
            return "close"
        else:
            self.done(connection, "OK" if word in ("LOGIN", "NOOP") else "BAD unknown")
        return None

    @staticmethod
    def fetches(event, argument, uid=None):
        return event == "UID FETCH" and "BODY.PEEK[]" in argument and (uid is None or argument.startswith(f"{uid} "))

    # --- misdeeds

    def server_closes_in_the_middle_of_a_message(self, event, argument, connection):
        if self.fetches(event, argument, 102) and self.accepted == 1:
            connection.raw(b"* 2 FETCH (UID 102 BODY[] {500}\r\n" + self.messages[102][:100])
            connection.close()
            return True

    def server_closes_in_the_middle_of_the_list(self, event, argument, connection):
        if event == "UID FETCH" and "RFC822.SIZE" in argument and self.accepted == 1:
            connection.raw(b"* 1 FETCH (UID 101 RFC822")
            connection.close()
            return True

    def server_closes_before_expunge_is_answered(self, event, argument, connection):
        if "EXPUNGE" in event and self.accepted == 1:
            connection.close()
            return True

    def server_expunges_and_closes(self, event, argument, connection):
        if "EXPUNGE" in event and self.accepted == 1:
            self.messages = {uid: text for uid, text in self.messages.items() if uid not in self.marked}
            connection.close()
            return True

    def server_lies_about_sizes(self, event, argument, connection):
        if event == "UID FETCH" and "RFC822.SIZE" in argument:
            self.list(connection, size=lambda message: 1 << 62)
            return True

    def server_closes_the_parenthesis_early(self, event, argument, connection):
        if self.fetches(event, argument):
            uid = int(argument.split()[0])
            message = self.messages[uid]
            connection.raw(b"* 1 FETCH (BODY[] {%d}\r\n%s)\r\n UID %d FLAGS (\\Seen) RFC822.SIZE %d)\r\n"
                           % (len(message), message, uid, len(message)))
            self.done(connection)
            return True

    def server_babbles_behind_one_message(self, event, argument, connection):
        if self.fetches(event, argument, 101):
            self.data(connection, 101, "BODY[]", self.messages[101])
            connection.raw(b"nonsense\r\n")
            self.done(connection)
            return True

    def server_has_no_validity(self, event, argument, connection):
        if event == "GREETING":
            self.validity = 0

    def server_lists_more_than_it_has(self, event, argument, connection):
        if event == "UID FETCH" and "RFC822.SIZE" in argument:
            connection.say("* 9 FETCH (UID 999 RFC822.SIZE 10 FLAGS ())")

    def server_tells_of_other_things_meanwhile(self, event, argument, connection):
        connection.say("* OK still here")
        if event == "UID FETCH":
            connection.say("* 7 EXISTS")
            connection.say("* 1 FETCH (FLAGS (\\Seen))")

    def server_renumbers_at_every_login(self, event, argument, connection):
        if event == "GREETING":
            self.validity += 1
            self.messages = {uid + 1000: message for uid, message in self.messages.items()}

    def server_replaces_the_mailbox_meanwhile(self, event, argument, connection):
        if self.fetches(event, argument, 102) and self.accepted == 1:
            self.validity += 1
            self.messages = {101: self.replacement, 102: self.messages[102]}
            connection.say(f"* OK [UIDVALIDITY {self.validity}] replaced")

    def server_refuses_one_message(self, event, argument, connection):
        if self.fetches(event, argument, 102):
            self.done(connection, "NO [SERVERBUG] cannot read it")
            return True

    def server_has_lost_one_message(self, event, argument, connection):
        if self.fetches(event, argument, 102):
            self.done(connection)  # without data: as for a UID that is gone
            return True

    def server_sends_another_message(self, event, argument, connection):
        if self.fetches(event, argument, 102):
            letter_of_another = b"Subject: another\r\n\r\n"
            self.data(connection, 101, "BODY[]", letter_of_another)
            self.done(connection)
            return True

    def server_hangs_after_login(self, event, argument, connection):
        if event == "SELECT":
            self.hang()
            return True

    def server_hangs_in_the_middle_of_a_message(self, event, argument, connection):
        if self.fetches(event, argument):
            connection.raw(b"* 1 FETCH (UID 101 BODY[] {5000}\r\nSubject: half a")
            self.hang()
            return True

    def server_answers_with_garbage(self, event, argument, connection):
        if event == "SELECT":
            connection.raw(b"\x1b[2J\x00\x07 nonsense\r\n" * 50)
            return True

    def server_never_ends_a_line(self, event, argument, connection):
        if event == "SELECT":
            try:
                for _ in range(2000):
                    connection.raw(b"x" * 65536)
            except OSError:
                connection.close()
            return True

    def server_announces_a_message_of_many_exabytes(self, event, argument, connection):
        if self.fetches(event, argument, 101):
            connection.raw(b"* 1 FETCH (UID 101 BODY[] {9223372036854775807}\r\nSubject: x\r\n")
            connection.close()
            return True
