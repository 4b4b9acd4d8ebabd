"""Root's gateway becomes the user that it belongs to before it touches the spool, and so does root's `lanpost`: links in the spool lead root
nowhere, and nothing of root's is left there."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.gateway import BUILD, environment
from harness.letters import letter
from harness.terminal import Terminal
from harness.living import entries
from harness.users import LANPOST, Users, needs
from harness.waiting import until

pytestmark = pytest.mark.skipif(needs() is not None, reason=str(needs()))
CONFIG_EXIT = 78


def plain(office):
    """Not asked to stay root."""
    office.env = {name: value for name, value in environment().items() if name != "LANPOST_RUN_AS_ROOT"}
    return office


@pytest.fixture
def office(make_gateway, folder):
    """A computer with a user lanpost; the spool is not there yet. The configuration is root's alone."""
    office = plain(make_gateway(start=False, users={"ivan": {"external_alias": "ivan@example.ru"}}))
    office.prefix = Users(folder).prefix
    return office


def owned(office):
    """The same with a spool of lanpost's."""
    office.spool.mkdir(mode=0o700)
    os.chown(office.spool, LANPOST, LANPOST)
    return office


def refuse(office, *args):
    """Starts it in vain; what it says."""
    done = subprocess.run([*office.prefix, BUILD / "lanpostd", "-c", office.conf, *args], env=office.env, capture_output=True, text=True, timeout=90)
    assert done.returncode == CONFIG_EXIT, done
    return done.stderr


def owners(folder):
    return {(status.st_uid, status.st_gid) for _, status in entries(folder)}


def facts(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return {name: re.search(rf"(?m)^{name}:\s+(.*)$", text)[1].split() for name in ("Uid", "Gid", "Groups", "CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")}


def facts_of_all(office):
    """Of each process of the gateway; one that ends meanwhile is passed over."""
    found = []
    for pid in office.processes():
        try:
            found.append(facts(pid))
        except (FileNotFoundError, ProcessLookupError):
            pass
    assert len(found) > 2, found
    return found


# --- the gateway

@pytest.mark.parametrize("there", ["missing", "empty", "lanpost's"])
def test_a_gateway_of_roots_becomes_lanpost(office, there):
    if there == "empty":
        office.spool.mkdir()
    elif there == "lanpost's":
        owned(office)
    office.start()
    office.send("ivan@office.lan", ["ivan@office.lan"], letter())
    office.mailbox_when("ivan", 1)
    assert owners(office.spool) == {(LANPOST, LANPOST)}
    for seen in facts_of_all(office):
        assert set(seen["Uid"]) == set(seen["Gid"]) == set(seen["Groups"]) == {str(LANPOST)}, seen
        assert {int(seen[name][0], 16) for name in seen if name.startswith("Cap")} == {0}, seen
    assert office.log().index("event=listening") < office.log().index("event=privileges-dropped user=lanpost") < office.log().index("event=started")


def test_what_root_alone_could_read_is_opened_to_the_gateway_so_that_it_can_reload(office):
    office.start()
    for path in office.folder.glob("*.conf"):
        status = path.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (0, LANPOST, 0o640), path
    assert "event=file-opened" in office.log()
    assert office.cli("user", "add", "maria", "--no-password").returncode == 0
    assert "maria" in [mailbox["user"] for mailbox in office.status()["mailboxes"]]
    assert "can read it" not in office.cli("check").stdout and "cannot read" not in office.cli("check").stdout


def test_a_spool_that_was_roots_is_given_with_its_mail(office):
    office.env = environment()
    office.start()
    office.send("ivan@office.lan", ["ivan@office.lan"], letter())
    office.mailbox_when("ivan", 1)
    office.stop()
    assert owners(office.spool) == {(0, 0)}
    plain(office).start()
    assert "event=spool-given" in office.log() and owners(office.spool) == {(LANPOST, LANPOST)} and len(office.mailbox("ivan")) == 1


def test_a_folder_that_holds_something_else_is_not_given_away(office):
    office.spool.mkdir()
    (office.spool / "precious").write_text("root's")
    assert "contains other files" in refuse(office)
    assert owners(office.spool) == {(0, 0)}


def test_a_spool_in_somebodys_folder_is_not_made_by_root(office):
    os.chown(office.folder, 65534, 65534)
    assert "users other than root can change a folder of its path" in refuse(office)
    assert not office.spool.exists()


def test_a_spool_that_cannot_be_reached_is_told(office):
    owned(office)
    office.folder.chmod(0o700)
    said = refuse(office)
    assert f"cannot reach the spool {office.spool}" in said and f"chmod o+x {office.folder}" in said


def test_a_file_that_cannot_be_opened_to_the_gateway_is_told(office):
    owned(office)
    os.chown(office.folder / "users.conf", 65534, 65534)
    said = refuse(office)
    assert f"cannot read {office.folder}/users.conf: chgrp lanpost" in said


def test_where_only_root_may_enter_it_stays_root_without_its_rights(office):
    office.spool.mkdir(mode=0o700)
    office.folder.chmod(0o700)
    office.start()
    assert "event=runs-as-root" in office.log() and "only root may enter" in office.log()
    for seen in facts_of_all(office):
        assert seen["Uid"] == ["0"] * 4 and {int(seen[name][0], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
    office.send("ivan@office.lan", ["ivan@office.lan"], letter())
    office.mailbox_when("ivan", 1)


def test_without_a_user_lanpost_it_says_how_to_make_one(make_gateway, folder):
    office = plain(make_gateway(start=False, users={"ivan": {}}))
    office.prefix = Users(folder, with_lanpost=False).prefix
    assert "adduser --system --group" in refuse(office)
    assert not office.spool.exists()


def test_root_by_wish_is_warned_of(office):
    done = subprocess.Popen([*office.prefix, BUILD / "lanpostd", "-c", office.conf, "--run-as-root"], env=office.env, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: (office.spool / "control.sock").exists(), 20, "the gateway")
    finally:
        done.terminate()
        said = done.communicate(timeout=90)[1]
    assert "warn" in said.split("event=runs-as-root")[0].splitlines()[-1]
    assert owners(office.spool) == {(0, 0)}


def test_in_a_namespace_that_has_nobody_else_it_goes_on(make_gateway):
    office = plain(make_gateway(start=False, users={"ivan": {}}))
    office.prefix = ["unshare", "-r"]
    office.start()
    assert "event=runs-as-root" in office.log()
    office.stop()


@pytest.mark.parametrize("name", ["lanpostd.lock", "version", "state.db", "control.sock", "wal", "mailboxes", "log"])
def test_the_gateway_writes_through_no_link(office, folder, name):
    owned(office)
    roots = folder / "roots"
    roots.mkdir(mode=0o700)
    (roots / "important").write_text("precious\n")
    target = roots / ("made" if name in ("state.db", "wal", "mailboxes") else "important")
    os.symlink(target, office.spool / name)
    office.main["log"]["file"] = office.spool / "log"
    office.write()
    process = subprocess.Popen([*office.prefix, BUILD / "lanpostd", "-c", office.conf], env=office.env, stderr=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or (office.spool / "control.sock").is_socket(), 20, "a gateway that runs or does not")
    finally:
        process.terminate()
        process.wait(90)
    assert [path.name for path in roots.iterdir()] == ["important"] and (roots / "important").read_text() == "precious\n"


# --- the verbs

VERBS = [["trace", "x"], ["status"], ["who"], ["mailbox", "list"], ["mailbox", "show", "ivan"], ["mailbox", "purge", "ivan", "--older", "9d", "--yes"],
         ["mailbox", "archive", "ivan", "--older", "9d"], ["queue", "list"], ["queue", "show", "0" * 20], ["queue", "hold", "0" * 20],
         ["queue", "delete", "0" * 20, "--yes"], ["queue", "flush"], ["session"], ["rule", "test", "--all"], ["sort", "FILE"], ["user", "list"], ["user", "add", "x", "--no-password"],
         ["user", "remove", "ivan"], ["client-setup", "ivan"], ["check"], ["reload"], ["stop"], ["completion", "words", "queue", "hold", ""]]
NAMES = ["state.db", "state.db-wal", "state.db-journal", "seen.db", "wal", "queue", "mailboxes", "archive", "lanpostd.lock", "control.sock", "version", "reserve"]


@pytest.mark.parametrize("verb", [*VERBS, ["backup", "FILE"]], ids=" ".join)
def test_a_verb_of_roots_makes_nothing_through_links(office, folder, verb):
    owned(office)
    roots = folder / "roots"
    roots.mkdir(mode=0o700)
    for name in NAMES:
        os.symlink(roots / f"made-{name}", office.spool / name)
    office.cli(*[folder / "b.tar" if word == "FILE" else word for word in verb])
    assert list(roots.iterdir()) == []
    for name in ("queue", "wal", "mailboxes"):
        (office.spool / name).unlink()
        os.symlink(roots, office.spool / name)
    office.cli(*[folder / "c.tar" if word == "FILE" else word for word in verb])
    assert list(roots.iterdir()) == []


def test_all_that_root_does_leaves_nothing_of_roots(office, folder):
    office.start()
    office.send("ivan@office.lan", ["ivan@office.lan", "client@bank.ru"], letter())
    office.mailbox_when("ivan", 1)
    (office.spool / "queue/.lock").unlink(missing_ok=True)
    for verb in [*VERBS[:-2], ["backup", folder / "b.tar"], ["mailbox", "archive", "ivan", "--older", "1s", "--mbox", folder / "old.mbox"]]:
        office.cli(*verb)
    assert owners(office.spool) == {(LANPOST, LANPOST)}
    assert (folder / "b.tar").stat().st_uid == 0 and (folder / "old.mbox").stat().st_uid == 0
    office.stop()
    assert office.cli("restore", folder / "b.tar", "--force").returncode == 0
    assert owners(office.spool) == {(LANPOST, LANPOST)}
    shutil.rmtree(office.spool)
    done = office.cli("restore", folder / "b.tar", "--force")
    assert done.returncode == 0 and owners(office.spool) == {(LANPOST, LANPOST)}, done
    office.start()


def test_commands_are_tried_as_the_gateway_runs_them(office, folder):
    owned(office)
    office.accounts["sales"] = {"url": "pop3://127.0.0.1:1", "tls": "none", "user": "x", "password_command": f"id -u > {folder}/who/uid; id -ru >> {folder}/who/uid; echo x"}
    office.write()
    (folder / "who").mkdir()
    (folder / "who").chmod(0o777)
    office.cli("account", "test", "sales")
    assert (folder / "who/uid").read_text() == f"{LANPOST}\n{LANPOST}\n"


def test_the_configuration_of_lanpost_s_leads_root_nowhere(office, folder):
    """As old manuals had it: the folder belongs to the gateway."""
    owned(office)
    roots = folder / "roots"
    roots.mkdir(mode=0o700)
    (roots / "important").write_text("")
    for path in [office.folder, *office.folder.glob("*.conf")]:
        os.chown(path, LANPOST, LANPOST)
    (office.folder / "users.conf").unlink()
    os.symlink(roots / "important", office.folder / "users.conf")
    office.cli("user", "add", "maria", "--no-password")
    assert (roots / "important").read_text() == "" and (roots / "important").stat().st_uid == 0
    (office.folder / "users.conf").unlink()
    assert office.cli("user", "add", "maria", "--no-password").returncode == 0
    assert (office.folder / "users.conf").stat().st_uid == LANPOST


def test_screens_of_roots(office):
    office.start()
    office.send("ivan@office.lan", ["ivan@office.lan", "client@bank.ru"], letter())
    office.mailbox_when("ivan", 1)
    (office.spool / "queue/.lock").unlink(missing_ok=True)
    term = Terminal("-c", office.conf, env=office.env, prefix=office.prefix)
    try:
        term.wait("gw.office.lan")
        for key, shown in (("F3", "ivan"), ("F6", "client@bank.ru"), ("F7", "postmaster"), ("F8", "delivered"), ("F9", "hostname")):
            term.keys(key).wait(shown)
        pid = int(subprocess.run(["pgrep", "-f", f"^{BUILD}/lanpost -c {office.conf}"], capture_output=True, text=True).stdout.split()[0])
        assert facts(pid)["Uid"][1] == facts(pid)["Uid"][3] == str(LANPOST)
        (office.folder / "users.conf").write_text((office.folder / "users.conf").read_text() + "\n[user maria]\npassword =\n")
        term.keys("F3").wait("maria")
    finally:
        term.close()
    assert owners(office.spool) == {(LANPOST, LANPOST)}
