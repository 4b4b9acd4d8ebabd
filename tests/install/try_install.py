#!/usr/bin/env python3
"""make try-install: the README's install, word by word, in clean systems of Debian that were booted for it.

Each try ends with a started service, a message fetched from a provider in a mailbox, one sent, and a report in the language
that was asked for. The commands are taken out of README.md. Needs root; nothing is left behind but the cached roots.

try_install.py [--quick] [--release NAME]...: quick is what CI runs: this machine's release, from source by a person with
sudo in Russian, as a package by root in English. Without it: both releases, both ways in both languages, and lintian.
Exit 77: cannot be tried here, with the reason.
"""
import argparse
import email
import email.policy
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "system")]

from harness.certificates import Authority  # noqa: E402
from roots import SOURCE, Skipped, System, copy_source, ready_root  # noqa: E402

README = (SOURCE / "README.md").read_text()
PERSON, PASSWORD = "anna", "geheim-42"
LANGUAGES = {"ru": "ru_RU.UTF-8", "en": "C"}
PROVIDER = "10.99.0.2"
CYRILLIC = re.compile("[а-яё]")


def blocks(heading):
    """The fenced blocks below a heading of the README."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```\w*\n(.*?)```", section, re.S)


def lines(block):
    """Its commands, without the comments behind them."""
    return [re.sub(r"\s+# .*", "", line) for line in block.strip().splitlines()]


def until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.2)
    return value


class Provider:
    """In a network of its own, reached by a line of its own."""

    program = "provider.py"

    def __init__(self, system, folder, log):
        authority = Authority(folder)
        self.ca = authority.ca.read_text()
        certificate = authority.server("provider", "DNS:pop.example.ru,DNS:imap.example.ru,DNS:smtp.example.ru")
        self.network = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        mine, theirs = str(self.network.pid), str(system.pid)
        until(lambda: os.stat(f"/proc/{mine}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino, "a network")
        subprocess.run(["nsenter", "-t", mine, "-n", "ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "link", "add", "line0", "netns", theirs, "type", "veth", "peer", "name", "line0", "netns", mine], check=True)
        for pid, address in ((theirs, "10.99.0.1/24"), (mine, f"{PROVIDER}/24")):
            for words in (["addr", "add", address, "dev", "line0"], ["link", "set", "line0", "up"]):
                subprocess.run(["nsenter", "-t", pid, "-n", "ip", *words], check=True)
        self.server = subprocess.Popen(["nsenter", "-t", mine, "-n", sys.executable, Path(__file__).with_name(self.program),
                                        *certificate, PROVIDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.server.stdout.readline() == "ready\n"

    def sent(self):
        """The next letter that the smarthost took."""
        return self.server.stdout.readline().strip()

    def stop(self):
        for process in (self.server, self.network):
            process.kill()
            process.wait()


class Try:
    """One installation. who: root, or the person with sudo; as root the README's sudo is left out."""

    def __init__(self, lower, who, language, log, built=None, with_source=True):
        self.who, self.language, self.log = who, language, log
        self.system = System(lower, log)
        if with_source:
            copy_source(self.system.folder / "upper" / self.home / "lanpost", built)
        self.system.write("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 gw\n{PROVIDER} pop.example.ru imap.example.ru smtp.example.ru\n")
        self.system.write("/etc/hostname", "gw\n")
        for path in ("/etc/locale.conf", "/etc/default/locale"): # as the installer asks it
            self.system.write(path, f"LANG={LANGUAGES[language]}\n")
        self.system.write("/etc/sudoers.d/person", f"{PERSON} ALL=(ALL) NOPASSWD: ALL\n")
        self.system.start()
        if who == PERSON:
            self.system.run(f"useradd -m -s /bin/sh {PERSON}; chown -R {PERSON}: /home/{PERSON}")

    @property
    def home(self):
        return "root" if self.who == "root" else f"home/{PERSON}"

    def run(self, command, user=None, **more):
        user = user or self.who
        if user == "root":
            command = re.sub(r"\bsudo ", "", command)
        return self.system.run(command, user, LANGUAGES[self.language], **more)

    def admin(self, command, **more):
        return self.run("sudo " + command, **more)

    def said_in_language(self, text):
        assert bool(CYRILLIC.search(text)) == (self.language == "ru"), f"not {self.language}: {text}"

    # --- the README

    def install(self, block, environment=""):
        for line in lines(block):
            self.run(f"cd lanpost; {environment} {line}", timeout=5400)

    def five_minutes(self, provider):
        users, outside, start = blocks("Your office in five minutes")
        self.said_in_language(self.admin("lanpost check").stdout)
        for line in lines(users):
            self.said_in_language(self.run(line, stdin=f"{PASSWORD}\n{PASSWORD}\n").stdout)
        self.run("sudo tee /etc/lanpost/lanpost.conf", stdin=outside)
        self.run("sudo tee /usr/local/share/ca-certificates/try.crt; sudo update-ca-certificates", stdin=provider.ca)
        for line in lines(start):
            done = self.run(line)
            if " check" in line:
                assert re.search(r"\b0\b", done.stdout), done.stdout
        assert self.run("systemctl is-active lanpost").stdout == "active\n"
        assert self.run("systemctl is-enabled lanpost").stdout == "enabled\n"

    # --- what must be true then

    def mailbox(self, user):
        return json.loads(self.admin(f"lanpost mailbox show {user} --json").stdout)

    def mail(self, recipient, subject):
        """By SMTP, from a program within the system's network."""
        code = (f"import smtplib; s = smtplib.SMTP('127.0.0.1', 25, timeout=20); s.sendmail('ivan@office.lan', ['{recipient}'], "
                f"'From: ivan@office.lan\\r\\nTo: {recipient}\\r\\nSubject: {subject}\\r\\n\\r\\nhello\\r\\n'); s.quit()")
        subprocess.run(["nsenter", "-t", str(self.system.pid), "-n", sys.executable, "-c", code], check=True, timeout=60)

    def works(self, provider):
        """The letter of the provider was sorted by the rule; mail is delivered and sent; the gateway uses the language."""
        assert len(self.mailbox("buh")) == 1
        self.mail("buh@office.lan", "local")
        until(lambda: len(self.mailbox("buh")) == 2, "a message in a mailbox")
        self.mail("shop@example.com", "outside")
        self.admin("lanpost session --send-only")
        assert provider.sent() == "sent by ivan@example.ru to shop@example.com"
        self.mail("daemon@office.lan", "status")
        until(lambda: self.mailbox("ivan"), "the daemon's answer")
        report = self.run("sudo sh -c 'cat /var/lib/lanpost/mailboxes/ivan/new/*'").stdout
        self.said_in_language(email.message_from_bytes(report.encode(), policy=email.policy.default).get_body(("plain",)).get_content())

    def belongs_to_the_gateway(self):
        assert self.run("sudo find /var/lib/lanpost ! -user lanpost").stdout == ""
        assert self.run("sudo find /etc/lanpost ! -group lanpost").stdout == ""
        self.run("sudo setpriv --reuid=lanpost --regid=lanpost --init-groups sh -c 'cat /etc/lanpost/*.conf >/dev/null'")
        checked = json.loads(self.admin("lanpost check --json").stdout)
        assert checked == [], checked

    def is_bound(self):
        """The unit keeps no process from binding itself further."""
        said = self.admin("journalctl -u lanpost --no-pager").stdout
        assert "event=sandbox " in said and "event=sandbox-failed" not in said, said

    def root_leaves_nothing_in_the_way(self):
        """A gateway that the admin started by hand, and everything that sudo makes."""
        self.admin("systemctl stop lanpost")
        self.run("sudo rm -f /var/lib/lanpost/lanpostd.lock /var/lib/lanpost/version; sudo timeout -s TERM 2 lanpostd 2>/dev/null || true")
        self.admin("lanpost user add maria", stdin=f"{PASSWORD}\n{PASSWORD}\n")
        self.admin("systemctl start lanpost")
        self.belongs_to_the_gateway()

    def strangers_are_told_why(self):
        """Who may not read the configuration hears what is needed, not that there is none."""
        self.system.run("useradd -m stranger")
        done = self.run("lanpost status", user="stranger", check=False)
        assert done.returncode == 1 and "sudo" in done.stderr and "lanpost" in done.stderr, done.stderr
        self.system.run("usermod -aG lanpost-control stranger")
        self.run("lanpost status", user="stranger")
        self.run("lanpost session --send-only", user="stranger")
        for look in ("ls /var/lib/lanpost", "ls /var/lib/lanpost/mailboxes", "cat /var/lib/lanpost/state.db", "cat /etc/lanpost/lanpost.conf"):
            assert self.run(look, user="stranger", check=False).returncode != 0, look
        assert self.run("sudo find /var/lib/lanpost -perm /077 ! -name control.sock ! -path /var/lib/lanpost").stdout == ""

    def broken_configuration_is_not_tried_for_ever(self):
        self.run("sudo sh -c 'echo nonsense >> /etc/lanpost/rules.conf'")
        self.run("sudo systemctl restart lanpost", check=False)
        until(lambda: self.run("systemctl is-active lanpost", check=False).stdout == "failed\n", "the service to give up", 4)
        self.run("sudo sh -c '> /etc/lanpost/rules.conf'")
        self.admin("systemctl start lanpost")


def source(lower, who, language, log):
    """Returns the folder that was built, for the next try."""
    attempt = Try(lower, who, language, log)
    with tempfile.TemporaryDirectory(prefix="lanpost-try-ca-") as folder:
        provider = Provider(attempt.system, folder, log)
        try:
            attempt.install(blocks("Install")[0])
            attempt.five_minutes(provider)
            attempt.works(provider)
            attempt.belongs_to_the_gateway()
            attempt.is_bound()
            attempt.root_leaves_nothing_in_the_way()
            attempt.strangers_are_told_why()
            attempt.broken_configuration_is_not_tried_for_ever()
            attempt.install(blocks("Install")[0]) # again, over it: the configuration stays
            attempt.belongs_to_the_gateway()
        finally:
            provider.stop()
    return attempt


class Package(Try):
    """dpkg's way: upgrade, removal, purge."""

    def build(self, environment):
        self.run("cd lanpost; git init -q; git add -A; git -c user.name=x -c user.email=x@x commit -qm x")
        self.install(blocks("Install")[1], environment)
        assert self.run("cd lanpost; git status --porcelain").stdout == "", "a package build leaves files that git sees"

    def pid(self):
        return self.run("systemctl show -P MainPID lanpost").stdout

    def daemons(self):
        """The lanpostd processes; a small system has no pgrep."""
        return self.admin("grep -lx lanpostd /proc/[0-9]*/comm || true").stdout

    def upgrade(self):
        assert self.daemons()
        before = self.pid()
        self.run("cd lanpost; v=$(dpkg-parsechangelog -S Version); sed -i \"1s/($v)/($v+1)/\" debian/changelog; rm ../lanpost_*; "
                 "DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc -b -nc; sudo apt-get install -y ../lanpost_*.deb", timeout=5400)
        assert self.pid() not in (before, "0\n") and self.run("systemctl is-active lanpost").stdout == "active\n"
        self.belongs_to_the_gateway()

    def remove_and_purge(self):
        mails = len(self.mailbox("buh"))
        self.admin("apt-get remove -y lanpost")
        assert not self.daemons()
        self.admin("test -s /etc/lanpost/lanpost.conf")
        self.run("cd lanpost; sudo apt-get install -y ../lanpost_*.deb; sudo systemctl start lanpost")
        assert len(self.mailbox("buh")) == mails
        said = self.admin("apt-get purge -y lanpost")
        assert not self.daemons()
        assert "there is mail" in said.stdout + said.stderr
        self.run("! test -e /etc/lanpost && ! test -e /var/log/lanpost")
        assert mails == int(self.run("sudo find /var/lib/lanpost/mailboxes/buh -type f | wc -l").stdout)
        self.run("cd lanpost; sudo rm -r /var/lib/lanpost; sudo apt-get install -y ../lanpost_*.deb; sudo systemctl start lanpost")
        self.admin("apt-get purge -y lanpost") # nothing came in
        self.run("! test -e /var/lib/lanpost && ! getent passwd lanpost")


    def is_reproducible(self):
        """In another folder, at another time, in another zone and with another umask: the same bytes."""
        self.run("mkdir first; cp lanpost_*.deb lanpost-dbgsym_*.deb first/; sudo mkdir /opt/other; sudo cp -a lanpost /opt/other/; "
                 "sudo chown -R $(id -un): /opt/other")
        self.run("cd /opt/other/lanpost; git clean -qdfx; umask 027; TZ=Asia/Tokyo DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc -b", timeout=5400)
        self.run("for deb in first/*.deb; do cmp $deb /opt/other/$(basename $deb); done")

    def autopkgtest(self):
        """debian/tests, as Debian's machines run them: the package is just installed. A small system has no python."""
        self.run("cd lanpost; sudo apt-get install -y ../lanpost_*.deb")
        inside = f"nsenter -t {self.system.pid} -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C"
        done = subprocess.run(["nsenter", "-t", str(self.system.pid), "-n", sys.executable, SOURCE / "debian/tests/office"], check=False, timeout=600,
                              env={**os.environ, "LANPOST_TEST_PREFIX": inside}, stdout=self.log, stderr=self.log)
        assert done.returncode == 0, "debian/tests/office"


def package(lower, who, language, log, built, environment):
    attempt = Package(lower, who, language, log, built)
    with tempfile.TemporaryDirectory(prefix="lanpost-try-ca-") as folder:
        provider = Provider(attempt.system, folder, log)
        try:
            attempt.build(environment)
            if attempt.run("command -v lintian", check=False).returncode == 0:
                attempt.run("lintian --fail-on error,warning lanpost_*.deb lanpost_*.changes", timeout=600)
                attempt.is_reproducible()
            assert attempt.run("systemctl is-active lanpost", check=False).stdout == "inactive\n" # nobody has configured it
            attempt.five_minutes(provider)
            attempt.works(provider)
            attempt.belongs_to_the_gateway()
            attempt.upgrade()
            attempt.remove_and_purge()
            attempt.autopkgtest()
        finally:
            provider.stop()
    return attempt


def release_here():
    text = Path("/etc/os-release").read_text()
    return (re.findall(r"(?m)^VERSION_CODENAME=(\w+)", text) or [""])[0]


def try_all(options, log):
    quick = options.quick
    for release in options.release or ([release_here()] if quick else ["bookworm", "trixie"]):
        began = time.monotonic()
        lower = ready_root(release, log, with_lintian=not quick)
        print(f"{release}: the root is there after {time.monotonic() - began:.0f} s", flush=True)
        built = None
        for way, who, language in [("source", PERSON, "ru"), ("package", "root", "en"), ("source", "root", "en"), ("package", PERSON, "ru")][:2 if quick else 4]:
            began = time.monotonic()
            try:
                if way == "source":
                    attempt = source(lower, who, language, log)
                else: # the quick way takes the objects that are there
                    attempt = package(lower, who, language, log, built if quick else None, "DEB_FLAGS=-nc DEB_BUILD_OPTIONS=nocheck" if quick else "")
            except BaseException:
                print(f"{release}, {way} by {who} in {language}: failed", flush=True)
                raise
            if built is None:
                built = attempt.system.folder / "upper" / attempt.home / "lanpost"
                first = attempt
            else:
                attempt.system.stop()
            print(f"{release}, {way} by {who} in {language}: good ({time.monotonic() - began:.0f} s)", flush=True)
        first.system.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--release", action="append", choices=["bookworm", "trixie"])
    parser.add_argument("--log", default=None, help="keeps the whole output there")
    options = parser.parse_args()
    path = Path(options.log or tempfile.mkstemp(prefix="lanpost-try-", suffix=".log")[1])
    try:
        if os.geteuid() != 0:
            raise Skipped("not root")
        with open(path, "w", encoding="utf-8") as log:
            try_all(options, log)
    except Skipped as reason:
        print(f"try-install: skipped: {reason}")
        sys.exit(77)
    except AssertionError as fault:
        sys.exit(f"try-install: {fault}\n(all that was said: {path})")
    if options.log is None:
        path.unlink()


if __name__ == "__main__":
    main()
