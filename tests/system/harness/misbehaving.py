"""Upstream servers that lie, stall and break off. One method a misdeed.

A misdeed is a method server_...(event, argument, connection): it is asked at each step (event is GREETING or the
client's command word) and returns True if it has dealt with the step, None to let the server behave.
"""
import re
import ssl
import time

from harness.sink import Letter, ThreadedServer


class Misbehaving(ThreadedServer):
    def __init__(self, misdeed=None, certificate=None, tls_from_start=False, port=0,
                 host="127.0.0.1"):
        self.misdeed = getattr(self, "server_" + misdeed) if misdeed else lambda event, argument, connection: None
        self.certificate, self.tls_from_start = certificate, tls_from_start
        self.commands = []
        super().__init__(port, host)

    def start_tls(self, connection):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, self.certificate))
        connection.sock = context.wrap_socket(connection.sock, server_side=True)
        connection.file = connection.sock.makefile("rb")

    def parse(self, line, connection):
        word, _, argument = line.partition(" ")
        return word.upper(), argument

    def serve(self, connection):
        if self.tls_from_start:
            self.start_tls(connection)
        if not self.misdeed("GREETING", "", connection):
            connection.say(self.greeting)
        while (line := connection.line()) is not None:
            word, argument = self.parse(line.decode("latin-1"), connection)
            self.commands.append(line)
            if self.misdeed(word, argument, connection):
                continue
            if self.answer(word, argument, connection) == "close":
                return


class MisbehavingPop3(Misbehaving):
    """messages: list of bytes. What DELE named is removed at QUIT, as the standard says."""

    greeting = "+OK ready"

    def __init__(self, messages, misdeed=None, **settings):
        self.messages = list(messages)
        self.uidls = [f"uidl-{n}" for n in range(1, len(self.messages) + 1)]
        self.marked = set()
        super().__init__(misdeed, **settings)

    @property
    def left(self):
        return [message for message in self.messages if message is not None]

    def _numbered(self):
        return [(n, message) for n, message in enumerate(self.messages, 1) if message is not None]

    def serve(self, connection):
        kept = [(message, uidl) for message, uidl in zip(self.messages, self.uidls) if message is not None]
        self.messages, self.uidls = [message for message, _ in kept], [uidl for _, uidl in kept]
        self.marked = set()
        super().serve(connection)

    @staticmethod
    def stuffed(message):
        return re.sub(rb"(?m)^\.", b"..", message) + b".\r\n"

    def answer(self, word, argument, connection):
        if word == "CAPA":
            stls = b"STLS\r\n" if self.certificate and not self.tls_from_start else b""
            connection.raw(b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\n" + stls + b".\r\n")
        elif word == "STLS":
            connection.say("+OK go on")
            self.start_tls(connection)
        elif word in ("USER", "PASS", "NOOP"):
            connection.say("+OK")
        elif word == "AUTH":
            connection.say("-ERR use USER")
        elif word == "STAT":
            numbered = self._numbered()
            connection.say(f"+OK {len(numbered)} {sum(len(m) for _, m in numbered)}")
        elif word in ("LIST", "UIDL"):
            connection.say("+OK")
            for n, message in self._numbered():
                connection.say(f"{n} {len(message) if word == 'LIST' else self.uidls[n - 1]}")
            connection.say(".")
        elif word in ("RETR", "TOP"):
            message = self.messages[int(argument.split()[0]) - 1:][:1]  # another connection may have removed it
            if message in ([], [None]):
                connection.say("-ERR no such message")
            else:
                connection.say("+OK")
                connection.raw(self.stuffed(message[0]))
        elif word == "DELE":
            self.marked.add(int(argument))
            connection.say("+OK")
        elif word == "QUIT":
            for n in self.marked:
                if n <= len(self.messages):
                    self.messages[n - 1] = None
            connection.say("+OK bye")
            return "close"
        else:
            connection.say("-ERR unknown")
        return None

    # --- misdeeds

    def server_hangs_before_greeting(self, event, argument, connection):
        if event == "GREETING":
            self.hang()
            return True

    def server_hangs_after_retr(self, event, argument, connection):
        if event == "RETR":
            connection.raw(b"+OK\r\nSubject: half a")
            self.hang()
            return True

    def server_closes_in_the_middle_of_a_message(self, event, argument, connection):
        if event == "RETR" and argument == "2" and self.accepted == 1:
            connection.raw(b"+OK\r\n" + self.messages[1][:len(self.messages[1]) // 2])
            connection.close()
            return True

    def server_always_closes_in_the_middle_of_the_first_message(self, event, argument, connection):
        if event == "RETR" and self.uidls[int(argument) - 1] == "uidl-1":
            connection.raw(b"+OK\r\n" + self.messages[int(argument) - 1][:50])
            connection.close()
            return True

    def server_closes_after_seven_messages(self, event, argument, connection):
        connection.given = getattr(connection, "given", 0) + (event == "RETR")
        if event == "RETR" and connection.given > 7:
            connection.close()
            return True

    def server_closes_in_the_middle_of_uidl(self, event, argument, connection):
        if event == "UIDL" and self.accepted == 1:
            connection.raw(b"+OK\r\n1 uid")
            connection.close()
            return True

    def server_closes_before_quit_is_answered(self, event, argument, connection):
        if event == "QUIT" and self.accepted == 1:
            connection.close()  # and forgets the deletions
            return True

    def server_always_closes_before_quit_is_answered(self, event, argument, connection):
        if event == "QUIT":
            connection.close()
            return True

    def server_sends_a_byte_at_a_time(self, event, argument, connection):
        if event == "RETR":
            connection.say("+OK")
            for byte in self.stuffed(self.messages[int(argument) - 1]):
                if self.stopping.wait(0.2):
                    break
                connection.raw(bytes([byte]))
            return True

    def server_refuses_the_second_retr(self, event, argument, connection):
        if event == "RETR" and self.uidls[int(argument) - 1] == "uidl-2":
            connection.say("-ERR this one is broken")
            return True

    def server_refuses_every_message(self, event, argument, connection):
        if event in ("RETR", "TOP"):
            connection.say("-ERR not this one")
            return True

    def server_refuses_dele(self, event, argument, connection):
        if event == "DELE":
            connection.say("-ERR no deletions today")
            return True

    def server_gives_two_messages_one_uidl(self, event, argument, connection):
        if event == "UIDL":
            connection.say("+OK")
            for n, _ in self._numbered():
                connection.say(f"{n} same")
            connection.say(".")
            return True

    def server_lies_about_sizes(self, event, argument, connection):
        if event == "LIST":
            connection.say("+OK")
            for n, _ in self._numbered():
                connection.say(f"{n} {[0, 9223372036854775808, 7][n % 3]}")
            connection.say(".")
            return True

    def server_lists_more_than_it_has(self, event, argument, connection):
        if event in ("LIST", "UIDL"):
            connection.say("+OK")
            for n in range(1, len(self._numbered()) + 4):
                connection.say(f"{n} {'ghost-%d' % n if event == 'UIDL' else 100}")
            connection.say(".")
            return True
        if event == "RETR" and int(argument) > len(self.messages):
            connection.say("-ERR no such message")
            return True

    def server_sends_terminal_escapes(self, event, argument, connection):
        if event == "PASS":
            connection.say(b"-ERR \x1b[31mred\x1b]0;title\x07 \xff\xfe")
            return True

    def server_is_busy(self, event, argument, connection):
        if event == "PASS":
            connection.say("-ERR [IN-USE] your mailbox is locked")
            return True

    def server_offers_stls_and_refuses_it(self, event, argument, connection):
        if event == "CAPA":
            connection.raw(b"+OK\r\nUSER\r\nUIDL\r\nSTLS\r\n.\r\n")
            return True
        if event == "STLS":
            connection.say("-ERR not now")
            return True

    def server_slips_plaintext_in_before_tls(self, event, argument, connection):
        if event == "STLS":
            connection.raw(b"+OK go on\r\n+OK injected\r\n")
            try:
                self.start_tls(connection)
            except (OSError, ssl.SSLError):
                connection.close()
            return True

    def server_has_no_uidl(self, event, argument, connection):
        if event == "CAPA":
            connection.raw(b"+OK\r\nUSER\r\nTOP\r\n.\r\n")
            return True
        if event == "UIDL":
            connection.say("-ERR what is that?")
            return True

    def server_has_neither_uidl_nor_top(self, event, argument, connection):
        if event in ("CAPA", "UIDL", "TOP"):
            connection.say("-ERR what is that?")
            return True

    def server_changes_all_uidls(self, event, argument, connection):
        if event == "UIDL":
            connection.say("+OK")
            for n, _ in self._numbered():
                connection.say(f"{n} session-{self.accepted}-{n}")
            connection.say(".")
            return True

    def server_numbers_its_uidls_anew(self, event, argument, connection):
        """The UIDL is the number of the message: a new one gets that of a deleted one."""
        if event == "UIDL":
            connection.say("+OK")
            for n, _ in self._numbered():
                connection.say(f"{n} {n}")
            connection.say(".")
            return True

    def server_reorders_its_messages(self, event, argument, connection):
        if event == "GREETING" and self.accepted > 1:
            self.messages.reverse()
            self.uidls.reverse()

    def server_announces_pipelining(self, event, argument, connection):
        if event == "CAPA":
            connection.raw(b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n")
            return True

    def server_loses_pipelined_commands(self, event, argument, connection):
        """Takes what has come as one line, as servers do that know no pipelining."""
        if event == "GREETING":
            connection.line = lambda: connection.sock.recv(65536).split(b"\r\n")[0] or None

    def server_loses_pipelined_messages(self, event, argument, connection):
        """The same, but not before the listing is through."""
        if event == "LIST":
            connection.line = lambda: connection.sock.recv(65536).split(b"\r\n")[0] or None

    def server_answers_retr_after_a_while(self, event, argument, connection):
        if event == "RETR":
            time.sleep(0.1)

    def server_sends_a_line_without_end(self, event, argument, connection):
        if event == "UIDL":
            connection.raw(b"+OK\r\n1 ")
            for _ in range(160):
                connection.raw(b"x" * 65536)
            return True


class MisbehavingSmtp(Misbehaving):
    """letters: what was accepted. Speaks AUTH only when users are given."""

    greeting = "220 smtp.example.ru ESMTP"

    def __init__(self, misdeed=None, **settings):
        self.letters = []
        super().__init__(misdeed, **settings)

    def answer(self, word, argument, connection):
        if word == "EHLO":
            starttls = b"250-STARTTLS\r\n" if self.certificate and not self.tls_from_start else b""
            connection.raw(b"250-smtp.example.ru\r\n" + starttls + b"250-8BITMIME\r\n250 PIPELINING\r\n")
            return None
        if word == "STARTTLS":
            connection.say("220 go on")
            self.start_tls(connection)
            return None
        if word == "MAIL":
            connection.sender, connection.recipients = argument[argument.index("<") + 1:argument.index(">")], []
        elif word == "RCPT":
            connection.recipients = [*getattr(connection, "recipients", []), argument[argument.index("<") + 1:argument.index(">")]]
        elif word == "DATA":
            connection.say("354 go on")
            content = connection.content()
            if content is None:
                return "close"
            if not self.misdeed("DOT", "", connection):
                self.letters.append(Letter(connection.sender, connection.recipients, content))
                connection.say("250 ok")
            return None
        elif word == "QUIT":
            connection.say("221 bye")
            return "close"
        connection.say("250 ok")
        return None

    # --- misdeeds

    def server_hangs_before_greeting(self, event, argument, connection):
        if event == "GREETING":
            self.hang()
            return True

    def server_refuses_the_sender(self, event, argument, connection):
        if event == "MAIL":
            connection.say("553 5.7.1 sender not owned by anybody here")
            return True

    def server_is_shutting_down_at_mail(self, event, argument, connection):
        if event == "MAIL":
            connection.say("421 4.3.2 shutting down")
            connection.close()
            return True

    def server_closes_after_the_dot(self, event, argument, connection):
        if event == "DOT":
            connection.close()
            return True

    def server_refuses_the_message_after_the_dot(self, event, argument, connection):
        if event == "DOT":
            connection.say("554 5.7.1 we do not like \x1b[31mthis\r\n")
            return True

    def server_defers_after_the_dot(self, event, argument, connection):
        if event == "DOT":
            connection.say("451 4.3.0 try again later")
            return True

    def server_refuses_the_sender(self, event, argument, connection):
        if event == "MAIL":
            connection.say("550 5.7.1 sender not allowed")
            return True

    def server_refuses_one_recipient_of_three(self, event, argument, connection):
        if event == "RCPT" and "gone@" in argument:
            connection.say("550 5.1.1 no such user")
            return True

    def server_defers_one_recipient_of_three(self, event, argument, connection):
        if event == "RCPT" and "gone@" in argument:
            connection.say("450 4.2.1 mailbox busy")
            return True

    def server_takes_small_messages_only(self, event, argument, connection):
        if event == "EHLO":
            connection.raw(b"250-smtp.example.ru\r\n250-SIZE 1000\r\n250 8BITMIME\r\n")
            return True

    def server_answers_without_end(self, event, argument, connection):
        if event == "EHLO":
            for _ in range(200_000):
                connection.raw(b"250-and so on and so on and so on and so on\r\n")
            self.hang()
            return True

    def server_slips_plaintext_in_before_tls(self, event, argument, connection):
        if event == "STARTTLS":
            connection.raw(b"220 go on\r\n250 injected\r\n")
            try:
                self.start_tls(connection)
            except (OSError, ssl.SSLError):
                connection.close()
            return True
