"""Who may use the control socket cannot stop the gateway by what is sent there."""
import json
import socket
import threading

import pytest

LINES = {
    "nesting": b"[" * 100_000, "nested objects": b'{"a":' * 100_000, "no object": b"[]", "number": b"1", "empty": b"", "blank": b" ", "nul": b'{"verb": "sta\0tus"}',
    "escaped nul": b'{"verb": "sta\\u0000tus"}', "half a surrogate": b'{"verb": "\\ud800"}', "no utf-8": b'{"verb": "\xff\xfe"}', "twice": b'{"verb": "who", "verb": "stop"}',
    "no verb": b"{}", "verb of another kind": b'{"verb": ["stop"]}', "unknown": b'{"verb": "format"}', "case": b'{"verb": "STOP"}', "long verb": b'{"verb": "' + b"x" * 900_000 + b'"}',
    "accounts are no list": b'{"verb": "session", "accounts": "a"}', "accounts of no names": b'{"verb": "session", "accounts": [1, null, {}]}',
    "unknown account": b'{"verb": "session", "accounts": ["../../etc"]}', "many accounts": b'{"verb": "session", "accounts": [' + b'"x",' * 100_000 + b'"x"]}',
    "huge number": b'{"verb": "who", "x": 1e999999}', "long number": b'{"verb": "who", "x": ' + b"9" * 10_000 + b"}", "behind": b'{"verb": "who"} {"verb": "stop"}',
    "escape": b'{"verb": "\x1b[2J"}', "too long": b"x" * (2 << 20), "too long, no end of it": b'{"verb": "' + b"x" * (3 << 20),
}


@pytest.fixture(scope="module")
def office(make_shared):
    return make_shared(users=["ivan"])


def connect(office):
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(office.spool / "control.sock"))  # waits for its place
    client.settimeout(90)
    return client


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_no_request_stops_the_gateway(office, line):
    client = connect(office)
    try:
        client.sendall(line + (b"" if line is LINES["too long, no end of it"] else b"\n"))
        client.shutdown(socket.SHUT_WR)
        answers = client.makefile("rb").read().splitlines()
    except (BrokenPipeError, ConnectionResetError):
        answers = []  # hung up
    for answer in map(json.loads, answers):
        assert answer.get("ok") in (True, False) or "event" in answer
    assert office.cli("status").returncode == 0 and office.process.poll() is None


def test_requests_without_end_hold_up_nobody(office):
    flood = connect(office)
    reader = threading.Thread(target=lambda: all(iter(lambda: flood.recv(1 << 20), b"")), daemon=True)
    reader.start()
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                flood.sendall(b'{"verb": "nothing"}\n' * 10_000)
            except OSError:
                return
    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    try:
        for _ in range(5):
            assert office.cli("status", timeout=90).returncode == 0
    finally:
        stop.set()
        flood.shutdown(socket.SHUT_RDWR)
        asker.join(90)


def test_clients_that_do_not_read_hold_up_nobody(office):
    silent = [connect(office) for _ in range(31)]
    for client in silent:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.sendall(b'{"verb": "watch"}\n')
    office.session()
    assert office.cli("status").returncode == 0
    for client in silent:
        client.close()
