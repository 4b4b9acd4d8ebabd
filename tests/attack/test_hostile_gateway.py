"""Root's verbs ask control.sock, which belongs to the user of the gateway: a hostile answer never reaches root's terminal."""
import json
import socket
import threading

import pytest

from harness.gateway import Gateway

EVIL = "\x1b]0;title\x07\x9b31m\u202e\r\nFORGED\tline"
STATUS = {"ok": True, "gateway": {"hostname": EVIL, "version": EVIL, "pid": 1, "since": 1, "spool": EVIL}, "line": EVIL, "clients": 1,
          "session": {"running": True, "id": EVIL, "next": 1, "last": {"time": 1, "failed": False}}, "queue": {"active": 1},
          "accounts": [{"name": EVIL, "enabled": True, "error": EVIL, "last_time": 1, "left": 2, "waiting": [{"size": 1, "why": EVIL}]}],
          "mailboxes": [{"user": EVIL, "messages": 1, "bytes": 1}]}
WHO = {"ok": True, "clients": [{name: EVIL for name in ("protocol", "address", "user", "command")} | {"tls": True, "since": 1}]}
SESSION = [{"event": "note", "text": EVIL}, {"event": "account", "account": EVIL, "state": EVIL, "error": EVIL},
           {"event": "account", "account": EVIL, "state": "failed", "error": EVIL},
           {"ok": True, "accounts": [{"name": EVIL, "error": EVIL}], "line": {"error": EVIL}, "queue": {"error": EVIL}, "error": EVIL}]
ANSWERS = {"status": [STATUS], "who": [WHO], "session": SESSION, "flush": SESSION, "watch": SESSION}
ODD = [None, True, -1, 1 << 62, 1e300, [], {}, [[]], "", "\x02", "\x02%s%n\x1f\x02a\x03\x03", "x" * 70_000]


@pytest.fixture
def liar(folder):
    """Answers each request with what is put under its verb; anything else is refused in hostile words."""
    gateway = Gateway(folder, users=["ivan"])
    gateway.spool.mkdir(mode=0o700)
    gateway.answers = {verb: list(lines) for verb, lines in ANSWERS.items()}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(gateway.spool / "control.sock"))
    listener.listen()

    def serve():
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            with client:
                try:
                    verb = json.loads(client.makefile().readline())["verb"]
                    for line in gateway.answers.get(verb, [{"ok": False, "error": EVIL}]):
                        client.sendall(json.dumps(line).encode() + b"\n")
                except (OSError, ValueError):
                    pass
    threading.Thread(target=serve, daemon=True).start()
    yield gateway
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def is_plain(text):
    return all(c in "\n\t" or (" " <= c < "\x7f") or (c >= "\xa0" and c != "\u202e") for c in text)


@pytest.mark.parametrize("verb", ["status", "status --json", "who", "who --json", "session", "session --json", "session --no-wait",
                                  "reload", "stop", "queue flush"])
def test_no_answer_writes_to_the_terminal(liar, verb):
    done = liar.cli(*verb.split())
    assert done.returncode in (0, 1) and is_plain(done.stdout + done.stderr), done.stdout + done.stderr


def variants(value):
    """The value with each of its members in turn missing, and of each odd kind."""
    if isinstance(value, dict):
        for key in value:
            yield {name: member for name, member in value.items() if name != key}
            for other in [*ODD, *variants(value[key])]:
                yield {**value, key: other}
    elif isinstance(value, list):
        for other in variants(value[0]) if value else []:
            yield [other]


@pytest.mark.parametrize("verb", ["status", "who"])
def test_an_answer_of_any_form_ends_well(liar, verb):
    for answer in variants(ANSWERS[verb][0]):
        liar.answers[verb] = [answer]
        done = liar.cli(verb)
        assert done.returncode in (0, 1) and "runtime error" not in done.stderr and "Sanitizer" not in done.stderr, f"{answer}: {done}"
