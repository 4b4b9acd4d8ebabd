"""The gateway as the system sees it: what it tells systemd, what its processes may do, and that a reload drops nobody."""
import os
import poplib
import re
import signal
import smtplib
import socket
import sqlite3
from pathlib import Path

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.living import of_processes
from harness.misbehaving import MisbehavingPop3
from harness.waiting import until


def is_open(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def test_systemd_is_told(make_gateway, folder, monkeypatch):
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(folder / "notify"))
    told.settimeout(15)
    monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
    office = make_gateway(users=["ivan"])
    assert b"READY=1" in told.recv(4096)
    office.stop()
    assert b"STOPPING=1" in told.recv(4096)
    told.close()


def test_who_parses_mail_gains_no_privileges(make_gateway):
    office = make_gateway(users=["ivan"])
    until(lambda: "event=lan-ready" in office.log(), 15, "the LAN server")
    supervisor, *children = office.processes()

    def privileges():  # one that has just begun is not bound yet
        return {re.search(r"NoNewPrivs:\s*(\d)", text)[1] for text in of_processes(children, "status")}
    until(lambda: privileges() == {"1"}, what="all children to be bound")
    kernel_has_it = Path("/sys/kernel/security/lsm")
    if kernel_has_it.exists() and "landlock" in kernel_has_it.read_text():
        assert "event=sandbox" in office.log()


def test_who_finds_the_ports_open_finds_the_rest(make_gateway):
    """No moment in which the ports answer and the control socket does not, nor a session at start that others wait for."""
    office = make_gateway(users=["ivan"])
    for _ in range(5):
        office.stop()
        office.start(wait=False)
        until(lambda: is_open(office.smtp_port), 20, "the port")
        session = office.cli("session")
        status = office.cli("status", "--json")
        assert session.returncode == status.returncode == 0, session.stderr + status.stderr
        assert "another session is running" not in session.stdout + session.stderr
        assert "yours starts" not in session.stdout + session.stderr


def test_mail_to_daemon_before_a_crash_is_answered_by_a_session_that_shows(make_gateway, folder):
    office = make_gateway(users=["ivan"], sections={"line": {"connect_command": f"touch {folder}/up; while test -e {folder}/wait; do sleep 0.1; done"}})
    (folder / "wait").touch()
    office.send("ivan@office.lan", ["daemon"], letter(subject="full"))
    until((folder / "up").exists, 15, "the session")
    office.kill_all()
    office.start()
    until(lambda: office.status()["session"], 15, "the session that answers")
    (folder / "wait").unlink()
    office.mailbox_when("ivan", 1)


@pytest.mark.parametrize("how", ["signal", "command"])
def test_a_reload_drops_no_session(make_gateway, how):
    office = make_gateway(users=["ivan"])
    office.send("x@y.z", ["ivan@office.lan"], letter())
    until(lambda: office.files("ivan"), 10, "the letter")
    pop3 = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
    pop3.user("ivan")
    pop3.pass_(PASSWORD)
    smtp = smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=90)
    smtp.ehlo()
    assert smtp.mail("x@y.z")[0] == 250
    office.users["anna"] = {}
    office.write()
    if how == "signal":
        office.process.send_signal(signal.SIGHUP)
    else:
        assert office.cli("reload").returncode == 0
    until(lambda: "event=reloaded" in office.log(), 10, "the reload")
    assert pop3.stat()[0] == 1
    assert smtp.rcpt("ivan@office.lan")[0] == 250
    until(lambda: office.send("x@y.z", ["anna@office.lan"], letter(number=2)) == {}, 10, "the new user")
    pop3.quit()
    smtp.quit()


def report_of_crash(office):
    report, = office.mailbox_when("postmaster", 1)
    return report.decode()


def test_postmaster_is_told_whom_the_lan_server_served_when_it_crashed(make_gateway, monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0")  # the signal is to end it
    office = make_gateway(users=["ivan"])
    _, lan, *_ = office.processes()
    pop3 = office.pop3("ivan")
    with socket.create_connection(("127.0.0.1", office.smtp_port)) as smtp:
        smtp.recv(4096)
        smtp.sendall(b"EHLO \x1b[2J\r\n")
        smtp.recv(4096)
        smtp.sendall(b"MAIL FROM:<x@y.z>\r\n")
        smtp.recv(4096)
        os.kill(lan, signal.SIGSEGV)
        report = report_of_crash(office)
    assert "signal 11" in report
    assert "smtp 127.0.0.1: MAIL (waiting)" in report and "pop3 127.0.0.1 ivan (waiting)" in report
    assert PASSWORD not in report
    pop3.close()
    until(office.is_ready, 15, "the LAN server to be back")


def test_postmaster_is_told_what_a_session_did_when_it_crashed(make_gateway):
    office = None
    server = MisbehavingPop3([letter(number=n) for n in range(3)])

    def kill_at_the_second(event, argument, connection):
        if event == "RETR" and argument == "2":
            os.kill(office.process_named("session"), signal.SIGKILL)
            return True
        return None

    server.misdeed = kill_at_the_second
    office = make_gateway(users=["ivan"], accounts={"shaky": {
        "url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y"}})
    until(lambda: len(office.processes()) == 3, 10, "the first processes to be done")
    office.session(code=1)
    until(lambda: any("signal 9" in letter.decode() for letter in office.mailbox("postmaster")), 15, "the report")
    report, = (text for text in map(bytes.decode, office.mailbox("postmaster")) if "signal 9" in text)
    assert "    account shaky: " in report
    server.misdeed = lambda event, argument, connection: None
    office.session()
    server.stop()


def test_postmaster_is_told_where_a_hanging_session_was(make_gateway):
    with socket.create_server(("127.0.0.1", 0)) as pop3, socket.create_server(("127.0.0.1", 0)) as smtp:
        office = make_gateway(
            users={"ivan": {"external_alias": "ivan@example.ru"}},
            accounts={"mute": {"url": f"pop3://127.0.0.1:{pop3.getsockname()[1]}", "tls": "none", "user": "x", "password": "y"}},
            smarthosts={"relay": {"url": f"smtp://127.0.0.1:{smtp.getsockname()[1]}", "tls": "none"}})
        office.send("ivan@office.lan", ["client@bank.ru"], letter(sender="ivan@office.lan", to="client@bank.ru"))
        until(lambda: len(office.processes()) == 3, 10, "the first processes to be done")
        office.cli("session", "--no-wait")
        with pop3.accept()[0] as fetching, smtp.accept()[0] as sending:
            fetching.sendall(b"+OK ready\r\n")
            sending.sendall(b"220 ready\r\n")
            assert sending.recv(4096).startswith(b"EHLO") and fetching.recv(4096)
            session = office.status()["session"]["id"]
            os.kill(office.process_named("session"), signal.SIGSEGV)
            report = report_of_crash(office)
    for line in (f"session {session}: fetching and sending", "account mute: connecting", "smarthost relay: connecting"):
        assert f"    {line}" in report, report


# --- the log

def test_journald_is_told_priorities(make_gateway):
    office = make_gateway(start=False, users={"ivan": {"password": ""}})
    office.log_path.touch()
    status = office.log_path.stat()
    office.env["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
    office.start()
    lines = office.log().splitlines()
    assert lines and all(line[0] == "<" and line[2] == ">" for line in lines), office.log()
    assert any(line.startswith("<4>warn lanpost[") and "no password" in line for line in lines)
    assert any(line.startswith("<6>info supervisor[") for line in lines)


def test_the_log_file_is_turned_over_at_its_size(make_gateway, folder):
    file = folder / "logs" / "lanpost.log"
    file.parent.mkdir()
    office = make_gateway(users=["ivan"], sections={"log": {"file": file, "max_size": "4K", "level": "debug"}})
    for n in range(1, 30):
        office.send("x@y.z", ["ivan@office.lan"], letter(number=n))
    until(file.exists, 10, "the new file")  # the last line may just have turned it over
    assert file.stat().st_size < 8192 and (folder / "logs" / "lanpost.log.1").stat().st_size >= 4096
    assert sorted(path.name for path in file.parent.iterdir()) == ["lanpost.log", "lanpost.log.1"]


@pytest.mark.parametrize("how", ["reload", "SIGHUP", "nobody tells"])
def test_a_log_file_that_was_renamed_is_begun_anew(make_gateway, folder, how):
    file = folder / "lanpost.log"
    office = make_gateway(users=["ivan"], sections={"log": {"file": file, "max_size": "999K"}})
    file.rename(folder / "old.log")
    before = (folder / "old.log").read_text()
    if how == "reload":
        assert office.cli("reload").returncode == 0
    elif how == "SIGHUP":
        os.kill(office.process.pid, signal.SIGHUP)
    if how != "nobody tells":
        until(lambda: file.exists() and "event=reloaded" in file.read_text(), 10, "a new file")
    office.send("x@y.z", ["ivan@office.lan"], letter())
    until(lambda: file.exists() and "event=smtp-accepted" in file.read_text(), 10, "the LAN server to write there, too")
    office.session()
    until(lambda: "event=session-begins" in file.read_text(), 10, "a session to write there, too")
    assert (folder / "old.log").read_text() == before


def test_the_journal_is_kept_for_its_days(make_gateway):
    """A message of the day before yesterday leaves the journal of one day; its file stays."""
    office = make_gateway(users=["ivan"], sections={"log": {"journal_days": 1}})
    for subject in ("old", "new"):
        office.send("x@y.z", ["ivan@office.lan"], letter(subject=subject))
    office.session()
    assert "Subject: old" in office.cli("trace", "old").stdout
    with sqlite3.connect(office.spool / "state.db") as state:
        (old,), (new,) = state.execute("SELECT id FROM message ORDER BY subject DESC").fetchall()
        for table in ("message", "journal"):  # an id begins with its time
            state.execute(f"UPDATE {table} SET id = ? WHERE id = ?", ("1k0000" + old[6:], old))
    office.session()
    assert "Subject: old" not in office.cli("trace", "old").stdout
    assert "Subject: new" in office.cli("trace", "new").stdout
    assert len(office.mailbox("ivan")) == 2


def test_a_session_knows_which_run_of_the_system_this_is(make_gateway):
    """Without it a clock that jumps while the system runs is not noticed, and mail seems old that is not."""
    office = make_gateway(users=["ivan"])
    office.session()
    with sqlite3.connect(office.spool / "state.db") as state:
        (told,), = state.execute("SELECT text FROM value WHERE key = 'clock'").fetchall()
    assert told.split()[4:] == [Path("/proc/sys/kernel/random/boot_id").read_text().strip()]
