"""Damage, strange things in the spool and a full disk: damaged data is set aside and reported, everything else continues."""
import contextlib
import fcntl
import json
import os
import random
import re
import resource
import shutil
import signal
import smtplib
import socket
import subprocess
import threading

import pytest

from harness.disk import Disk
from harness.gateway import PASSWORD
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.raw import Raw
from harness.sink import Sink
from harness.waiting import until

USERS = {"ivan": {"external_alias": "branch@example.ru"}, "buh": {}}


def subjects(messages):
    return [re.search(rb"(?im)^subject:(.*)$", message).group(1).strip().decode() for message in messages]


def reports(gateway, words):
    return [message for message in gateway.mailbox("postmaster") if words in message]


def log_has_retired(gateway):
    """Nothing is owed: each file of the log has only the beginning of a segment."""
    return all(path.stat().st_size <= 32 for path in (gateway.spool / "wal").glob("*.log"))


@contextlib.contextmanager
def log_held(gateway):
    """As a backup does: what is in the log stays there, however long the test takes."""
    with open(gateway.spool / "wal/backup.lock", "ab") as lock:
        until(lambda: flocked(lock), what="the checkpoint that has begun")
        yield


def flocked(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


@pytest.mark.parametrize("damage", ["torn", "scribbled", "garbage behind"])
def test_a_damaged_log_costs_at_most_the_damaged_record(make_gateway, damage):
    gateway = make_gateway(users=USERS)
    with log_held(gateway):
        for n in range(8):
            gateway.send("ivan@office.lan", ["buh"], letter(subject=f"number {n}", number=n))
        gateway.kill_all()
    mailbox = gateway.spool / "mailboxes" / "buh"
    shutil.rmtree(mailbox / "new")  # as if it had not been durable yet
    (mailbox / "new").mkdir()
    path, = [path for path in (gateway.spool / "wal").glob("*.log") if b"number 4" in path.read_bytes()]
    data = bytearray(path.read_bytes())
    if damage == "torn":
        del data[-100:]
    elif damage == "scribbled":
        data[data.index(b"number 4")] ^= 1
    else:
        data += random.Random(1).randbytes(500)
    path.write_bytes(data)
    gateway.start()
    found = subjects(gateway.mailbox_when("buh", 7))
    assert len(set(found)) == len(found) >= (8 if damage == "garbage behind" else 7)
    if damage == "torn":
        return
    until(lambda: reports(gateway, b"were damaged and moved to"), 10, "the report")
    name, = [path.name for path in (gateway.spool / "queue" / "corrupt").iterdir()]
    assert name.encode() in reports(gateway, b"were damaged and moved to")[0]
    gateway.session()
    gateway.stop()
    gateway.start()
    assert len(reports(gateway, b"were damaged and moved to")) == 1


def test_damaged_queue_entries_are_set_aside_and_the_rest_is_sent(make_gateway, smarthost):
    gateway = make_gateway(users=USERS, smarthosts={"default": smarthost})
    for n in range(5):
        gateway.send("ivan@office.lan", ["office@example.ru"], letter(subject=f"number {n}"))
    until(lambda: log_has_retired(gateway), 15, "the log to retire: nothing makes the entries anew")
    entries = gateway.queued_files()
    entries[0].write_bytes(entries[0].read_bytes()[:50])
    entries[1].write_bytes(bytes(100))
    entries[2].with_suffix(".msg").unlink()
    short = entries[3].with_suffix(".msg")
    short.write_bytes(short.read_bytes()[:30])
    gateway.session()
    assert gateway.queued_files() == []
    assert len([item for item in gateway.queue() if item["state"] == "corrupt"]) == 4
    report, = reports(gateway, b"were damaged and moved to")
    assert all(entry.stem.encode() in report for entry in entries[:4])
    assert gateway.cli("queue", "delete", *[entry.stem for entry in entries[:4]], "--yes").returncode == 0
    assert gateway.queue() == [] and not list((gateway.spool / "queue" / "corrupt").iterdir())


def test_what_is_no_letter_is_left_alone_in_a_mailbox(make_gateway, folder):
    gateway = make_gateway(users=USERS)
    (folder / "secret").write_text("Subject: secret\n\nx\n")
    new = gateway.spool / "mailboxes" / "buh" / "new"
    (new / "1.link").symlink_to(folder / "secret")
    (new / "2.zero").symlink_to("/dev/zero")
    (new / "3.nowhere").symlink_to("/nonexistent")
    (new / "4.folder").mkdir()
    os.mkfifo(new / "5.fifo")
    (new / "6.foreign").write_text("Subject: foreign\n\nx\n")
    gateway.send("ivan@office.lan", ["buh"], letter(subject="ours"))
    until(lambda: len(gateway.mailbox("buh")) == 2, 10, "both letters")
    assert sorted(subjects(gateway.mailbox("buh"))) == ["foreign", "ours"]
    for args in (["mailbox", "list"], ["mailbox", "show", "buh"], ["status"]):
        assert gateway.cli(*args, timeout=90).returncode == 0
    purged = json.loads(gateway.cli("mailbox", "purge", "buh", "--older", "1d", "--json", "--yes").stdout)
    assert (purged["removed"], purged["bytes"]) == (1, len("Subject: foreign\r\n\r\nx\r\n"))
    assert (new / "5.fifo").exists() and (new / "4.folder").is_dir() and (folder / "secret").exists()


def test_silent_clients_of_the_control_socket_keep_nobody_out(make_gateway):
    gateway = make_gateway(users=USERS)
    silent = []
    for _ in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(gateway.spool / "control.sock"))
        client.sendall(b'{"verb":"sta')
        silent.append(client)
    assert gateway.cli("status").returncode == 0
    assert gateway.session().returncode == 0
    for client in silent:
        client.close()


@pytest.mark.parametrize("damage", ["gone", "garbage", "scribbled inside"])
def test_without_its_memory_it_does_not_fetch_old_mail_again(make_gateway, damage):
    server = MisbehavingPop3([letter(number=n, to="ivan@office.lan") for n in range(1, 31)])
    gateway = make_gateway(users=USERS, accounts={"a": {
        "url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", "keep_on_server": "yes"}})
    gateway.session()
    assert len(gateway.mailbox_when("ivan", 30)) == 30
    gateway.empty("ivan")  # the mailbox cannot tell either
    gateway.stop()
    database = gateway.spool / "state.db"
    content = bytearray(database.read_bytes())
    for path in gateway.spool.glob("state.db*"):
        path.unlink()
    if damage == "scribbled inside":
        for at in range(4096, len(content), 97):
            content[at] ^= 0x55
        database.write_bytes(content)
    elif damage == "garbage":
        database.write_bytes(random.Random(1).randbytes(50000))
    gateway.start()
    server.messages.append(letter(number=31, to="ivan@office.lan"))
    server.uidls.append("uidl-31")
    gateway.session()
    gateway.session()
    server.stop()
    assert len(gateway.mailbox_when("ivan", 1)) == 1
    assert len(reports(gateway, b"state.db was damaged")) == (damage != "gone")


def test_postmaster_hears_of_a_disk_that_failed(make_gateway):
    gateway = make_gateway(users=USERS)
    wal = gateway.spool / "wal"
    until(lambda: log_has_retired(gateway), 15, "the log to retire")
    if subprocess.run(["mount", "--bind", wal, wal], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", wal], check=True)
        gateway.send("ivan@office.lan", ["buh"], letter(number=1))  # into the log that is open
        until(lambda: "event=checkpoint-failed" in gateway.log(), 15, "the next segment to be wanted")
        for _ in range(3):
            with pytest.raises(smtplib.SMTPResponseException) as caught:
                gateway.send("ivan@office.lan", ["buh"], letter(number=2))
            assert caught.value.smtp_code == 451
    finally:
        subprocess.run(["umount", "-l", wal], check=True)
    gateway.send("ivan@office.lan", ["buh"], letter(number=3))
    until(lambda: log_has_retired(gateway), 15, "the log to retire")
    gateway.session()
    gateway.session()
    told = [message for message in gateway.mailbox("postmaster") if b"accepting mail" in message]
    assert [b"Read-only file system" in message for message in told] == [True, False]
    assert len(gateway.mailbox("buh")) == 2


def test_a_queue_that_cannot_be_changed_is_not_sent_over_and_over(make_gateway):
    sink = Sink()
    gateway = make_gateway(users=USERS, smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}})
    for n in range(3):
        gateway.send("ivan@office.lan", ["office@example.ru"], letter(subject=f"number {n}"))
    until(lambda: log_has_retired(gateway), 15, "the log to retire: nothing but the queue knows them")
    folder = gateway.spool / "queue" / "active"
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        gateway.session(code=1)
        gateway.session(code=1)
        assert len(reports(gateway, b"could not be removed from the queue")) == 1
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
    gateway.session()
    assert gateway.queued_files() == []
    gateway.session()
    sink.stop()
    assert len(sink.letters) == 3


@pytest.fixture
def disk(folder):
    disk = Disk(folder / "disk")
    if not disk.mounted:
        pytest.skip("no file system can be mounted here")
    yield disk
    disk.close()


def test_a_full_disk_refuses_and_loses_nothing(make_gateway, disk, dovecot, account):
    gateway = make_gateway(users=USERS, accounts={"office": account}, sections={"gateway": {"spool": disk.path / "spool"}})
    gateway.send("buh@office.lan", ["ivan"], letter(subject="before"))
    for n in range(3):
        dovecot.deliver("office", letter(subject=f"upstream {n}", to="branch@example.ru"))
    disk.fill()
    with pytest.raises(smtplib.SMTPResponseException) as caught:
        gateway.send("buh@office.lan", ["ivan"], letter())
    assert caught.value.smtp_code == 452
    gateway.session(code=1)
    assert len(dovecot.left("office")) == 3
    assert subjects(gateway.mailbox_when("ivan", 1)) == ["before"]
    disk.make_room()
    gateway.session()
    assert dovecot.left("office") == []
    assert subjects(gateway.mailbox_when("ivan", 4)) == ["before", "upstream 0", "upstream 1", "upstream 2"]


def test_messages_under_way_do_not_take_the_last_of_the_disk(make_gateway, disk):
    """Senders without login begin more than it holds, and do not end: what is refused takes no room."""
    gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
    senders = []
    for n in range(8):
        raw = Raw(gateway.smtp_port)
        for line in (b"EHLO pc", b"MAIL FROM:<a@b.example>", b"RCPT TO:<ivan@office.lan>", b"DATA"):
            assert raw.ask(line)[:1] in b"23"
        senders.append(raw)
    def begin(raw):
        raw.send(b"Subject: never ended\r\n\r\n" + (b"x" * 998 + b"\r\n") * 20_000)
    threads = [threading.Thread(target=begin, args=(raw,)) for raw in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    until(lambda: disk.free() > 12 << 20, 10, "the room of those that were refused")
    gateway.send("buh@office.lan", ["ivan"], letter(subject="meanwhile"))
    assert subjects(gateway.mailbox_when("ivan", 1)) == ["meanwhile"]
    assert "No space left" not in gateway.log()
    assert {raw.ask(b".")[:3] for raw in senders} == {b"250", b"452"}


def test_appends_under_way_do_not_take_the_last_of_the_disk(make_gateway, disk):
    """The same with IMAP, by one user: room is there when each begins, but not for all."""
    gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
    size, clients = 20_000_000, []
    for n in range(8):
        raw = Raw(gateway.imap_port)
        assert b" OK" in raw.ask(b"a LOGIN ivan " + PASSWORD.encode())
        assert raw.ask(b"b APPEND INBOX {%d}" % size)[:1] == b"+"
        clients.append(raw)
    def begin(raw):
        raw.send((b"x" * 998 + b"\r\n") * (size // 1000 - 1))
    threads = [threading.Thread(target=begin, args=(raw,)) for raw in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    until(lambda: disk.free() > 12 << 20, 10, "the room of those that were refused")
    gateway.send("buh@office.lan", ["ivan"], letter(subject="meanwhile"))
    assert subjects(gateway.mailbox_when("ivan", 1)) == ["meanwhile"]
    assert "No space left" not in gateway.log()
    for raw in clients:
        raw.send(b"x" * 998 + b"\r\n")
    replies = [raw.ask(b"") for raw in clients]
    assert any(b"b NO [UNAVAILABLE] The server has no room" in reply for reply in replies)
    assert all(reply.startswith((b"b OK", b"b NO [UNAVAILABLE] The server has no room")) for reply in replies), replies


def test_what_is_kept_for_speed_is_given_back_to_mail(make_gateway, folder):
    """Segments of the log that wait for reuse are megabytes of zeros: a disk at its limit must not refuse mail because of them."""
    disk = Disk(folder / "roomy", mib=300)
    if not disk.mounted:
        pytest.skip("no file system can be mounted here")
    gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
    spares = lambda: [path.stat().st_size for path in (gateway.spool / "wal").glob("*.new*")]
    def send_many():
        with gateway.smtp() as client:
            for _ in range(100):
                client.sendmail("buh@office.lan", ["ivan"], b"Subject: small\r\n\r\nx\r\n")
    def busy():
        threads = [threading.Thread(target=send_many) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
        return sum(spares()) >= 4 << 20
    try:
        until(busy, 90, "a segment that waits for reuse")
        disk.fill(left=14 << 20)
        with pytest.raises(smtplib.SMTPResponseException) as caught:
            gateway.send("buh@office.lan", ["ivan"], letter())
        assert caught.value.smtp_code == 452
        until(lambda: spares() == [], 15, f"the room {spares()}")
        gateway.send("buh@office.lan", ["ivan"], letter(subject="after"))
    finally:
        gateway.stop()
        disk.close()


def test_a_disk_without_room_for_files_refuses_starts_and_can_be_emptied(make_gateway, folder):
    """Many small messages use up the files of a disk long before its bytes."""
    disk = Disk(folder / "small", files=400)
    if not disk.mounted:
        pytest.skip("no file system can be mounted here")
    try:
        gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
        taken = 0
        with pytest.raises(smtplib.SMTPResponseException) as caught:
            while taken < 500:
                gateway.send("buh@office.lan", ["ivan"], b"Subject: small\r\n\r\nx\r\n")
                taken += 1
                until(lambda: len(gateway.files("ivan")) == taken, 10, "the delivery")
        assert caught.value.smtp_code == 452 and taken > 200
        until(lambda: reports(gateway, b"more files can be created in"), 30, "the report")
        gateway.stop()
        gateway.start()
        assert len(gateway.mailbox("ivan")) == taken
        gateway.empty("ivan")
        until(lambda: gateway.files("ivan") == [], 10, "room")
        gateway.send("buh@office.lan", ["ivan"], letter(subject="after"))
        assert subjects(gateway.mailbox_when("ivan", 1)) == ["after"]
    finally:
        gateway.stop()
        disk.close()


def test_folders_do_not_take_the_last_files_of_the_disk(make_gateway, folder):
    """A user who creates folders without end does not keep the others from mail."""
    disk = Disk(folder / "small", files=800)
    if not disk.mounted:
        pytest.skip("no file system can be mounted here")
    gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
    try:
        raw = Raw(gateway.imap_port)
        assert b" OK" in raw.ask(b"a LOGIN ivan " + PASSWORD.encode())
        replies = [raw.ask(b"b CREATE Folder%d" % n) for n in range(300)]
        assert replies[0].startswith(b"b OK") and b"no room" in replies[-1]
        assert os.statvfs(disk.path).f_ffree > 40
        for n in range(300):
            raw.ask(b"b DELETE Folder%d" % n)
        gateway.send("buh@office.lan", ["ivan"], letter(subject="after"))
        assert subjects(gateway.mailbox_when("ivan", 1)) == ["after"]
    finally:
        gateway.stop()
        disk.close()


@pytest.mark.parametrize("restart", [False, True])
def test_users_can_read_and_delete_while_the_disk_is_full(make_gateway, disk, restart):
    gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
    for n in range(80):
        gateway.send("buh@office.lan", ["ivan"], letter(number=n))
    if restart:
        gateway.kill_all()
    disk.fill()
    if restart:
        gateway.start()
    assert len(gateway.mailbox("ivan")) == 80
    client = gateway.pop3("ivan")
    for n in range(1, 79):
        client.dele(n)
    client.quit()
    assert len(gateway.mailbox("ivan")) == 2
    disk.fill()  # the disk is filled again
    with pytest.raises(smtplib.SMTPResponseException) as caught:
        gateway.send("buh@office.lan", ["ivan"], letter())
    assert caught.value.smtp_code == 452
    disk.make_room()
    gateway.kill_all()
    gateway.start()
    gateway.send("buh@office.lan", ["ivan"], letter(number=9))
    assert len(gateway.mailbox_when("ivan", 3)) == 3
    assert (gateway.spool / "reserve").exists()


def test_postmaster_is_told_of_the_disk_between_sessions(make_gateway, disk):
    gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
    disk.fill(20 << 20)
    assert subjects(gateway.mailbox_when("postmaster", 1, seconds=30)) == ["Problem: the disk"]
    disk.make_room()
    assert subjects(gateway.mailbox_when("postmaster", 2, seconds=30))[1] == "Resolved: the disk"
    gateway.session()
    assert len(gateway.files("postmaster")) == 2


def test_postmaster_is_told_before_the_disk_is_full(make_gateway, disk):
    gateway = make_gateway(users=USERS, sections={"gateway": {"spool": disk.path / "spool"}})
    gateway.session()
    assert not gateway.files("postmaster")
    disk.fill(20 << 20)
    gateway.session()
    gateway.session()
    assert subjects(gateway.mailbox_when("postmaster", 1)) == ["Problem: the disk"]
    disk.make_room()
    gateway.session()
    assert subjects(gateway.mailbox_when("postmaster", 2))[1] == "Resolved: the disk"


def test_a_crash_leaves_no_core_with_passwords_in_it(make_gateway, folder, monkeypatch):
    with open("/proc/sys/kernel/core_pattern") as pattern:
        if "/" in pattern.read():
            pytest.skip("cores go elsewhere here")
    monkeypatch.chdir(folder)
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    try:
        gateway = make_gateway(users=USERS)
        for pid in gateway.processes()[1:]:
            with contextlib.suppress(ProcessLookupError):  # it ends with the one that started it
                os.kill(pid, signal.SIGSEGV)
        until(gateway.is_ready, 20, "the LAN server to be back")
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limits)
    assert not list(folder.glob("core*"))
