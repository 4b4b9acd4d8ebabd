"""Passwords of providers and smarthosts: not in the process that reads what strangers say, but while a login needs them."""
import contextlib
import os
import signal
from pathlib import Path

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.processes import holds, name_of, named
from harness.waiting import kill, until

USERS = {"ivan": {"external_alias": "ivan@example.ru"}}
SECRET = "Pw-7aQ1x-provider"
OTHER = "Pw-2bK8y-smarthost"
PRINTED = "Pw-5cT4z-printed"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into another process's memory")


def stalling(word, **settings):
    """Takes any login, and then says nothing more to that command."""
    server = MisbehavingPop3([letter(number=1)], **settings)
    plain = server.answer

    def answer(said, argument, connection):
        if said != word:
            return plain(said, argument, connection)
        connection.line()
        return "close"

    server.answer = answer
    return server


@contextlib.contextmanager
def up(*servers):
    try:
        yield servers if len(servers) > 1 else servers[0]
    finally:
        for server in servers:
            server.stop()


def account(server, **keys):
    return {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "me", "password": SECRET, **keys}


def begin(office):
    office.cli("session", "--no-wait")
    return until(lambda: named(office, "session"), 10, "the session")[0]


@as_root
@pytest.mark.parametrize("auth", ["user", "auto"])
def test_behind_the_login_the_session_has_no_password(make_gateway, folder, auth):
    (folder / "printed").write_text(PRINTED + "\n")
    (folder / "printed").chmod(0o644)
    with up(stalling("STAT"), stalling("LIST")) as (server, other):
        office = make_gateway(users=USERS, accounts={"a": account(server, auth=auth), "b": account(other, password="", password_command=f"cat {folder}/printed")},
                              smarthosts={"out": {"url": "smtp://127.0.0.1:9", "tls": "none", "user": "us", "password": OTHER}})
        session = begin(office)
        until(lambda: any(c.startswith(b"LIST") for c in other.commands) and any(c.startswith((b"UIDL", b"LIST", b"STAT")) for c in server.commands),
              20, "both logins")
        assert any(SECRET.encode() in c for c in server.commands), "it was said to the server"
        assert any(PRINTED.encode() in c for c in other.commands)
        assert [text for text in (SECRET, OTHER, PRINTED) if holds(session, text)] == []
        assert any(holds(pid, SECRET) and holds(pid, OTHER) for pid in named(office, "secrets")), "the search finds what is there"
        office.cli("session", "--cancel")


def test_when_the_keeper_dies_logins_fail_softly(make_gateway):
    with up(stalling("LIST"), MisbehavingPop3([letter(number=1)])) as (first, second):
        office = make_gateway(users=USERS, accounts={"a": account(first), "b": account(second)},
                              sections={"line": {"max_per_server": "1"}})
        office.cli("session", "--no-wait")
        until(lambda: any(c.startswith(b"LIST") for c in first.commands + second.commands), 20, "the first login")
        kill(until(lambda: named(office, "secrets"), 5)[0])
        first.stop()
        until(lambda: not office.status()["session"]["running"], 60, "the end of the session")
        shown = [c for c in first.commands + second.commands if c.startswith(b"PASS")]
        assert all(SECRET.encode() in c for c in shown), "no wrong password is ever tried"
        assert office.log().count("event=process-gone process=secrets") == 1


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_a_password_command_that_hangs_holds_up_only_its_account(make_gateway, folder, how):
    with up(MisbehavingPop3([letter(number=1)])) as server:
        office = make_gateway(users=USERS, accounts={"good": account(server),
                                                     "hangs": account(server, user="you", password="", password_command=f"echo $$ > {folder}/pid; exec sleep 100")})
        session = begin(office)
        command = int(until(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip(), 10, "the command"))
        until(lambda: len(office.files("ivan")) + len(office.files("postmaster")) == 1, 20, "the other account's message")
        if how == "cancel":
            office.cli("session", "--cancel")
            until(lambda: not Path(f"/proc/{command}").exists(), 10, "the end of the command")
        else:
            kill(session)
            kill(command)
        until(lambda: not office.status()["session"]["running"], 20, "the end of the session")
        until(lambda: not named(office, "secrets") and not named(office, "sorter"), 10, "the end of its helpers")
        assert len(office.files("ivan")) + len(office.files("postmaster")) <= 2


def test_the_line_goes_down_though_all_are_told_to_end(make_gateway, folder):
    """As systemd does: SIGTERM to each process of the service."""
    with up(stalling("LIST")) as server:
        office = make_gateway(users=USERS, accounts={"a": account(server)},
                              sections={"line": {"connect_command": f"echo up >> {folder}/line", "disconnect_command": f"echo down >> {folder}/line"}})
        begin(office)
        until(lambda: any(c.startswith(b"LIST") for c in server.commands), 20, "the login")
        for pid in office.processes()[1:]:
            if name_of(pid) != "session":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
        office.stop()
        assert (folder / "line").read_text().split() == ["up", "down"]
