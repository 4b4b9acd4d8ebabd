"""Waiting for a condition with a deadline, free ports, the tree of processes below one of ours."""
import collections
import os
import random
import signal
import socket
import time


# Seconds: on a machine under load a sync of its disk alone may take half a minute. Long runs under a sanitizer ask for more.
PATIENCE = int(os.environ.get("LANPOST_PATIENCE", 90))


def until(condition, seconds=15, what="the condition"):
    """Returns the first true value of condition(); fails after this many seconds, but not before PATIENCE.

    A condition that starts a program is asked less often than one that looks at a file: tests that wait would else take the
    processors from what they wait for.
    """
    seconds = max(seconds, PATIENCE)
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        value = condition()
        now = time.monotonic()
        if value:
            return value
        if now > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(min(max(0.02, 2 * (now - began)), 0.5))


# A range of ports for each test process, below those the kernel gives to clients, so that tests side by side
# cannot take each other's. Several runs at once claim what they choose, by a name in the network namespace.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_first = 10240 + (_worker % 16) * 1350
_next = random.randrange(1350)
_claims = collections.deque(maxlen=300)


def free_port():
    """A port that nobody has, and that no other test process chooses before this one has chosen 300 more."""
    global _next
    for _ in range(1350):
        port = _first + _next
        _next = (_next + 1) % 1350
        claim = socket.socket(socket.AF_UNIX)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                claim.bind(f"\0lanpost-test-port-{port}")
                probe.bind(("0.0.0.0", port))
            except OSError:
                claim.close()
                continue
        _claims.append(claim)
        return port
    raise AssertionError("no free port left for this test process")


def answers(port, greeting, host="127.0.0.1"):
    """True if a server listens there and greets with these bytes."""
    try:
        with socket.create_connection((host, port), 10) as conn:
            return conn.recv(64).startswith(greeting)
    except OSError:
        return False


def accepts(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 10).close()
        return True
    except OSError:
        return False


def descendants(pid):
    """Ids of all processes below pid, nearest first."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found, wanted = [], [pid]
    while wanted:
        below = children.get(wanted.pop(0), [])
        found += below
        wanted += below
    return found


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
