"""A well-behaved SMTP server that stores its input: used behind Postfix, and is the base of the misbehaving one."""
import socket
import threading


class Letter:
    """One transaction as it arrived: addresses without brackets, content with CRLF."""

    def __init__(self, sender, recipients, content):
        self.sender, self.recipients, self.content = sender, recipients, content

    def header(self, name):
        """All values of that header, unfolded."""
        head = self.content.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
        wanted = name.lower().encode() + b":"
        return [line[len(wanted):].strip().decode("utf-8", "replace")
                for line in head.split(b"\r\n") if line.lower().startswith(wanted)]

    @property
    def body(self):
        return self.content.split(b"\r\n\r\n", 1)[1]


class Connection:
    """One client on a socket, read line by line."""

    def __init__(self, sock):
        sock.settimeout(120)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.file = sock, sock.makefile("rb")

    def line(self):
        """The next line without CRLF, None at the end."""
        line = self.file.readline(1 << 20)
        return line.rstrip(b"\r\n") if line else None

    def say(self, text):
        self.raw(text.encode() + b"\r\n" if isinstance(text, str) else text + b"\r\n")

    def raw(self, data):
        self.sock.sendall(data)

    def content(self):
        """A message up to the final dot, unstuffed; None if the client went away."""
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                return None
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.file.close()
        self.sock.close()


class ThreadedServer:
    """Listens on a free port of the loopback; each client gets a thread that runs serve(connection)."""

    def __init__(self, port=0, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, port), family=family)
        self.port = self.listener.getsockname()[1]
        self.stopping = threading.Event()
        self.connections, self.counting = [], threading.Lock()
        self.accepted = self.at_once = self.most_at_once = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.stopping.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            connection = Connection(sock)
            self.connections.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with self.counting:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.serve(connection)
        except (OSError, ValueError):
            pass  # the client went away, or we are stopping
        finally:
            with self.counting:
                self.at_once -= 1
            connection.close()

    def serve(self, connection):
        raise NotImplementedError

    def hang(self):
        """Says nothing until the test ends."""
        self.stopping.wait(120)

    def stop(self):
        self.stopping.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which would keep the port open
        except OSError:
            pass
        self.listener.close()
        for connection in self.connections:
            connection.close()


class Sink(ThreadedServer):
    """Takes everything; `letters` has it in order of arrival."""

    def __init__(self, port=0):
        self.letters = []
        super().__init__(port)

    def serve(self, connection):
        sender, recipients = None, []
        connection.say("220 sink.example.ru ESMTP")
        while (line := connection.line()) is not None:
            word, _, rest = line.decode("latin-1").partition(" ")
            word = word.upper()
            if word == "EHLO":
                connection.raw(b"250-sink.example.ru\r\n250-8BITMIME\r\n250 PIPELINING\r\n")
                continue
            if word == "MAIL":
                sender, recipients = rest[rest.index("<") + 1:rest.index(">")], []
            elif word == "RCPT":
                recipients.append(rest[rest.index("<") + 1:rest.index(">")])
            elif word == "DATA":
                connection.say("354 go on")
                content = connection.content()
                if content is None:
                    return
                self.letters.append(Letter(sender, recipients, content))
            elif word == "QUIT":
                connection.say("221 bye")
                return
            connection.say("250 ok")
