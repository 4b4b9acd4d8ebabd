"""What the admin does as root leaves nothing behind that the gateway's own user cannot use."""
import os
import pwd
import re
import subprocess

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter
from harness.living import entries
from harness.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def office(make_gateway):
    """As a package has it: root's configuration, read by a group; the user's spool."""
    office = make_gateway(start=False, users={"ivan": {}})
    office.spool.mkdir()
    os.chown(office.spool, NOBODY.pw_uid, NOBODY.pw_gid)
    own_configuration(office)
    return office


def own_configuration(office):
    office.folder.chmod(0o750)
    for path in [office.folder, *office.folder.glob("*.conf")]:
        os.chown(path, 0, NOBODY.pw_gid)
        if path != office.folder:
            path.chmod(0o640)


def foreign(office):
    return [path for path, status in entries(office.spool) if path != office.spool and (status.st_uid, status.st_gid) != (NOBODY.pw_uid, NOBODY.pw_gid)]


def as_the_service(office):
    """The gateway as its own user."""
    with open(office.folder / "service.log", "ab") as log:
        process = subprocess.Popen([BUILD / "lanpostd", "-c", office.conf], stderr=log, stdout=log, env=environment(), user=NOBODY.pw_uid,
                                   group=NOBODY.pw_gid, extra_groups=[])
    try:
        until(lambda: process.poll() is not None or office.cli("status").returncode == 0, 20, "the gateway")
        assert process.poll() is None, (office.folder / "service.log").read_text()
    finally:
        process.terminate()
        process.wait(90)
    assert process.returncode == 0


def test_a_new_configuration_file_is_readable_to_the_gateway(office):
    (office.folder / "users.conf").unlink()
    assert office.cli("user", "add", "maria", "--no-password").returncode == 0
    status = (office.folder / "users.conf").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (0, NOBODY.pw_gid, 0o640)
    assert "under which the gateway runs" not in office.cli("check").stdout
    as_the_service(office)


def test_a_gateway_that_root_started_blocks_nobody(office):
    office.start()
    office.send("ivan@office.lan", ["ivan@office.lan"], letter())
    office.mailbox_when("ivan", 1)
    office.cli("session")
    office.stop()
    assert [path for path in foreign(office) if path.name != "control.sock"] == []
    as_the_service(office)


def test_verbs_of_root_leave_files_of_the_gateway(office):
    for verb in (["trace", "x", "--json"], ["mailbox", "list"], ["backup", office.folder / "b.tar"]):
        office.cli(*verb)
    assert foreign(office) == []


def test_a_backup_in_a_folder_for_all_is_nobody_elses(office, folder):
    """Somebody has made the file in advance that the backup is written to first."""
    office.start().stop()
    shared = folder / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    trap = shared / "backup.tar.part"
    trap.touch()
    os.chown(trap, NOBODY.pw_uid + 1, NOBODY.pw_gid)
    with open(trap, "rb") as kept_open:
        assert office.cli("backup", shared / "backup.tar").returncode == 0
        assert kept_open.read() == b""
    status = (shared / "backup.tar").stat()
    assert status.st_uid == 0 and status.st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["version", "reserve", "queue/active/{}.env", "queue/active/{}.msg", "mailboxes/ivan/new/1.{}.gw"])
def test_a_pipe_in_place_of_a_file_holds_up_no_verb(office, name):
    office.start()
    office.send("ivan@office.lan", ["x@example.ru"], letter())
    entry = until(lambda: office.queued_files("active"), 10, "the entry")[0].stem
    office.stop()
    path = office.spool / name.format(entry)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    for verb in (["queue", "list"], ["queue", "show", entry], ["queue", "hold", entry], ["mailbox", "list"], ["trace", entry],
                 ["backup", office.folder / "backup.tar"]):
        office.cli(*verb, timeout=90)  # whatever it says


def test_what_is_restored_belongs_to_the_gateway(office, folder):
    office.start()
    office.send("ivan@office.lan", ["ivan@office.lan"], letter())
    office.mailbox_when("ivan", 1)
    assert office.cli("backup", folder / "b.tar", "--with-passwords").returncode == 0
    office.stop()
    assert office.cli("restore", folder / "b.tar", "--force").returncode == 0
    assert [path for path in foreign(office) if path.name != "control.sock"] == []
    assert "under which the gateway runs" not in office.cli("check").stdout
    as_the_service(office)


def test_what_is_restored_elsewhere_names_its_own_spool(office, folder):
    office.start()
    assert office.cli("backup", folder / "b.tar", "--with-passwords").returncode == 0
    assert office.cli("restore", folder / "b.tar", "--to", folder / "copy").returncode == 0
    text = (folder / "copy/config/lanpost.conf").read_text()
    assert re.findall(r"(?m)^spool = (.*)$", text) == [str(folder / "copy/spool")]


def test_check_tells_what_the_gateway_cannot_read(office):
    (office.folder / "rules.conf").chmod(0o600)
    (office.spool / "wal").mkdir(mode=0o750)
    done = office.cli("check")
    assert done.returncode == 0 and f"nobody, under which the gateway runs, cannot read {office.folder}/rules.conf" in done.stdout
    assert f"cannot use some files of the spool (1, the first: {office.spool}/wal): chown -R nobody: {office.spool}" in done.stdout


def test_only_the_lan_server_has_the_listening_sockets(make_gateway, folder):
    office = make_gateway(users={"ivan": {}}, sections={"line": {"connect_command": f"ls -l /proc/$PPID/fd > {folder}/fds"}})
    office.cli("session")
    sockets = set(re.findall(r"socket:\[(\d+)\]", (folder / "fds").read_text()))
    rows = [line.split() for line in open("/proc/net/tcp", encoding="ascii")][1:]
    listening = {row[9] for row in rows if row[3] == "0A"}
    assert listening and not sockets & listening
