"""The gateway as the system sees it: what it tells systemd, what its processes may do, and that a reload drops nobody."""
import poplib
import signal
import smtplib
import socket
from pathlib import Path

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import until


def status_line(pid, name):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.split(":", 1)[1].strip()
    return None


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
    assert children and all(status_line(pid, "NoNewPrivs") == "1" for pid in children)
    kernel_has_it = Path("/sys/kernel/security/lsm")
    if kernel_has_it.exists() and "landlock" in kernel_has_it.read_text():
        assert "event=sandbox" in office.log()


@pytest.mark.parametrize("how", ["signal", "command"])
def test_a_reload_drops_no_session(make_gateway, how):
    office = make_gateway(users=["ivan"])
    office.send("x@y.z", ["ivan@office.lan"], letter())
    until(lambda: office.files("ivan"), 10, "the letter")
    pop3 = poplib.POP3("127.0.0.1", office.pop3_port, timeout=20)
    pop3.user("ivan")
    pop3.pass_(PASSWORD)
    smtp = smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=20)
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
