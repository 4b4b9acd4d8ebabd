#!/usr/bin/env python3
"""make try-walk: a newcomer's way from the package to a filtered office, word by word, in a clean Debian that was booted for it.

The package is built and installed as README.md says, and configured by its five minutes, with a provider of Debian's own servers (Dovecot and
Postfix, in a network of their own). Then docs/filter.md: clamd, and rspamd or SpamAssassin, as Debian installs them. The mail programs are swaks,
curl and mpop. The signatures are not loaded: clamd gets two of this test.

try_walk.py [--release NAME] [--spam rspamd|spamd] [--deb FILE]: needs root, the network of apt, and the mail programs. Nothing is left behind but the
cached roots (roots.py). Exit 77: cannot be tried here.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from roots import SOURCE, Skipped, office_root, ready_root
from try_install import PASSWORD, PERSON, Provider, Try, blocks, lines, until

# What clamd's unit looks for, and the signatures of the test.
SIGNATURES = ("cd /var/lib/clamav; mkdir -p main.inc daily.inc; echo 44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature > test.hdb; "
              "echo Test.Parcel-1:0:*:5649525553484552453432 > test.ndb; chown -R clamav: .")
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
# Subject and sender. The office has written to the shop: its mail is not spam.
SHOP = "Shop <shop@example.com>"
MESSAGES = {"invoice": ("Счёт 118", SHOP), "meeting": ("Meeting", SHOP), "parcel": ("Your parcel", SHOP), "prize": ("You won", "<prize@example.net>"),
            "thanks": ("Thanks", SHOP)}


class RealProvider(Provider):
    program = "real_provider.py"

    def deliver(self, folder, name, recipient, text):
        """Into the provider's mailbox, as from a server outside."""
        message, (subject, sender) = EmailMessage(), MESSAGES[name]
        message["Return-Path"] = sender[sender.index("<"):]
        message["Received"] = ("from mx.example.com (mx.example.com [203.0.113.7]) by mx1.example.ru (Postfix) with ESMTPS id 4A"
                               f" for <branch@example.ru>; {formatdate()}")
        for field, value in {"From": sender, "To": recipient, "Subject": subject, "Message-ID": f"<{name}@example.com>",
                             "Date": formatdate()}.items():
            message[field] = value
        message.set_content(text + "\n")
        (folder / f"{name}.eml").write_bytes(message.as_bytes())
        self.server.stdin.write(f"{folder / name}.eml\n")
        self.server.stdin.flush()
        assert self.sent() == "delivered"

    def stop(self):
        self.server.stdin.close() # it stops its servers
        self.server.wait(90)
        super().stop()


def package(release, log):
    """Built by `make deb`, as README.md says: the system that has it, and its path."""
    builder = Try(ready_root(release, log), PERSON, "en", log)
    builder.run("cd lanpost; DEB_BUILD_OPTIONS=nocheck " + blocks("Install")[1].split(" && ")[0], timeout=7200)
    (path,) = (builder.system.folder / "upper" / builder.home).glob("lanpost_*.deb")
    return builder, path


class Office(Try):
    """The computer of the office, and somebody who types what the documents say."""

    def here(self, *command, **more):
        """A program of this machine, in the network of the office."""
        done = subprocess.run(["nsenter", "-t", str(self.system.pid), "-n", *command], capture_output=True, text=True, timeout=120, check=False, **more)
        print(f"--- {command}\n{done.stdout}{done.stderr}(exit {done.returncode})", file=self.log, flush=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def take(self, path):
        """The package, into the person's folder."""
        with open(path, "rb") as deb:
            subprocess.run(["nsenter", "-t", str(self.system.pid), "-a", "tee", f"/{self.home}/{path.name}"], stdin=deb, stdout=subprocess.DEVNULL, check=True)

    def read(self, user, program):
        """The user's Inbox, as a mail program sees it: what IMAP finds, or the messages by POP3."""
        if program == "curl":
            return self.here("curl", "-sk", "--user", f"{user}:{PASSWORD}", "imaps://127.0.0.1/INBOX?ALL")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "mpoprc").write_text(f"account a\nhost 127.0.0.1\nuser {user}\npassword {PASSWORD}\ntls on\ntls_starttls off\ntls_certcheck off\n"
                                                 f"keep on\nuidls_file {folder}/uidls\ndelivery mbox {folder}/box\naccount default : a\n")
            (Path(folder) / "mpoprc").chmod(0o600)
            self.here("mpop", "-q", "-C", f"{folder}/mpoprc")
            return (Path(folder) / "box").read_text()

    def send(self, recipient):
        self.here("swaks", "--server", "127.0.0.1", "--port", "465", "--tls-on-connect", "--auth", "PLAIN", "--auth-user", "ivan", "--auth-password",
                  PASSWORD, "--from", "ivan@office.lan", "--to", recipient, "--header", "Subject: by swaks")

    # --- README.md

    def readme(self, provider, folder):
        users, outside, start = blocks("Your office in five minutes")
        self.run(blocks("Install")[1].split(" && ")[1].replace("../", "./"))
        self.run("sudo tee /usr/local/share/ca-certificates/try.crt; sudo update-ca-certificates", stdin=provider.ca)
        for line in lines(users):
            self.run(line, stdin=f"{PASSWORD}\n{PASSWORD}\n")
        self.run("sudo tee /etc/lanpost/lanpost.conf", stdin=outside)
        provider.deliver(folder, "invoice", "branch@example.ru", "Please pay.")
        provider.deliver(folder, "meeting", "Ivan <ivan@example.ru>", "At ten.")
        for line in lines(start):
            self.run(line)

    def works(self, provider):
        assert "SEARCH 1\n" in self.read("buh", "curl").replace("\r", "")
        assert "Message-ID: <meeting@example.com>" in self.read("ivan", "mpop")
        self.send("shop@example.com")
        self.admin("lanpost session --send-only")
        assert provider.sent() == "sent by ivan@example.ru to shop@example.com"
        self.send("buh@office.lan")
        until(lambda: "SEARCH 1 2\n" in self.read("buh", "curl").replace("\r", ""), "a message within the office")

    # --- docs/filter.md

    def filter(self, heading, wanted):
        """Types a section: its commands, and its lines of the configuration. wanted: which of several ways."""
        page = (SOURCE / "docs/filter.md").read_text()
        section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
        for indent, kind, block in re.findall(r"(?ms)^( *)```(\w+)\n(.*?)^ *```$", section):
            text = re.sub(rf"(?m)^{indent}", "", block)
            if kind == "ini":
                if wanted == "spamd":
                    other = re.search(r"`(url = spamd:\S+)`, `(spam_junk = \d+)`", section)
                    text = re.sub("(?m)^spam_junk = .*", other[2], re.sub("(?m)^url = .*", other[1], text))
                self.run("sudo tee -a /etc/lanpost/lanpost.conf", stdin=f"\n{text}")
            elif "apt-get" not in text or f" {wanted}" in text:
                for line in lines(text):
                    self.type(line)

    def type(self, line):
        if line == "sudo freshclam":
            self.system.run(SIGNATURES)
        elif "scanner test" in line: # a scanner is there some time after it was started
            until(lambda: self.run(line, check=False).returncode == 0, line, 900)
        else:
            self.run("export DEBIAN_FRONTEND=noninteractive; " + line.replace("sudo apt-get", "sudo -E apt-get"), timeout=3600)
        if line.endswith(" spamd"): # it would wait for the DNS lists longer than lanpost waits for it, and no DNS is here
            self.system.run("echo dns_available no >> /etc/spamassassin/local.cf; systemctl restart spamd")

    def filters(self, provider, folder):
        provider.deliver(folder, "parcel", "ivan@example.ru", "VIRUSHERE42")
        provider.deliver(folder, "prize", "ivan@example.ru", GTUBE)
        provider.deliver(folder, "thanks", "ivan@example.ru", "Thank you.")
        self.admin("lanpost session")
        kept = self.admin("lanpost quarantine list").stdout
        assert "Test.Parcel-1" in kept and re.search("spam score .*You won", kept), kept
        box = self.read("ivan", "mpop")
        assert "Subject: Thanks" in box and "X-Virus-Status: clean" in box and "X-Spam-Score: " in box and "VIRUSHERE42" not in box, box


def walk(release, spam, deb, log):
    def step(name, function, *arguments):
        began = time.monotonic()
        function(*arguments)
        print(f"{release}: {name}: good ({time.monotonic() - began:.0f} s)", flush=True)

    with tempfile.TemporaryDirectory(prefix="lanpost-walk-") as name:
        folder, builder, office, provider = Path(name), None, None, None
        try:
            if deb is None:
                builder, deb = package(release, log)
            office = Office(office_root(release, deb, log), PERSON, "en", log, with_source=False)
            office.take(deb)
            provider = RealProvider(office.system, folder, log)
            step("README.md", office.readme, provider, folder)
            step("mail programs", office.works, provider)
            step("docs/filter.md, viruses", office.filter, "Viruses in five minutes: ClamAV", "clamav")
            step(f"docs/filter.md, spam by {spam}", office.filter, "Spam in five minutes: rspamd or SpamAssassin", spam)
            step("a virus and a spam", office.filters, provider, folder)
        finally:
            if provider is not None:
                provider.stop()
            for attempt in filter(None, (office, builder)):
                attempt.system.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", default="trixie", choices=["bookworm", "trixie"])
    parser.add_argument("--spam", default="rspamd", choices=["rspamd", "spamd"])
    parser.add_argument("--deb", type=Path, default=None, help="a package that was built, instead of building it")
    parser.add_argument("--log", default=None, help="keeps the whole output there")
    options = parser.parse_args()
    path = Path(options.log or tempfile.mkstemp(prefix="lanpost-walk-", suffix=".log")[1])
    try:
        if os.geteuid() != 0:
            raise Skipped("not root")
        with open(path, "w", encoding="utf-8") as log:
            walk(options.release, options.spam, options.deb, log)
    except Skipped as reason:
        print(f"try-walk: skipped: {reason}")
        sys.exit(77)
    except AssertionError as fault:
        sys.exit(f"try-walk: {fault}\n(the whole output: {path})")
    if options.log is None:
        path.unlink()


main()
