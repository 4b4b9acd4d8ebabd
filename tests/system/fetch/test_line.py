"""The line: a way to the servers is waited for, it is hung up whatever happens, and a session does not last for ever."""
import json
import re
import shutil
import socket
import time

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.users import needs
from harness.waiting import kill, until

USERS = {"ivan": {"external_alias": "ivan@example.ru"}}


@pytest.fixture
def silent():
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {"url": f"pop3://127.0.0.1:{server.getsockname()[1]}", "tls": "none", "user": "x", "password": "y"}


def commands(folder, **more):
    return {"connect_command": f"echo up >> {folder}/line", "disconnect_command": f"echo down >> {folder}/line", **more}


def said(folder):
    return (folder / "line").read_text().split()


def test_a_line_without_a_way_to_the_servers_is_told_and_hung_up(make_gateway, folder):
    nowhere = {"url": "pop3://255.255.255.255:110", "tls": "none", "user": "x", "password": "y"}
    office = make_gateway(users=USERS, accounts={"a": nowhere}, sections={"line": commands(folder, route_timeout="1s")})
    done = office.session(code=1)
    assert "there is no route to the servers" in done.stdout
    assert said(folder) == ["up", "down"]
    report, = office.mailbox_when("postmaster", 1)
    assert b"no route to the servers" in report


def test_a_session_that_takes_too_long_is_ended_and_told(make_gateway, account, dovecot, silent, folder):
    dovecot.deliver("office", letter(subject="comes all the same"))
    office = make_gateway(users=USERS, accounts={"office": account, "silent": silent},
                          sections={"line": commands(folder, session_timeout="4s")})
    begun = time.monotonic()
    done = office.session(code=1)
    assert time.monotonic() - begun > 3 and "session_timeout" in done.stdout
    assert said(folder) == ["up", "down"]
    assert len(office.files("ivan")) == 1
    report, = office.mailbox_when("postmaster", 1)
    assert b"session_timeout" in report
    del office.accounts["silent"]
    office.write()
    assert office.cli("reload").returncode == 0
    office.session()
    assert len(office.mailbox_when("postmaster", 2)) == 2  # it works again


def test_the_line_is_hung_up_though_everything_was_killed(make_gateway, silent, folder):
    office = make_gateway(users=USERS, accounts={"a": silent}, sections={"line": commands(folder)})
    office.cli("session", "--no-wait")
    until(lambda: (folder / "line").exists(), 10, "the line")
    office.kill_all()
    assert said(folder) == ["up"]
    office.start()
    until(lambda: said(folder) == ["up", "down"], 10, "the hanging up")


def test_the_next_session_waits_until_the_line_is_down(make_gateway, silent, folder):
    slow = commands(folder, disconnect_command=f"echo hanging >> {folder}/line; sleep 2; echo down >> {folder}/line")
    office = make_gateway(users=USERS, accounts={"a": silent}, sections={"line": slow})
    office.cli("session", "--no-wait")
    until(lambda: office.status()["session"]["running"] and (folder / "line").exists(), 10, "the line")
    office.cli("session", "--no-wait")  # one more
    for pid in office.processes()[1:]:
        kill(pid)
    until(lambda: said(folder)[:4] == ["up", "hanging", "down", "up"], 20, "the second session")
    office.cli("session", "--cancel")


def test_hanging_up_that_fails_is_told(make_gateway, account, folder):
    office = make_gateway(users=USERS, accounts={"office": account},
                          sections={"line": commands(folder, disconnect_command="echo NO CARRIER >&2; exit 3")})
    office.session()
    report, = office.mailbox_when("postmaster", 1)
    assert b"NO CARRIER" in report and b"exit code 3" in report


def test_a_metered_line_ends_in_order(make_gateway, account, dovecot):
    for number in range(1, 11):
        dovecot.deliver("office", letter(number=number, body="x" * 70 + "\n" * 2000))
    office = make_gateway(users=USERS, accounts={"office": account}, sections={"line": {"max_bytes_per_session": "8K"}})
    done = office.session()
    assert "max_bytes_per_session" in done.stdout
    fetched = len(office.files("ivan"))
    assert 0 < fetched < 10 and len(dovecot.left("office")) == 10 - fetched  # what came is deleted there
    assert office.files("postmaster") == []


def test_the_id_of_a_session_is_in_status_and_log(make_gateway, silent):
    office = make_gateway(users=USERS, accounts={"a": silent})
    office.cli("session", "--no-wait")
    until(lambda: office.status()["session"]["running"], 10, "the session")
    ident = office.status()["session"]["id"]
    until(lambda: f"event=session-begins session={ident}" in office.log(), 10, "the log")
    assert ident in office.cli("status").stdout
    office.cli("session", "--cancel")
    until(lambda: not office.status()["session"]["running"], 10, "the end")
    ended = office.status()["session"]
    assert ended["last"]["session"] == ident and ended["id"] is None


def lines_of(office, session):
    """What the journal says of the line in that session."""
    item, *_ = json.loads(office.cli("trace", session, "--json").stdout)
    assert item["id"] == session
    return [f"{event['place']}: {event['detail']}" for event in item["events"]]


def test_what_the_commands_said_is_in_the_journal(make_gateway, account, dovecot, folder):
    dovecot.deliver("office", letter(subject="comes over the line"))
    office = make_gateway(users=USERS, accounts={"office": account}, sections={"line": {
        "connect_command": r"printf 'CONNECT 33600\n\033[2J'", "disconnect_command": "yes NO CARRIER | head -c 9000; exit 3"}})
    office.session()
    session = office.status()["session"]["last"]["session"]
    up, down, carried = lines_of(office, session)
    assert up == r"connect_command: exit code 0: CONNECT 33600\x0a\x1b[2J"
    assert down.startswith(r"disconnect_command: exit code 3: NO CARRIER\x0aNO CARRIER") and len(down) < 1100
    assert re.match(r": on the line: received .*, sent ", carried)
    shown = office.cli("trace", session).stdout
    assert "communication session" in shown and "CONNECT 33600" in shown and "\033" not in shown
    assert re.search("accepted .*delivered", shown, re.S) and "comes over the line" in shown  # what else it did
    office.cli("session", "--send-only")
    assert office.status()["session"]["last"]["session"] not in office.cli("trace", session).stdout


def test_the_journal_knows_who_hung_up_for_a_dead_session(make_gateway, silent, folder):
    office = make_gateway(users=USERS, accounts={"a": silent},
                          sections={"line": commands(folder, connect_command=f"echo up | tee -a {folder}/line",
                                                     disconnect_command=f"echo down | tee -a {folder}/line")})
    office.cli("session", "--no-wait")
    until(lambda: office.status()["session"]["running"] and (folder / "line").exists(), 10, "the line")
    session = office.status()["session"]["id"]
    office.kill_all()
    office.start()
    until(lambda: office.cli("trace", session).returncode == 0, 10, "the journal")
    assert lines_of(office, session)[-1:] == ["disconnect_command: exit code 0: down"] # the other one, if it was written before the end


@pytest.mark.skipif(needs() is not None, reason=str(needs()))
def test_what_the_line_writes_to_find_names_is_read(make_gateway, folder):
    """pppd and others put a new resolv.conf in the place of the old one while a session waits for its line. (Here: hosts, found the same way.)"""
    shutil.copytree("/etc", folder / "etc", symlinks=True)
    (folder / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    comes_up = "cp /etc/hosts /etc/hosts.new; echo 127.0.0.1 pop.line.test >> /etc/hosts.new; mv /etc/hosts.new /etc/hosts"
    provider = MisbehavingPop3([letter(subject="over the line", to="ivan@example.ru")])
    try:
        office = make_gateway(start=False, users=USERS, sections={"line": {"connect_command": comes_up}}, accounts={
            "a": {"url": f"pop3://pop.line.test:{provider.port}", "tls": "none", "user": "u", "password": "p"}})
        office.prefix = ["unshare", "-m", "sh", "-c", f'mount --bind {folder}/etc /etc && exec "$@"', "sh"]
        office.start()
        assert office.session().returncode == 0
        assert len(office.mailbox_when("ivan", 1)) == 1
    finally:
        provider.stop()
