"""A smarthost that does what a test wants at any step of the dialogue."""
import re

from harness.misbehaving import MisbehavingSmtp
from harness.sink import Letter


class Smarthost(MisbehavingSmtp):
    """act(step, connection) may answer itself (return True) or close; `abilities` are said in EHLO; chunks are understood."""

    def __init__(self, act=lambda step, connection: None, abilities=("PIPELINING", "8BITMIME"), **settings):
        self.act, self.abilities = act, abilities
        super().__init__("acts", **settings)

    def server_acts(self, event, argument, connection):
        if self.act(event, connection):
            return True
        if event == "EHLO":
            connection.raw(b"250-smtp.example.ru\r\n" + b"".join(b"250-%s\r\n" % word.encode() for word in self.abilities) +
                           b"250 HELP\r\n")
            return True
        if event == "DATA" and getattr(connection, "recipients", []) == []:
            connection.say("554 5.5.1 no valid recipients")
            return True
        if event == "BDAT":
            size, _, last = argument.partition(" ")
            content = connection.file.read(int(size))
            connection.chunks = getattr(connection, "chunks", b"") + content
            if not getattr(connection, "recipients", []):
                connection.say("503 5.5.1 nobody to send it to")
            elif not last:
                connection.say("250 more")
            elif not self.act("DOT", connection):
                self.take(connection, connection.chunks)
            if last:
                connection.chunks = b""
            return True
        if event == "RCPT" and not getattr(connection, "has_mail", False):
            connection.say("503 5.5.1 MAIL first")
            return True
        if event in ("RSET", "MAIL"):
            connection.chunks, connection.recipients, connection.has_mail = b"", [], event == "MAIL"
        return None

    def take(self, connection, content):
        self.letters.append(Letter(connection.sender, connection.recipients, content))
        connection.say("250 ok")

    @property
    def got(self):
        """Numbers of the letters, as often as they came."""
        return sorted(int(re.search(rb"Message-ID: <(\d+)", letter_.content)[1]) for letter_ in self.letters)
