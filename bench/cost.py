#!/usr/bin/python3
"""What one message costs: processor time, system calls and switches of lanpost's processes, of several builds side by side.

usage: bench/cost.py [--rounds N] [--only WORD] [--instructions] [--disk FOLDER] BUILD...     a build: its build/ folder

A machine that is busy with other things disturbs times, not counts. Needs root and perf; `make bench` first. The builds take turns; the
medians are printed. --instructions counts those of the user's side with valgrind instead, where the machine has no counter for
perf: the difference of a large and a small run, so that starting costs nothing. The provider of the fetches is the first build.
"""
import argparse
import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))

from harness.waiting import accepts, descendants, free_port, until  # noqa: E402

LOAD = ROOT / "build" / "bench"
ENVIRONMENT = {**os.environ, "LANPOST_RUN_AS_ROOT": "yes", "LC_ALL": "C.UTF-8"}
EVENTS = ("task-clock", "raw_syscalls:sys_enter", "context-switches", "instructions:u", "instructions:k")
CALLGRIND = ["valgrind", "--tool=callgrind", "--trace-children=yes"]


class Gateway:
    def __init__(self, build, disk, account="", prefix=()):
        self.build, self.folder = Path(build), Path(tempfile.mkdtemp(prefix="cost-", dir=disk))
        self.spool, self.conf = self.folder / "spool", self.folder / "lanpost.conf"
        self.smtp, self.pop3, self.pop3s = free_port(), free_port(), free_port()
        self.spool.mkdir()
        self.conf.write_text(
            f"[gateway]\nhostname = gw.office.lan\nlocal_domain = office.lan\nspool = {self.spool}\n[lan]\nlisten = 127.0.0.1\n"
            f"smtp_port = {self.smtp}\nsubmission_port = 0\nsmtps_port = 0\npop3_port = {self.pop3}\npop3s_port = {self.pop3s}\nimap_port = 0\nimaps_port = 0\n"
            f"[schedule]\nevery = 0\non_start = no\n[log]\nlevel = warn\n[user ivan]\npassword =\nexternal_alias = ivan@example.ru\n{account}")
        self.conf.chmod(0o600)
        self.process = subprocess.Popen([*prefix, self.build / "lanpostd", "-c", self.conf], env=ENVIRONMENT,
                                        stderr=(self.folder / "log").open("w"))
        until(lambda: accepts(self.pop3), 60, "the gateway")

    def fill(self, count, size):
        box = self.spool / "mailboxes" / "ivan"
        for part in ("tmp", "new", "cur"):
            (box / part).mkdir(parents=True, exist_ok=True)
        for n in range(count):
            head = f"Message-ID: <{n}.cost@example.org>\r\nFrom: s@example.org\r\nTo: ivan@example.ru\r\nSubject: message {n}\r\n\r\n"
            message = (head + ("x" * 70 + "\r\n") * (size // 72)).encode()
            (box / "new" / f"{1700000000 + n}.{n:020}.gw,S={len(message)}").write_bytes(message)

    def stored(self):
        return len(os.listdir(self.spool / "mailboxes" / "ivan" / "new"))

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def run(*command):
    done = subprocess.run(list(map(str, command)), env=ENVIRONMENT, capture_output=True, text=True, timeout=1200)
    if done.returncode != 0:
        raise SystemExit(f"{command}: {done.stdout}{done.stderr}")


# --- the works: each prepares a gateway, and returns it with what is to be counted

class Intake:
    def __init__(self, sessions, count):
        self.name, self.count, self.sessions = f"SMTP, 4 KiB, {sessions} sessions", count, sessions

    def prepare(self, start, count):
        gateway = start()
        return gateway, lambda: run(LOAD / "smtp_load", gateway.smtp, self.sessions, count, 4096, "ivan@office.lan", "ivan@office.lan")


class Drain:
    name, count = "POP3, 4 KiB, one client", 10000

    def prepare(self, start, count):
        gateway = start()
        gateway.fill(count, 4096)
        return gateway, lambda: run(LOAD / "pop3_load", gateway.pop3, "ivan", "", "drain", 1)


class Fetch:
    def __init__(self, size, count):
        self.name, self.count, self.size = f"fetching, {size} bytes", count, size

    def prepare(self, start, count):
        provider = Gateway(options.builds[0], options.disk)
        provider.fill(count, self.size)
        gateway = start(f"[account a]\nurl = pop3://127.0.0.1:{provider.pop3}\ntls = none\nuser = ivan\npassword = x\n")

        def fetch():
            run(gateway.build / "lanpost", "-c", gateway.conf, "session", "--fetch-only")
            provider.close()
            if gateway.stored() != count:
                raise SystemExit(f"{gateway.stored()} of {count} messages came")
        return gateway, fetch


class Login:
    name, count = "POP3 login and STAT, 100 messages", 1000

    def prepare(self, start, count):
        gateway = start()
        gateway.fill(100, 1000)
        return gateway, lambda: run(LOAD / "pop3_load", gateway.pop3, "ivan", "", "login", count)


class Handshake:
    name, count = "TLS handshake, POP3S", 500

    def prepare(self, start, count):
        gateway = start()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def shake():
            for _ in range(count):
                with context.wrap_socket(socket.create_connection(("127.0.0.1", gateway.pop3s))) as client:
                    client.recv(500)
                    client.sendall(b"QUIT\r\n")
                    client.recv(500)
        return gateway, shake


WORKS = (Intake(1, 4000), Intake(20, 10000), Drain(), Fetch(4096, 2000), Fetch(800000, 60), Login(), Handshake())


# --- counting

def family(gateway):
    return [gateway.process.pid, *descendants(gateway.process.pid)]


def counted(build, work):
    """Of each event, how many a message."""
    gateway, begin = work.prepare(lambda account="": Gateway(build, options.disk, account), work.count)
    time.sleep(1)  # nothing to wait for: it is to have come to rest
    out = gateway.folder / "perf"
    perf = subprocess.Popen(["perf", "stat", "-x", ",", "-e", ",".join(EVENTS), "-o", out, "-p", ",".join(map(str, family(gateway)))])
    until(out.exists, 10, "perf")
    time.sleep(0.3)
    begin()
    time.sleep(2.5)  # the checkpoint a second later is part of it
    perf.send_signal(signal.SIGINT)
    perf.wait()
    fields = [line.split(",") for line in out.read_text().splitlines() if "," in line]
    gateway.close()
    return [float(field[0]) / work.count if field[0][0].isdigit() else None for field in fields]


def instructions(build, work):
    def total(count):
        out = Path(tempfile.mkdtemp(prefix="cost-callgrind-"))
        prefix = [*CALLGRIND, f"--callgrind-out-file={out}/%p"]
        gateway, begin = work.prepare(lambda account="": Gateway(build, options.disk, account, prefix), count)
        time.sleep(2)
        begin()
        time.sleep(4)
        for pid in family(gateway)[1:]:
            subprocess.run(["callgrind_control", "-d", str(pid)], capture_output=True)
        gateway.close()
        found = sum(int(number) for path in out.iterdir() for number in re.findall(r"^(?:summary|totals): (\d+)", path.read_text(), re.M)[-1:])
        shutil.rmtree(out)
        return found
    small, large = max(1, work.count // 100), max(1, work.count // 100) * 6
    return [(total(large) - total(small)) / (large - small)]


def main():
    units = ("instructions:u",) if options.instructions else ("CPU us", "system calls", "switches", *EVENTS[3:])
    measure = instructions if options.instructions else counted
    print("| work, a message each | build | " + " | ".join(units) + " |\n| --- | --- |" + " --- |" * len(units), flush=True)
    for work in (work for work in WORKS if options.only in work.name):
        rounds = {build: [] for build in options.builds}
        for _ in range(options.rounds):
            for build in options.builds:
                rounds[build].append(measure(build, work))
        for build in options.builds:
            columns = [statistics.median(column) if None not in column else None for column in zip(*rounds[build])]
            if not options.instructions:
                columns[0] *= 1000
            print(f"| {work.name} | {build} | " + " | ".join("-" if value is None else f"{value:,.1f}" for value in columns) + " |", flush=True)


parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--only", default="")
parser.add_argument("--instructions", action="store_true")
parser.add_argument("--disk", default="/dev/shm")
parser.add_argument("builds", nargs="+")
options = parser.parse_args()
main()
