"""Mail, queue and memory are the gateway's alone; the control socket is for the group lanpost-control, which reads none of them."""
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter
from harness.living import entries
from harness.users import LANPOST, Users, needs

ROOT = Path(__file__).resolve().parents[3]
CONTROL, NOBODY = 7778, 65534


def fill(office):
    office.send("ivan@office.lan", ["ivan@office.lan", "client@bank.ru"], letter())
    office.send("ivan@office.lan", ["ivan@office.lan"], letter(body="x" * 2_000_000))
    office.mailbox_when("ivan", 2)
    office.cli("session")


def open_to_others(folder):
    return [(path, oct(status.st_mode)) for path, status in entries(folder) if status.st_mode & 0o077 and path.name != "control.sock"]


def test_nobody_else_can_read_anything(make_gateway):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}})
    os.umask(0o022)
    fill(office)
    office.cli("mailbox", "archive", "ivan", "--older", "1s")
    office.cli("rule", "test", "--all")
    assert open_to_others(office.spool) == []
    assert stat.S_IMODE((office.spool / "control.sock").stat().st_mode) == 0o660


def test_an_older_spool_is_closed(make_gateway):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}})
    fill(office)
    office.stop()
    for path in [office.spool, *office.spool.rglob("*")]:
        path.chmod(0o750 if path.is_dir() else 0o640)
    office.start()
    assert [path for path, _ in open_to_others(office.spool) if path.parent == office.spool or path == office.spool] == []
    assert "event=spool-closed" in office.log() and len(office.mailbox("ivan")) == 2


@pytest.mark.skipif(needs() is not None, reason=str(needs()))
def test_operators_use_the_socket_and_nothing_else(make_gateway, folder):
    office = make_gateway(start=False, users={"ivan": {"external_alias": "ivan@example.ru"}})
    office.prefix = Users(folder, groups=[f"lanpost-control:x:{CONTROL}:"]).prefix
    office.env = {name: value for name, value in environment().items() if name != "LANPOST_RUN_AS_ROOT"}
    office.start()
    fill(office)
    own = folder / "own.conf"
    own.write_text(f"[gateway]\nhostname = gw.office.lan\nlocal_domain = office.lan\nspool = {office.spool}\n")
    own.chmod(0o644)

    def as_nobody(*command, groups=()):
        return subprocess.run(list(map(str, command)), user=NOBODY, group=NOBODY, extra_groups=groups, env=environment(), capture_output=True, text=True,
                              timeout=90)

    for verb in (["status"], ["who"], ["session"], ["queue", "flush"], ["reload"]):
        assert as_nobody(BUILD / "lanpost", "-c", own, *verb, groups=[CONTROL]).stderr == "", verb
        assert "ermission denied" in as_nobody(BUILD / "lanpost", "-c", own, *verb).stderr, verb
    assert "event=control-not-shared" not in office.log()
    message = next((office.spool / "mailboxes/ivan/new").iterdir())
    for path in [message, office.spool / "state.db", office.folder / "users.conf", office.spool / "lanpostd.lock"]:
        for groups in ([], [CONTROL]):
            assert as_nobody("cat", path, groups=groups).returncode != 0, path
    for path in (office.spool, office.spool / "mailboxes", office.spool / "queue", office.spool / "wal", office.spool / "tls"):
        assert as_nobody("ls", path, groups=[CONTROL]).returncode != 0, path
    assert as_nobody("cat", message, groups=[LANPOST]).returncode != 0
    assert as_nobody(BUILD / "lanpost", "-c", own, "stop", groups=[CONTROL]).returncode == 0
    office.process.wait(90)
    office.process = None
    office.start()  # the list of the last start is no hindrance
    assert as_nobody(BUILD / "lanpost", "-c", own, "status", groups=[CONTROL]).returncode == 0


def test_no_command_goes_to_where_a_link_leads(make_gateway, folder):
    office = make_gateway(start=False, users={"ivan": {}})
    office.spool.mkdir()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(folder / "other.sock"))
        other.listen()
        os.symlink(folder / "other.sock", office.spool / "control.sock")
        assert office.cli("reload").returncode == 3
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.accept()


def test_a_backup_without_passwords_has_no_key(make_gateway, folder):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}})
    fill(office)
    key = (office.spool / "tls/key.pem").read_bytes()
    for options, expected in (([], False), (["--with-passwords"], True)):
        file = folder / f"{len(options)}.tar"
        assert office.cli("backup", file, *options).returncode == 0
        with tarfile.open(file) as tar:
            contents = [tar.extractfile(member).read() for member in tar.getmembers()]
            modes = {member.mode & 0o177 for member in tar.getmembers()}
        assert any(b"PRIVATE KEY" in content for content in contents) is expected and modes == {0}, modes
    office.stop()
    shutil.rmtree(office.spool)
    done = office.cli("restore", folder / "0.tar", "--force")
    assert done.returncode == 0 and "new certificate" in done.stdout, done
    office.start()
    assert (office.spool / "tls/key.pem").read_bytes() != key and len(office.files("ivan")) == 2


def test_restore_names_what_keeps_the_gateway_from_starting(make_gateway, folder):
    office = make_gateway(users={"ivan": {}})
    key = office.folder / "dkim.pem"
    office.main["dkim office.lan"] = {"selector": "s", "key_file": key}
    office.write()
    office.cli("dkim", "office.lan", "--new", "ed25519")
    assert office.cli("backup", folder / "b.tar", "--with-passwords").returncode == 0
    office.stop()
    key.unlink()
    assert f"{key}" in office.cli("restore", folder / "b.tar", "--force").stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there")
def test_the_unit_is_narrow(folder):
    unit = folder / "lanpost.service"
    unit.write_text((ROOT / "debian/lanpost.service.in").read_text().replace("@PREFIX@", "/usr").replace("@SYSCONFDIR@", "/etc"))
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True, timeout=90)
    if "unrecognized option" in done.stderr:
        pytest.skip("systemd-analyze is too old")
    for call in ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp"):  # else the sandbox fails in silence
        assert re.search(rf"(?m)^SystemCallFilter=(?!~).*\b{call}\b", unit.read_text()), call
    assert float(re.search(r"exposure level.*: ([\d.]+)", done.stdout)[1]) < 1.5, done.stdout


def ask(office, request):
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(90)
        line.connect(str(office.spool / "control.sock"))
        line.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(line.makefile("rb").readline())


def test_no_operator_keeps_the_admin_out(make_gateway):
    """By waiting for sessions in each place, by asking for the status many times at once, by words that mean more than they say."""
    office = make_gateway(users={"ivan": {}}, sections={"line": {"connect_command": "sleep 300"}})
    assert ask(office, {"verb": "session", "accounts": "all"})["ok"] is False
    waiting = []
    for _ in range(32):
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].connect(str(office.spool / "control.sock"))
        waiting[-1].sendall(b'{"verb": "session"}\n')
    askers = [subprocess.Popen([BUILD / "lanpost", "-c", office.conf, "status"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
              for _ in range(8)]
    for asker in askers:
        assert asker.wait(90) == 0
    assert ask(office, {"verb": "cancel"})["ok"] is True
    for one in waiting:
        one.close()
