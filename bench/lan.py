#!/usr/bin/python3
"""The LAN server beside Dovecot and Postfix, on this machine, in one run.

usage: bench/lan.py [pop3] [idle] [smtp]      all of them without a word

Prints a table for docs/performance.md. Needs root (Dovecot, Postfix), a built lanpost and gcc.
"""
import os
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))

from harness.dovecot import Dovecot  # noqa: E402
from harness.gateway import Gateway, PASSWORD  # noqa: E402
from harness.postfix import Postfix  # noqa: E402

ROUNDS = 3
FOLDER = Path(tempfile.mkdtemp(prefix="bench-"))  # TMPDIR says on which disk
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
rows = []


def tool(name):
    program = FOLDER / name
    if not program.exists():
        subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-pthread", "-o", program, ROOT / "bench" / f"{name}.c"], check=True)
    return program


def run(name, *args):
    done = subprocess.run([tool(name), *map(str, args)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"{name} {args}: {done.stderr}")
    return done.stdout.strip()


def number(text):
    return float(text.split()[0])


def note(what, ours, theirs, unit, less_is_better=False):
    ratio = theirs / ours if less_is_better else ours / theirs
    rows.append((what, f"{ours:,.6g} {unit}", f"{theirs:,.6g} {unit}", f"{ratio:.1f}"))
    print(" | ".join(rows[-1]), flush=True)


def median_of(measure):
    return sorted(measure() for _ in range(ROUNDS))[ROUNDS // 2]


def by_turns(*measures):
    """Medians; the servers take turns, so that a slow minute of the machine hits all."""
    results = [[] for _ in measures]
    for _ in range(ROUNDS):
        for result, measure in zip(results, measures):
            result.append(measure())
    return [sorted(result)[ROUNDS // 2] for result in results]


def body(size):
    return b"From: a@example.org\r\nSubject: load\r\n\r\n" + (b"x" * 70 + b"\r\n") * (size // 72)


def base32(value):
    return "".join(DIGITS[value >> shift & 31] for shift in range(50, -5, -5))


def fill(box, count, message, owner=None):
    for folder in ("tmp", "new", "cur"):
        (box / folder).mkdir(parents=True, exist_ok=True)
    begin = int(time.time()) - count
    for n in range(count):
        path = box / "new" / f"{begin + n}.{base32((begin + n) * 1000000)}{'0' * 9}.gw,S={len(message)}"
        path.write_bytes(message)
        if owner:
            os.chown(path, *owner)


# --- POP3

def pop3():
    users = ["one", "large", "many", "lots", *(f"ten{n}" for n in range(1, 11))]
    mail = {"one": (10000, body(4096)), "large": (1000, body(256 * 1024)), "many": (10000, body(600)),
            "lots": (100000, body(300)), **{f"ten{n}": (2000, body(4096)) for n in range(1, 11)}}
    gateway = Gateway(FOLDER, users=users, sections={"log": {"level": "warn"}})
    dovecot = Dovecot(FOLDER, {user: PASSWORD for user in users})
    for user, (count, message) in mail.items():
        fill(gateway.spool / "mailboxes" / user, count, message)
        fill(dovecot.mail / user, count, message, (dovecot.uid, dovecot.gid))
    try:
        gateway.start()
        dovecot.start()
        load = lambda port, user, *args: run("pop3_load", port, user, PASSWORD, *args)
        for user, name in (("lots", "100,000"), ("many", "10,000")):
            note(f"POP3 first login and STAT, {name} messages", number(load(gateway.pop3_port, user, "login", 1)),
                 number(load(dovecot.port, user, "login", 1)), "ms", True)
            note(f"POP3 login and STAT, {name} messages, again", number(load(gateway.pop3_port, user, "login", 5)),
                 number(load(dovecot.port, user, "login", 5)), "ms", True)
        for user, name, count in (("one", "4 KiB, one client", 1), ("ten", "4 KiB, ten clients", 10)):
            note(f"POP3 read all, {name}", *by_turns(
                lambda: number(load(gateway.pop3_port, user, "drain", count)),
                lambda: number(load(dovecot.port, user, "drain", count))), "messages/s")
        mib = lambda text: float(text.split()[2])
        note("POP3 read all, 256 KiB, one client", *by_turns(
            lambda: mib(load(gateway.pop3_port, "large", "drain", 1)),
            lambda: mib(load(dovecot.port, "large", "drain", 1))), "MiB/s")
    finally:
        gateway.stop()
        dovecot.stop()


# --- idle sessions

def memory(pids):
    """PSS in MiB."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def idle_sessions(port, count, tls):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = []
    for n in range(1, count + 1):
        client = socket.create_connection(("127.0.0.1", port), 60)
        if tls:
            client = context.wrap_socket(client)
        file = client.makefile("rwb")
        file.readline()
        for line in (f"USER user{n}", f"PASS {PASSWORD}", "STAT"):
            file.write(line.encode() + b"\r\n")
            file.flush()
            reply = file.readline()
            if not reply.startswith(b"+OK"):
                raise SystemExit(f"{line}: {reply}")
        held.append((client, file))
    return held


def idle(count=1000):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    users = {f"user{n}": {} for n in range(1, count + 1)}
    gateway = Gateway(FOLDER, users=users, name="idle", sections={
        "lan": {"max_sessions": 2000, "max_sessions_per_ip": 2000, "timeout": "10m"}, "log": {"level": "warn"}})
    gateway.start()
    try:
        for tls, name in ((False, "plain"), (True, "TLS")):
            before = memory(gateway.processes())
            held = idle_sessions(gateway.pop3s_port if tls else gateway.pop3_port, count, tls)
            time.sleep(1)  # nothing to wait for: the server is to have come to rest
            after = memory(gateway.processes())
            rows.append((f"POP3 {count} idle sessions, {name}", f"{after:.1f} MiB in all", "",
                         f"{(after - before) * 1024 / count:.0f} KiB each"))
            print(" | ".join(rows[-1]), flush=True)
            for client, file in held:
                file.close()
                client.close()
    finally:
        gateway.stop()


# --- SMTP

POSTFIX = {
    "smtpd_tls_security_level": "none", "smtpd_tls_auth_only": "no", "smtpd_sasl_auth_enable": "no",
    "mynetworks": "127.0.0.0/8", "smtpd_recipient_restrictions": "permit_mynetworks, reject",
    "defer_transports": "smtp", "default_process_limit": "200",
}


def holding_postfix():
    """It takes mail from anybody here, and keeps it."""
    postfix = Postfix(FOLDER, FOLDER / "nosasl")
    path = postfix.folder / "main.cf"
    kept = [line for line in path.read_text().splitlines() if line.split(" = ")[0] not in POSTFIX]
    path.write_text("\n".join([*kept, *(f"{key} = {value}" for key, value in POSTFIX.items())]) + "\n")
    return postfix


def smtp_source(port, sessions, count):
    begin = time.perf_counter()
    subprocess.run(["smtp-source", "-d", "-s", str(sessions), "-m", str(count), "-l", "4096", "-f", "ivan@office.lan", "-t",
                    "anna@office.lan", f"inet:127.0.0.1:{port}"], check=True, timeout=600)
    return count / (time.perf_counter() - begin)


def smtp():
    gateway = Gateway(FOLDER, users=["ivan", "anna"], name="smtp", sections={
        "lan": {"max_sessions_per_ip": 200}, "log": {"level": "warn"}})
    postfix = holding_postfix()
    try:
        gateway.start()
        postfix.start()
        for sessions, count in ((1, 2000), (10, 5000), (50, 10000)):
            note(f"SMTP 4 KiB, {sessions} sessions, smtp-source", *by_turns(
                lambda: smtp_source(gateway.smtp_port, sessions, count),
                lambda: smtp_source(postfix.port, sessions, count // 4)), "messages/s")
            load = lambda port, much: number(
                run("smtp_load", port, sessions, much, 4096, "ivan@office.lan", "anna@office.lan"))
            note(f"SMTP 4 KiB, {sessions} sessions, smtp_load", *by_turns(
                lambda: load(gateway.smtp_port, count), lambda: load(postfix.port, count // 4)), "messages/s")
        begin = time.monotonic()
        run("smtp_load", gateway.smtp_port, 10, 60000, 4096, "ivan@office.lan", "anna@office.lan")
        box = gateway.spool / "mailboxes" / "anna" / "new"
        accepted = time.monotonic() - begin
        total = ROUNDS * 2 * (2000 + 5000 + 10000) + 60000
        while len(os.listdir(box)) < total:
            time.sleep(0.05)
        rows.append(("SMTP 60,000 messages, 10 sessions: accepted, all in the mailbox", f"{accepted:.1f} s",
                     f"{time.monotonic() - begin:.1f} s", ""))
        print(" | ".join(rows[-1]), flush=True)
    finally:
        gateway.stop()
        postfix.close()


def main():
    FOLDER.chmod(0o755)
    try:
        for part in sys.argv[1:] or ["pop3", "idle", "smtp"]:
            {"pop3": pop3, "idle": idle, "smtp": smtp}[part]()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    print("\n| | lanpost | peer | times |\n| --- | --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
