"""A session that is killed at a certain moment."""
import os
import signal
import sqlite3
import threading


def kill_before_the_rows(office, server):
    """The next session, once it deletes a message at this POP3 server: the record of the message is durable then, and its rows in the state are
    not, since another process writes there meanwhile. Returns an event: it was killed."""
    killed, writers = threading.Event(), []

    def kill(event, argument, connection):
        if event in ("RETR", "TOP") and not writers:
            writers.append(sqlite3.connect(office.spool / "state.db", timeout=90, isolation_level=None, check_same_thread=False))
            writers[0].execute("BEGIN IMMEDIATE")
        elif event == "DELE" and not killed.is_set():
            os.kill(office.process_named("session"), signal.SIGKILL)
            writers[0].rollback()
            writers[0].close()
            killed.set()
            return True
        return None

    server.misdeed = kill
    return killed
