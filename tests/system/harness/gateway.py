"""A lanpostd of our own: configuration from dicts, free ports, the command line, POP3 and SMTP clients."""
import fcntl
import json
import os
import imaplib
import poplib
import re
import signal
import smtplib
import struct
import subprocess
import time
from pathlib import Path

from harness.certificates import password_hash
from harness.waiting import PATIENCE, answers, descendants, free_port, kill, until

poplib._MAXLINE = 1 << 26  # poplib takes 2048 bytes a line, real mail has more

BUILD = Path(os.environ.get("LANPOST_BUILD", Path(__file__).resolve().parents[3] / "build"))
PASSWORD = "geheim-42"
LOCK = "hhqqi4x"  # struct flock
# Tests that root runs have folders of root's; tests about whom lanpostd becomes leave this out.
AS_ROOT = {"LANPOST_RUN_AS_ROOT": "yes"} if os.geteuid() == 0 else {}


def environment(language="en"):
    """Nothing of the admin's own settings reaches the programs."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "ASAN_OPTIONS", "TSAN_OPTIONS", "NOTIFY_SOCKET", "JOURNAL_STREAM")
            if name in os.environ}
    return {**keep, **AS_ROOT, "LC_ALL": "C.UTF-8", "LANGUAGE": language, "TZ": "UTC"}


def ini_value(value):
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return f"'{text}'" if re.search("[;#]", text) else text


def ini_text(sections):
    return "".join(f"[{name}]\n" + "".join(f"{key} = {ini_value(value)}\n" for key, value in keys.items()) + "\n"
                   for name, keys in sections.items())


class Gateway:
    """users: name -> keys ("password" in clear, hashed here); accounts, rules, smarthosts likewise.

    sections overrides keys of lanpost.conf: {"gateway": {"boss": "anna"}}.
    """

    def __init__(self, folder, users=(), accounts=None, rules=None, smarthosts=None, sections=None, name="gateway"):
        self.folder = Path(folder) / name
        self.folder.mkdir(mode=0o755)
        self.conf, self.spool = self.folder / "lanpost.conf", self.folder / "spool"
        self.smtp_port, self.submission_port, self.smtps_port = free_port(), free_port(), free_port()
        self.pop3_port, self.pop3s_port = free_port(), free_port()
        self.imap_port, self.imaps_port = free_port(), free_port()
        self.process = None
        self.prefix, self.env = [], environment()  # how its programs are run
        self.log_path = self.folder / "lanpostd.log"
        self.main = {
            "gateway": {"hostname": "gw.office.lan", "local_domain": "office.lan", "spool": self.spool,
                        "language": "en"},
            "lan": {"listen": "127.0.0.1", "smtp_port": self.smtp_port, "submission_port": self.submission_port,
                    "smtps_port": self.smtps_port, "pop3_port": self.pop3_port, "pop3s_port": self.pop3s_port,
                    "imap_port": self.imap_port, "imaps_port": self.imaps_port},
            "schedule": {"every": 0, "on_start": "no"},
            "log": {"level": "debug"},
        }
        for section, keys in (sections or {}).items():
            self.main.setdefault(section, {}).update(keys)
        self.spool = Path(self.main["gateway"]["spool"])
        users = {user: {} for user in users} if not isinstance(users, dict) else users
        self.users = {user: {"password": PASSWORD, **keys} for user, keys in users.items()}
        self.accounts, self.rules, self.smarthosts = accounts or {}, rules or {}, smarthosts or {}
        self.write()

    def write(self):
        """Writes the four files from what the dicts say now."""
        hashed = {name: {key: password_hash(value) if key == "password" and value else value
                         for key, value in keys.items()} for name, keys in self.users.items()}
        named = lambda kind, items: {f"{kind} {name}": keys for name, keys in items.items()}
        for file, sections in (("lanpost.conf", {**self.main, **named("smarthost", self.smarthosts)}),
                               ("users.conf", named("user", hashed)),
                               ("accounts.conf", named("account", self.accounts)),
                               ("rules.conf", named("rule", self.rules))):
            path = self.folder / file
            path.write_text(ini_text(sections))
            path.chmod(0o600)

    # --- its life

    def start(self, wait=True):
        env = dict(self.env)
        if self.spool.exists() and self.spool.stat().st_uid != os.geteuid():
            env.pop("LANPOST_RUN_AS_ROOT", None)  # it becomes the owner
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, BUILD / "lanpostd", "-c", self.conf], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=env, start_new_session=True)
        if wait:
            until(self.is_ready, 20, f"the gateway's ports\n{self.log()[-3000:]}")
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"lanpostd ended with {self.process.returncode}:\n{self.log()[-3000:]}"
        return (answers(self.smtp_port, b"220") and answers(self.pop3_port, b"+OK")
                and self.cli("status", "--json").returncode == 0)

    def processes(self):
        """lanpostd and all its children."""
        return [self.process.pid, *descendants(self.process.pid)]

    def process_named(self, name):
        """The pid of the process of that name ("lan", "session", ...), None where there is none."""
        for pid in self.processes()[1:]:
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return pid
            except OSError:
                pass
        return None

    def kill_all(self):
        """Sudden death of everything at once. The main process goes first, so that it starts nobody anew."""
        pids = self.processes()
        kill(self.process.pid, signal.SIGSTOP)
        for pid in dict.fromkeys([*pids, *self.processes()]):
            kill(pid)
        self.process.wait(PATIENCE)
        self.process = None

    def stop(self):
        """Ends it as systemd does and demands a clean end."""
        if self.process is None:
            return
        process, self.process = self.process, None
        children = descendants(process.pid)
        process.terminate()
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            for pid in [process.pid, *children]:
                kill(pid)
            process.wait(PATIENCE)
            raise AssertionError(f"lanpostd did not stop within {PATIENCE} s of SIGTERM")
        assert code == 0, f"lanpostd ended with {code} after SIGTERM"

    def abandon(self):
        """End of a test: whatever still runs goes."""
        if self.process is not None and self.process.poll() is None:
            self.kill_all()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # --- the admin

    def cli(self, *args, language=None, timeout=60, env=None):
        command = [*self.prefix, BUILD / "lanpost", "-c", self.conf, *(["--lang", language] if language else []), *map(str, args)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=max(timeout, PATIENCE),
                              env=env or self.env, errors="replace")

    def session(self, *args, code=0, timeout=120):
        """Runs a session now and demands this exit code."""
        done = self.cli("session", *args, timeout=timeout)
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.log()[-4000:]}"
        return done

    def status(self):
        done = self.cli("status", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def queue(self):
        done = self.cli("queue", "list", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def delivered(self):
        """Waits until no process has acknowledged messages that it has not delivered yet (base/process/busy.h)."""
        sign = self.spool / "wal/deliveries.lock"
        if sign.exists():
            with open(sign, "rb") as file:
                until(lambda: struct.unpack(LOCK, fcntl.fcntl(file, fcntl.F_OFD_GETLK, struct.pack(
                    LOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)))[0] == fcntl.F_UNLCK, 10, "the deliveries")

    def queued_files(self, *states):
        self.delivered()
        return sorted(path for state in states or ("active", "deferred", "hold")
                      for path in (self.spool / "queue" / state).glob("*.env"))

    # --- the mail programs

    def pop3(self, user, password=PASSWORD):
        """Logged in, as soon as a connection before it that was cut off has ended here, too."""
        return until(lambda: self.pop3_at_once(user, password), what=f"the mailbox of {user} to be free")

    def pop3_at_once(self, user, password=PASSWORD):
        """Logged in; None while another connection has the mailbox."""
        client = poplib.POP3("127.0.0.1", self.pop3_port, timeout=PATIENCE)
        try:
            client.user(user)
            client.pass_(password)
        except poplib.error_proto as error:
            client.close()
            if b"[IN-USE]" in error.args[0]:
                return None
            raise
        return client

    def imap(self, user, password=PASSWORD):
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=PATIENCE)
        client.login(user, password)
        return client

    def mailbox(self, user, password=PASSWORD):
        """All messages of a mailbox as bytes, oldest first; postmaster's without POP3, because it has no password here."""
        if user not in self.users:
            return [path.read_bytes() for path in self.files(user)]
        client = self.pop3(user, password)
        try:
            count = client.stat()[0]
            return [b"\r\n".join(client.retr(n)[1]) + b"\r\n" for n in range(1, count + 1)]
        finally:
            client.quit()

    def mailbox_when(self, user, count, seconds=15):
        """The mailbox once it has at least this many messages."""
        until(lambda: len(self.files(user)) >= count, seconds, f"{count} messages for {user}\n{self.log()[-3000:]}")
        return self.mailbox(user)

    def files(self, user):
        self.delivered()
        box = self.spool / "mailboxes" / user
        return sorted(path for part in ("new", "cur") if (box / part).is_dir() for path in (box / part).iterdir())

    def empty(self, user):
        client = self.pop3(user)
        for n in range(1, client.stat()[0] + 1):
            client.dele(n)
        client.quit()

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.smtp_port, local_hostname="pc.office.lan", timeout=PATIENCE)

    def send(self, sender, recipients, content):
        """Hands one message in; returns smtplib's dict of refused recipients."""
        if isinstance(content, str):
            content = content.encode()
        with self.smtp() as client:
            return client.sendmail(sender, recipients, content)
