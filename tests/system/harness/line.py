"""A line to a provider that counts what passes, TLS included, and is cut at chosen bytes."""
import socket
import struct
import threading


class Line:
    """A relay to a port of this computer. cuts: after how many bytes from the provider the 1st, 2nd ... connection is reset (None:
    never; ("up", bytes): bytes to the provider); connections beyond the list are never cut. `down` and `up` are the bytes that passed,
    of all connections; `heard` is what passed of the last connection, by direction."""

    def __init__(self, target, cuts=()):
        self.target, self.cuts = target, list(cuts)
        self.down = self.up = self.accepted = 0
        self.reached = threading.Event()  # set when a connection was cut
        self.lock = threading.Lock()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            number, self.accepted = self.accepted, self.accepted + 1
            cut = self.cuts[number] if number < len(self.cuts) else None
            up_cut, cut = (cut[1], None) if isinstance(cut, tuple) else (None, cut)
            self.heard = {"up": bytearray(), "down": bytearray()}
            try:
                provider = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client, provider, "up", up_cut, self.heard["up"]), daemon=True).start()
            threading.Thread(target=self._carry, args=(provider, client, "down", cut, self.heard["down"]), daemon=True).start()

    def _carry(self, source, sink, way, cut, heard):
        passed = 0
        try:
            while cut is None or passed < cut:
                data = source.recv(65536 if cut is None else min(65536, cut - passed))
                if not data:
                    break
                with self.lock:
                    setattr(self, way, getattr(self, way) + len(data))
                passed += len(data)
                heard += data
                sink.sendall(data)
            else:
                self.reached.set()
        except OSError:
            pass
        if cut is not None and passed >= cut:
            source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            source.close()  # what the provider sends now is lost
        for end in (sink, source):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        sink.close()

    def reset(self):
        """Counts from 0."""
        with self.lock:
            self.down = self.up = 0

    def stop(self):
        self.server.close()
