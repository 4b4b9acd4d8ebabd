"""Several lines: each is tried in turn until one has a route, the one before is hung up, and the journal says which one was used."""
import json
import socket

import pytest

from harness.letters import letter
from harness.scanner import Rspamd
from harness.waiting import until

USERS = {"ivan": {"external_alias": "ivan@example.ru"}}


def line(folder, name, fails=False, **more):
    return {"connect_command": f"echo up-{name} >> {folder}/line" + ("; exit 3" if fails else ""),
            "disconnect_command": f"echo down-{name} >> {folder}/line", **more}


def done_of(folder):
    return (folder / "line").read_text().split()


def journal(office):
    item, *_ = json.loads(office.cli("trace", office.status()["session"]["last"]["session"], "--json").stdout)
    return [f"{event['place']}: {event['detail']}" for event in item["events"]]


def test_the_next_line_is_tried_when_one_does_not_come_up(make_gateway, account, dovecot, folder):
    dovecot.deliver("office", letter(number=1))
    office = make_gateway(users=USERS, accounts={"office": account}, sections={
        "line satellite": line(folder, "satellite", order=3),
        "line gsm": line(folder, "gsm", order=2, price_per_session="2.50"),
        "line dsl": line(folder, "dsl", fails=True, order=1)})
    office.session()
    assert done_of(folder) == ["up-dsl", "down-dsl", "up-gsm", "down-gsm"]
    assert len(office.files("ivan")) == 1 and office.files("postmaster") == []
    last = office.status()["session"]["last"]
    assert last["line"] == "gsm" and last["price"] == 2.5
    said = journal(office)
    assert "connect_command: dsl: exit code 3" in said and ": line gsm is used" in said
    assert "line gsm" in office.cli("status").stdout


def test_a_line_without_a_route_is_left_for_the_next(make_gateway, folder):
    nowhere = {"url": "pop3://255.255.255.255:110", "tls": "none", "user": "x", "password": "y"}
    office = make_gateway(users=USERS, accounts={"a": nowhere}, sections={
        "line": {"route_timeout": "1s"}, "line dsl": line(folder, "dsl"), "line gsm": line(folder, "gsm")})
    done = office.session(code=1)
    assert "line gsm" in done.stdout and "no route to the servers" in done.stdout
    assert done_of(folder) == ["up-dsl", "down-dsl", "up-gsm", "down-gsm"]
    report, = office.mailbox_when("postmaster", 1)
    assert b"no route to the servers" in report


def test_the_line_of_a_dead_session_is_the_one_that_is_hung_up(make_gateway, folder):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        account = {"url": f"pop3://127.0.0.1:{silent.getsockname()[1]}", "tls": "none", "user": "x", "password": "y"}
        office = make_gateway(users=USERS, accounts={"a": account}, sections={
            "line dsl": line(folder, "dsl", fails=True), "line gsm": line(folder, "gsm")})
        office.cli("session", "--no-wait")
        until(lambda: (folder / "line").exists() and done_of(folder)[-1] == "up-gsm", 30, "the second line")
        office.kill_all()
        office.start()
        until(lambda: done_of(folder)[-1] == "down-gsm", 30, "the hanging up")


def test_a_line_without_a_command_is_up_for_scanners_too(make_gateway, account, dovecot, folder):
    """Another line has commands, so a scanner that needs the line is not asked between sessions; in one it is, whichever line is used."""
    spam = Rspamd()
    dovecot.deliver("office", letter(number=1, body="SCORE:20\n"))
    office = make_gateway(users=USERS, accounts={"office": account}, sections={
        "scanner rs": {"url": spam.url, "needs_line": "yes"}, "line dsl": {"order": 1}, "line gsm": line(folder, "gsm", order=2)})
    office.session()
    assert "line dsl is used" in " ".join(journal(office)) and not (folder / "line").exists()
    assert len(office.files("_quarantine")) == 1


@pytest.mark.parametrize("sections,said", [
    ({"line": {"connect_command": "x"}, "line gsm": {}}, "connect_command is in [line], but there is [line gsm]"),
    ({"line gsm": {"max_rate": "1K"}}, "unknown key `max_rate` in [line]"),
    ({"line": {"permanent": "yes"}, "line gsm": {}}, "is for one line"),
])
def test_what_contradicts_several_lines_is_an_error(make_gateway, sections, said):
    office = make_gateway(start=False, users=USERS, sections=sections)
    done = office.cli("check")
    assert done.returncode == 1 and said in done.stdout + done.stderr
