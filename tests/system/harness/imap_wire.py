"""IMAP as it is on the wire: commands with their literals, responses as they come, and what was said last for a failure."""
import re
import socket
from collections import deque

from harness.waiting import PATIENCE


class Wire:
    def __init__(self, port, timeout=PATIENCE):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.file = self.sock.makefile("rb")
        self.count, self.said = 0, deque(maxlen=60)
        assert self.line().startswith(b"* OK")

    def line(self):
        """A response with its literals."""
        whole = b""
        while True:
            part = self.file.readline()
            assert part.endswith(b"\r\n"), (whole, part)
            whole += part[:-2]
            if not (found := re.search(rb"\{(\d+)\}$", whole)):
                self.said.append(b"S: " + whole[:300])
                return whole
            whole += b"\r\n" + self.file.read(int(found[1]))

    def send(self, data):
        self.said.append(b"C: " + data[:300])
        self.sock.sendall(data)

    def ask(self, *pieces):
        """Text, and literals as bytes. (the tagged line without its tag, the untagged ones)"""
        self.count += 1
        tag = b"t%d" % self.count
        data = tag + b" "
        for piece in pieces:
            data += piece.encode() if isinstance(piece, str) else b"{%d+}\r\n" % len(piece) + piece
        self.send(data + b"\r\n")
        return self.reply(tag)

    def reply(self, tag):
        untagged = []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                return line[len(tag) + 1:], untagged
            assert line.startswith(b"* "), line
            untagged.append(line[2:])

    def close(self):
        self.file.close()
        self.sock.close()


def numbers(text):
    """The numbers of a set such as 1:3,5."""
    found = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found
