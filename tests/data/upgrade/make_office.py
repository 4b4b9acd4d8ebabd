#!/usr/bin/env python3
"""Makes the fixture of tests/system/admin/test_upgrade.py: the spool and configuration of an office as an older lanpost left them.

make_office.py COMMIT: builds that version in a temporary folder, runs an office with it, ends it by a power cut, and writes
office-VERSION.tar.gz here: config/, spool/, provider/ (the messages that its accounts had, in order), a backup, and expected.json with
what the office has a right to find after the upgrade.
Made once per release; the name of the commit is in expected.json.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
PORTS = ("smtp_port", "submission_port", "smtps_port", "pop3_port", "pop3s_port", "imap_port", "imaps_port")
USERS = {"ivan": {"external_alias": "ivan@example.ru", "full_name": "Иван Петров"}, "olga": {"external_alias": "olga@example.ru"},
         "buh": {"aliases": "accounts"}, "director": {}}
RULES = {"invoices": {"when": 'subject contains "счёт"', "deliver": "buh", "tag": "X-Office: invoice"}}
SECTIONS = {"gateway": {"boss": "director", "postmaster": "olga"}, "limits": {"mailbox_quota": "500M"}}


def build(commit, folder):
    """The programs of that commit."""
    source = folder / "source"
    source.mkdir()
    pack = subprocess.run(["git", "-C", TOP, "archive", commit], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", source], input=pack.stdout, check=True)
    subprocess.run(["make", "-C", source, f"-j{os.cpu_count()}", "all"], check=True, stdout=subprocess.DEVNULL)
    return source / "build", (source / "VERSION").read_text().strip()


def incoming(server):
    """Provider's messages by account: (number, recipient, subject, size of the body). Some stay there, a large one as a whole."""
    from harness.letters import letter
    rows = {"kept": [(1, "ivan", "one", 10), (2, "ivan", "two", 10), (3, "ivan", "three", 10), (4, "olga", "four", 10), (5, "olga", "five", 3000),
                     (6, "nobody", "six", 10), (7, "ivan", "Счёт 7", 10), (8, "ivan", "large", 60000)],
            "taken": [(10, "olga", "ten", 10), (11, "ivan", "eleven", 10)],
            "imap": [(20, "ivan", "twenty", 10), (21, "olga", "twenty-one", 10)]}
    return [letter(number=number, to=f"{user}@example.ru", subject=subject, body="text and more\n" * (size // 10),
                   charset="koi8-r" if "С" in subject else None) for number, user, subject, size in rows[server]]


def outgoing(number, recipients, sender="ivan"):
    from harness.letters import letter
    return letter(number=number, sender=f"{sender}@office.lan", to=", ".join(recipients))


def seen_by_pop3(office, user):
    """What a mail program has: UIDL, number and digest of each message. Lines with the gateway's own data are part of it."""
    from harness.numbered import numbers
    client = office.pop3(user)
    found = []
    for line in client.uidl()[1]:
        place, uidl = line.decode().split()
        content = b"\r\n".join(client.retr(int(place))[1])
        found.append({"uidl": uidl, "number": next(iter(numbers([content])), None) if b".test@bank.ru" in content else None,
                      "digest": hashlib.sha256(content).hexdigest()})
    client.quit()
    return found


def remove(office, user, number):
    """A mail program deletes that message."""
    place = [entry["number"] for entry in seen_by_pop3(office, user)].index(number)
    client = office.pop3(user)
    client.dele(place + 1)
    client.quit()


def office_of(folder, old_keys_only, servers, smarthost):
    from harness.gateway import Gateway
    keep = {"keep_on_server": "yes", "tls": "none", "user": "box", "password": "y", "url": None}
    urls = {"kept": "pop3", "taken": "pop3", "imap": "imap"}
    accounts = {name: {**keep, "url": f"{urls[name]}://127.0.0.1:{server.port}", "user": name} for name, server in servers.items()}
    accounts["taken"]["keep_on_server"] = "no"
    accounts["kept"]["max_size"] = "20K"
    office = Gateway(folder, name="office", users=USERS, rules=RULES, sections=SECTIONS, accounts=accounts,
                     smarthosts={"default": {"url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none"}})
    for key in old_keys_only:
        office.main["lan"].pop(key)
    office.write()
    return office


def live(office, smarthost):
    """Days of an office: mail in every state that the spool knows. The gateway runs."""
    office.session(code=0)
    for number, recipients in ((30, ["sent@example.com"]), (31, ["half@example.com", "later1@example.com"]), (32, ["later2@example.com"])):
        office.send("ivan@office.lan", recipients, outgoing(number, recipients))
    office.session("--send-only") # two are deferred
    assert sorted((letter.sender, *letter.recipients) for letter in smarthost.letters) == [
        ("ivan@example.ru", "half@example.com"), ("ivan@example.ru", "sent@example.com")]
    for number, sender, recipients in ((33, "ivan", ["held@example.com"]), (34, "ivan", ["waits@example.com"]),
                                       (35, "olga", ["waits@example.com", "waits@example.net"]), (36, "ivan", ["olga@office.lan"])):
        office.send(f"{sender}@office.lan", recipients, outgoing(number, recipients, sender))
    held = [entry["id"] for entry in office.queue() if "held@example.com" in json.dumps(entry)]
    assert len(held) == 1 and office.cli("queue", "hold", held[0]).returncode == 0
    office.delivered()
    seen_by_pop3(office, "olga")
    remove(office, "ivan", 2)
    from harness.numbered import in_mailbox
    from harness.waiting import until
    until(lambda: "removed" in office.cli("trace", "<2.test@bank.ru>").stdout, 20, "the journal's checkpoint")
    until(lambda: in_mailbox(office, "olga")[36] == 1 and in_mailbox(office, "director")[36] == 1, 20, "the local message, and the boss's copy")


def power_cut(office):
    """Accepted and removed at the last moment: only the log knows, the files are not there yet, or still are."""
    office.send("ivan@office.lan", ["olga@office.lan"], outgoing(37, ["olga@office.lan"]))
    office.send("ivan@office.lan", ["last@example.com"], outgoing(38, ["last@example.com"]))
    remove(office, "ivan", 3)
    office.kill_all()
    gone = [path for box in ("olga", "director") for path in office.files(box) if b"<37.test@" in path.read_bytes()]
    for path in gone:
        path.unlink() # the disk had not written it
    return len(gone)


def after_recovery(office, folder):
    """What the old version itself finds after that power cut, in a copy."""
    shutil.copytree(office.folder, folder / "copy", ignore=shutil.ignore_patterns("*.sock"))
    shutil.copytree(office.spool, folder / "kept", ignore=shutil.ignore_patterns("*.sock"))
    from harness.waiting import until
    try:
        office.start()
        until(lambda: any(b"<37.test@" in path.read_bytes() for path in office.files("olga")), 20, "recovery: message 37")
        until(lambda: len(office.queue()) == 6, 20, "recovery: six messages of the queue")
        found = {user: seen_by_pop3(office, user) for user in USERS}
    finally:
        office.stop()
    shutil.rmtree(office.spool)
    (folder / "kept").rename(office.spool)
    return found


def without_ports(office, servers, smarthost):
    """The configuration with names in place of what each test chooses."""
    names = {str(getattr(office, port)): f"@{port}@" for port in PORTS}
    names |= {str(server.port): f"@{name}@" for name, server in servers.items()}
    names |= {str(smarthost.port): "@smarthost@", str(office.spool): "@spool@"}
    texts = {}
    for path in office.folder.glob("*.conf"):
        text = path.read_text()
        for value, name in names.items():
            text = text.replace(value, name)
        texts[path.name] = text
    return texts


def write_fixture(path, office, texts, expected):
    for server in ("kept", "taken", "imap"):
        (office.folder / "provider" / server).mkdir(parents=True)
        for place, message in enumerate(incoming(server), 1):
            (office.folder / "provider" / server / f"{place:02}.eml").write_bytes(message)
    (office.folder / "config").mkdir()
    for name, text in texts.items():
        (office.folder / "config" / name).write_text(text)
    (office.folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")

    def nobody(entry):
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return None if entry.name.endswith((".sock", "/reserve")) else entry

    with tarfile.open(path, "w:gz") as tar:
        for name in ("config", "spool", "provider", "backup.tar.gz", "expected.json"):
            tar.add(office.folder / name, name, filter=nobody)


def main():
    commit = subprocess.run(["git", "-C", TOP, "rev-parse", sys.argv[1]], check=True, capture_output=True, text=True).stdout.strip()
    folder = Path(tempfile.mkdtemp(prefix="lp-old-", dir="/tmp"))
    os.environ["LANPOST_BUILD"], version = map(str, build(commit, folder))
    sys.path.insert(0, str(TOP / "tests/system"))
    from harness.misbehaving import MisbehavingPop3
    from harness.misbehaving_imap import MisbehavingImap
    from harness.smarthost import Smarthost

    class Later(Smarthost):
        """Refuses for now who is called so."""
        def server_acts(self, event, argument, connection):
            if event == "RCPT" and "later" in argument:
                connection.say("451 4.3.0 later")
                return True
            return super().server_acts(event, argument, connection)

    known = subprocess.run([folder / "source/build/lanpost", "config-reference"], capture_output=True, text=True, check=True).stdout
    servers = {"kept": MisbehavingPop3(incoming("kept")), "taken": MisbehavingPop3(incoming("taken")), "imap": MisbehavingImap(incoming("imap"))}
    smarthost = Later()
    office = office_of(folder, [port for port in PORTS if f"`{port}`" not in known], servers, smarthost)
    try:
        office.start()
        live(office, smarthost)
        done = office.cli("backup", office.folder / "backup.tar.gz", "--with-passwords")
        assert done.returncode == 0, done.stderr
        backed_up = {user: seen_by_pop3(office, user) for user in USERS}
        assert power_cut(office) > 0, "the last message had not even reached the mailbox"
        found = after_recovery(office, folder)
    finally:
        office.abandon()
    expected = {"version": version, "commit": commit, "mailboxes": found, "backup": backed_up,
                "explained": {"30": "sent", "31": "deferred", "2": "removed"},
                "waiting": [[31, "later1@example.com"], [32, "later2@example.com"], [34, "waits@example.com"], [35, "waits@example.com"],
                            [35, "waits@example.net"], [38, "last@example.com"]],
                "held": [[33, "held@example.com"]]}
    path = HERE / f"office-{version}.tar.gz"
    write_fixture(path, office, without_ports(office, servers, smarthost), expected)
    shutil.rmtree(folder)
    print(f"{path}: {path.stat().st_size} bytes")


main()
