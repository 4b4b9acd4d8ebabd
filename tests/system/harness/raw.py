"""A socket that speaks line protocols byte by byte, for what no client library will send."""
import socket
import ssl

from harness.waiting import PATIENCE


class Raw:
    def __init__(self, port, host="127.0.0.1", timeout=PATIENCE):
        self.sock = socket.create_connection((host, port), timeout)
        self.file = self.sock.makefile("rb")
        self.greeting = self.line()

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        """One line without its end; empty when the server has hung up."""
        try:
            return self.file.readline(65536).rstrip(b"\r\n")
        except ConnectionError:
            return b""

    def reply(self):
        """An SMTP reply of any number of lines: the last one."""
        while True:
            line = self.line()
            if line[3:4] != b"-":
                return line

    def ask(self, data):
        self.send(data + b"\r\n")
        return self.reply()

    def rest(self):
        """Everything up to the end of the connection."""
        try:
            return self.file.read()
        except ConnectionError:
            return b""

    def start_tls(self, context=None):
        context = context or ssl._create_unverified_context()
        self.sock = context.wrap_socket(self.sock)
        self.file = self.sock.makefile("rb")

    def close(self):
        self.file.close()
        self.sock.close()
