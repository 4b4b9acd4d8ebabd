"""Many sessions at once do what they like in the same folders, while mail arrives and POP3 reads; every reply is checked against a model of
what must be true (harness/imap_model.py). LANPOST_IMAP_MODEL_SECONDS makes it longer: `make imap-model MINUTES=60`, also with sanitizers.
"""
import os
import re
import threading
import time

from harness.gateway import PASSWORD
from harness.imap_model import Model
from harness.imap_sessions import FOLDERS, Mail, Pop3, Session
from harness.imap_wire import Wire

SECONDS = float(os.environ.get("LANPOST_IMAP_MODEL_SECONDS", 60))
SESSIONS = 6


def check_at_rest(office, model, sessions):
    """What the server has is what the model has, for a session that comes fresh, and for POP3."""
    office.delivered()
    wire = Wire(office.imap_port)
    assert wire.ask(f'LOGIN ivan "{PASSWORD}"')[0].startswith(b"OK")
    for folder in FOLDERS + [name for session in sessions for name in session.own]:
        assert wire.ask(f'EXAMINE "{folder}"')[0].startswith(b"OK")
        flags = {}
        for line in wire.ask("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
            if uid := re.search(rb"UID (\d+)", line):
                flags[int(uid[1])] = re.search(rb"FLAGS \(([^)]*)\)", line)[1].decode().split()
                model.learn(folder, int(uid[1]), re.search(rb"^Subject: (\S+)\r$", line, re.M)[1].decode())
        assert set(flags) == {uid for _, uid in model.keys_of(folder)}, folder
        for (f, uid, session), on in model.keywords.items():
            if f == folder and uid in flags:
                assert (f"s{session}" in flags[uid]) == on, (folder, uid, session, flags[uid])
    assert not model.coming, f"acknowledged, and not there: {model.coming}"
    assert not model.early, f"there, and nobody made them: {model.early}"
    pop3 = office.pop3("ivan")
    assert pop3.stat()[0] == len(model.keys_of("INBOX"))
    pop3.quit()


def play_all(actors, seconds):
    """Each in a thread, until the time is over or one has failed."""
    failures, end = [], time.monotonic() + seconds

    def play(actor):
        try:
            while time.monotonic() < end and not failures:
                actor.step()
        except BaseException as failure:  # noqa: the first one is raised below
            failures.append((actor, failure))

    threads = [threading.Thread(target=play, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for actor, _ in failures[:1]:
        if isinstance(actor, Session):
            print(f"session {actor.number} in {actor.folder}:", *actor.wire.said, sep="\n")
    if failures:
        raise failures[0][1]


def test_sessions_agree_with_the_model(make_gateway):
    office = make_gateway(users=["ivan", "anna"], sections={"log": {"level": "info" if SECONDS < 600 else "warn"}})
    seed = int(os.environ.get("LANPOST_IMAP_MODEL_SEED", time.time_ns() % 2**32))
    print(f"LANPOST_IMAP_MODEL_SEED={seed}")
    first = Wire(office.imap_port)
    assert first.ask(f'LOGIN ivan "{PASSWORD}"')[0].startswith(b"OK")
    assert first.ask("CREATE Work")[0].startswith(b"OK")
    model = Model()
    sessions = [Session(office, model, number, seed + number) for number in range(SESSIONS)]
    play_all([*sessions, Mail(office, model, SESSIONS, seed + 100), Pop3(office, model, seed + 101)], SECONDS)
    print(dict(model.counts))
    check_at_rest(office, model, sessions)
    for kind in ("APPEND", "FETCH", "STORE", "COPY", "MOVE", "EXPUNGE", "SEARCH", "IDLE", "QRESYNC", "CREATE", "RENAME", "DELETE", "POP3", "mail"):
        assert model.counts[kind] > 0 or SECONDS < 60, f"not tried: {kind}"
    office.stop()
    office.start()
    check_at_rest(office, model, sessions)
    office.stop()
    assert "Sanitizer:" not in office.log(), office.log()[-5000:]
