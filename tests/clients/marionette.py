"""Mozilla's remote control (Marionette), as much of it as drives Thunderbird: scripts with all rights, and their results."""
import json
import socket
import time


class Marionette:
    def __init__(self, port, seconds=60):
        self.sock, self.next_id = self._connect(port, seconds), 0
        self.file = self.sock.makefile("rb")
        self._read()  # says who it is
        self.call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"timeouts": {"script": 120_000}}}})
        self.call("Marionette:SetContext", {"value": "chrome"})

    @staticmethod
    def _connect(port, seconds):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=150)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _read(self):
        """A length in digits, a colon, JSON."""
        digits = b""
        while not digits.endswith(b":"):
            byte = self.file.read(1)
            assert byte, "the program has closed its remote control"
            digits += byte
        return json.loads(self.file.read(int(digits[:-1])))

    def call(self, command, parameters):
        self.next_id += 1
        text = json.dumps([0, self.next_id, command, parameters]).encode()
        self.sock.sendall(b"%d:" % len(text) + text)
        kind, number, error, result = self._read()
        assert (kind, number) == (1, self.next_id)
        assert error is None, f"{command}: {error['error']}: {error['message']}\n{error.get('stacktrace', '')}"
        return result

    def run(self, script, *arguments):
        """The value of an async function's body; `arguments` are its arguments."""
        body = ("const done = arguments[arguments.length - 1];"
                f"(async (...args) => {{ {script} }})(...Array.prototype.slice.call(arguments, 0, -1))"
                ".then(value => done({value}), error => done({error: `${error} ${error.stack}`}));")
        result = self.call("WebDriver:ExecuteAsyncScript", {"script": body, "args": list(arguments), "newSandbox": True})
        assert "error" not in result["value"], result["value"]["error"]
        return result["value"].get("value")
