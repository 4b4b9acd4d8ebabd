"""A thin, slow line that loses packets and lives for a while: a relay in this process, since netem needs a kernel that has it."""
import collections
import random
import socket
import struct
import threading
import time

PACKET = 512   # bytes; a fast line's are longer, so that at most 200 of them leave in a second of ours
WINDOW = 32    # packets on their way in one direction of a connection
LATE = 0.2     # a line whose threads had to wait makes up for this much
RTO = 1.0    # a lost packet is sent again after this long, then after twice as long ..., as TCP does
RTO_MAX = 60.0


class Way:
    """One direction of the line, for all connections."""

    def __init__(self):
        self.bytes, self.free_at, self.lock = 0, 0.0, threading.Lock()


class BadLine:
    """A relay to a port of this computer.

    rate: bytes per second in each direction (None: any); delay: seconds of one way; life: seconds from up() until all connections are
    reset and new ones refused; life_bytes: the same after this many bytes from the provider, for tests that cannot rely on time; loss: [(from, to, share)], seconds since the last up(), in which that share of the packets is lost; pace: a
    second of the line takes this many seconds (0.01: a hundred times as fast). With as_proxy it is an HTTP proxy (CONNECT) to any port here.
    With comes_back it is up again for the next connection.
    """

    def __init__(self, target=None, rate=None, delay=0.0, life=None, life_bytes=None, loss=(), pace=1.0, as_proxy=False, comes_back=False):
        self.target, self.rate, self.delay, self.life, self.life_bytes = target, rate, delay, life, life_bytes
        self.loss, self.pace, self.as_proxy, self.comes_back = loss, pace, as_proxy, comes_back
        self.packet = max(PACKET, int(rate / pace / 200)) if rate else 8192 if life_bytes or loss else 65536
        self.ways = {"up": Way(), "down": Way()}
        self.chance, self.lock = random.Random(1), threading.Lock()
        self.ends, self.is_up, self.turn, self.accepted = set(), False, 0, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        self.up()

    @property
    def down_bytes(self):
        return self.ways["down"].bytes

    @property
    def up_bytes(self):
        return self.ways["up"].bytes

    def up(self):
        """The line comes up (again)."""
        with self.lock:
            self.is_up, self.began, self.turn = True, time.monotonic(), self.turn + 1
            self.bytes_before = self.ways["down"].bytes
            turn = self.turn
        if self.life is not None:
            timer = threading.Timer(self.life * self.pace, self.die, [turn])
            timer.daemon = True
            timer.start()

    def die(self, turn=None):
        """All connections are reset, new ones are refused."""
        with self.lock:
            if turn not in (None, self.turn):
                return
            self.is_up, ends, self.ends = False, self.ends, set()
        for end in ends:
            reset(end)

    def stop(self):
        self.die()
        self.server.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        self.accepted += 1
        if self.comes_back and not self.is_up:
            self.up()
        self._sleep(2 * self.delay)  # the handshake
        provider = None
        try:
            port = self._asked(client) if self.as_proxy else self.target
            provider = socket.create_connection(("127.0.0.1", port))
        except (OSError, ValueError):
            reset(client)
            return
        for end in (client, provider):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.rate:
            provider.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what the provider has sent is nearly what has passed
        with self.lock:
            is_up = self.is_up
            if is_up:
                self.ends |= {client, provider}
        if not is_up:
            reset(client)
            reset(provider)
            return
        for source, sink, way in ((client, provider, "up"), (provider, client, "down")):
            packets = collections.deque()
            changed = threading.Condition()
            threading.Thread(target=self._take, args=(source, way, packets, changed), daemon=True).start()
            threading.Thread(target=self._give, args=(sink, packets, changed), daemon=True).start()

    def _asked(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(4096)
            if not data or len(head) > 8192:
                raise ValueError
            head += data
        client.sendall(b"HTTP/1.1 200 go on\r\n\r\n")
        return int(head.split()[1].rpartition(b":")[2])

    def _is_used_up(self):
        with self.lock:
            return self.life_bytes is not None and self.ways["down"].bytes - self.bytes_before >= self.life_bytes

    def _sleep(self, seconds):
        if seconds > 0:
            time.sleep(seconds * self.pace)

    def _is_lost(self):
        since = (time.monotonic() - self.began) / self.pace
        share = max([share for begin, end, share in self.loss if begin <= since < end], default=0)
        with self.lock:
            return share > 0 and self.chance.random() < share

    def _carry(self, way, size):
        """Returns when the packet has left on this side, and has not been lost."""
        wait = RTO
        while True:
            with way.lock:
                now = time.monotonic()
                way.free_at = max(way.free_at, now - LATE) + (size / self.rate * self.pace if self.rate else 0)
                way.bytes += size
                leaves = way.free_at
            time.sleep(max(0, leaves - now))
            if not self._is_lost():
                return
            self._sleep(wait)
            wait = min(2 * wait, RTO_MAX)

    def _take(self, source, name, packets, changed):
        while True:
            with changed:
                changed.wait_for(lambda: len(packets) < WINDOW)
            try:
                data = source.recv(self.packet)
            except OSError:
                data = b""
            if data:
                self._carry(self.ways[name], len(data))
            if self._is_used_up():
                self.die()
                data = b""
            with changed:
                packets.append((time.monotonic() + self.delay * self.pace, data))
                changed.notify_all()
            if not data:
                return

    def _give(self, sink, packets, changed):
        while True:
            with changed:
                changed.wait_for(lambda: packets)
                due, data = packets.popleft()
                changed.notify_all()
            time.sleep(max(0, due - time.monotonic()))
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                data = b""
            if not data:
                with changed:  # nothing waits for room any more
                    packets.clear()
                    changed.notify_all()
                return


def reset(end):
    """What was sent and has not arrived is lost."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RD)  # wakes who reads from it
    except OSError:
        pass
    end.close()
