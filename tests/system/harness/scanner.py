"""Scanners of our own: they speak clamd's, spamd's and rspamd's protocols, find what a message says of itself, and misbehave on request.

A message with the words `VIRUS:name` has that virus; clamd fails on one with `POISON`; with `SCORE:7.5` it has that score, and with `SYMBOLS:A,B` these symbols.
"""
import json
import re
import struct
import time

from harness.sink import ThreadedServer


def found(pattern, message, otherwise):
    match = re.search(pattern, message)
    return match[1].decode() if match else otherwise


class Scanner(ThreadedServer):
    """misdeed: late (no answer), wrong, half, flood, close (in mid-message). learned: its lessons, as (class, message)."""

    scheme = None

    def __init__(self, misdeed=None, port=0):
        self.misdeed, self.messages, self.lines, self.learned = misdeed, [], [], []
        super().__init__(port)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def stop(self):
        """As a process that dies: with its connections."""
        super().stop()
        for connection in self.connections:
            try:
                connection.sock.shutdown(2)
            except OSError:
                pass

    def misbehaves(self, connection):
        if self.misdeed == "late":
            self.hang()
        elif self.misdeed == "wrong":
            connection.raw(b"220 mail.example.ru ESMTP\r\n\0")
        elif self.misdeed == "half":
            connection.raw(self.half)
            connection.close()
        elif self.misdeed == "flood":
            while not self.stopping.is_set():
                connection.raw(b"x" * 65536)
        return self.misdeed is not None


class Clamd(Scanner):
    scheme, half = "clamd", b"1: stre"

    def command(self, connection):
        word = b""
        while (byte := connection.file.read(1)) not in (b"\0", b""):
            word += byte
        return word if byte else None

    def serve(self, connection):
        number = 0
        while (word := self.command(connection)) is not None:
            if word == b"zIDSESSION":
                continue
            number += 1
            assert word == b"zINSTREAM", word
            message = b""
            while length := struct.unpack(">I", connection.file.read(4))[0]:
                message += connection.file.read(length)
                if self.misdeed == "close":
                    return
            if b"Is the scanner there?" in message and self.misdeed is None:
                connection.raw(b"%d: stream: OK\0" % number)
                continue
            self.messages.append(message)
            if self.misbehaves(connection):
                return
            if b"POISON" in message:
                connection.raw(b"%d: stream: Can't allocate memory ERROR\0" % number)
                continue
            virus = found(rb"VIRUS:([\w.-]+)", message, "Eicar-Signature" if b"EICAR-STANDARD-" in message else None)
            connection.raw(b"%d: stream: %s\0" % (number, f"{virus} FOUND".encode() if virus else b"OK"))


class Spamd(Scanner):
    scheme, half = "spamd", b"SPAMD/1.1 0 EX_OK\r\nSpam: Tr"

    def serve(self, connection):
        request = connection.line()
        assert request in (b"SYMBOLS SPAMC/1.5", b"TELL SPAMC/1.5"), request
        fields = {}
        while line := connection.line():
            name, value = line.decode().lower().split(":", 1)
            fields[name] = value.strip()
        message = connection.file.read(int(fields["content-length"]))
        if request.startswith(b"TELL"):
            if self.misbehaves(connection):
                return
            assert fields["set"] == "local"
            self.learned.append((fields["message-class"], message))
            connection.raw(b"SPAMD/1.1 0 EX_OK\r\nDidSet: local\r\nContent-length: 2\r\n\r\n\r\n")
            return
        if b"Is the scanner there?" not in message:
            self.messages.append(message)
        if self.misbehaves(connection):
            return
        score, symbols = found(rb"SCORE:([\d.-]+)", message, "0"), found(rb"SYMBOLS:([\w,]+)", message, "NONE")
        connection.raw(f"SPAMD/1.1 0 EX_OK\r\nContent-length: {len(symbols) + 2}\r\nSpam: {float(score) > 5} ; {score} / 5.0\r\n\r\n"
                       f"{symbols}\r\n".encode())


class Rspamd(Scanner):
    scheme, says, half = "rspamd", b"200 OK", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"score\": 1"

    def serve(self, connection):
        while request := connection.line():
            assert request in (b"POST /checkv2 HTTP/1.1", b"POST /learnspam HTTP/1.1", b"POST /learnham HTTP/1.1"), request
            lines = []
            while line := connection.line():
                lines.append(line.decode())
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
            message = connection.file.read(int(headers["content-length"]))
            if b"/learn" in request:
                if self.misbehaves(connection):
                    return
                self.learned.append(("spam" if b"spam" in request else "ham", message))
                connection.raw(b"HTTP/1.1 %s\r\nContent-Length: 16\r\n\r\n{\"success\":true}" % self.says)
                continue
            if b"Is the scanner there?" not in message:
                self.messages.append(message)
                self.lines.append(lines)
            if self.misbehaves(connection):
                return
            symbols = found(rb"SYMBOLS:([\w,]+)", message, "R_DUMMY").split(",")
            answer = json.dumps({"is_skipped": False, "score": float(found(rb"SCORE:([\d.-]+)", message, "0")), "required_score": 15.0,
                                 "action": "no action", "symbols": {name: {"name": name, "score": 1.0} for name in symbols}}).encode()
            connection.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
