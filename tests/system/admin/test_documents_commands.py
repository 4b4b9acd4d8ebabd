"""The commands of README and docs are run, as they are written, in an office of the test's own.

Run are the blocks marked sh, line by line and in order, and the commands of lanpost in the text, with a value for each word in capitals.
Paths of the system become paths of a temporary folder, sudo and systemctl do what they would do. (The Russian pages have the same
commands: test_documents.py.)
"""
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from harness.gateway import BUILD
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.scanner import Clamd, Spamd
from harness.sink import Sink

TOP = Path(__file__).parents[3]
PAGES = [TOP / "README.md", TOP / "SECURITY.md", *sorted(TOP.glob("docs/*.md"))]
PASSWORD = "geheim-Neu-78"

# What is not run here, by the first word of a line, and where it is.
ELSEWHERE = {
    "make": "tests/install/try_install.py, make test", "apt-get": "tests/install/try_install.py", "git": "needs the network",
    "podman": "test_release.py has the start of the container", "deluser": "changes this computer's users",
    "echo": "tests/clients and tests/install/try_webmail.py: Roundcube's configuration", "tee": "the same", "a2enmod": "the same",
    "systemctl": "of other services: the same", "a2ensite": "the same", "a2enconf": "the same", "adduser": "changes this computer's users",
    "usermod": "the same", "chmod": "files of another program", "sed": "the same",
    "freshclam": "tests/install/try_walk.py",
}
NOT_COMMANDS = re.compile(r"lanpost(?:[-.]\S*| <.*)?$|lanpost(?:-\S+|\.\S+) ")
SCREENS = {"lanpost", "lanpost --lang ru", "lanpost setup"} # they need a terminal: test_tui*.py, test_setup.py
A_PROVIDER_OF_TOKENS = re.compile("lanpost (account|smarthost) login ") # test_sign_in.py has one
REFUSALS = {"lanpost session --cancel": "no session is running"} # right at another moment
ASKS = {"mailbox purge", "queue delete"} # on a terminal


def name(path):
    return str(path.relative_to(TOP))


def blocks(path):
    """(commands, with continued lines joined) of each block marked sh."""
    for indent, block in re.findall(r"(?ms)^( *)```sh\n(.*?)^ *```$", path.read_text()):
        text = re.sub(r"\\\n\s*", "", re.sub(rf"(?m)^{indent}", "", block))
        text = re.sub(r"(?ms)^(.*<<'END')\n.*?^END$", r"\1", text)
        yield [re.sub(r"\s+# .*", "", line) for line in text.splitlines()]


def spans(path):
    """The commands of lanpost in the text; a synopsis is run without its alternatives."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", path.read_text())
    for span in dict.fromkeys(re.findall(r"`(?:sudo )?(lanpost(?: [^`\n]*)?)`", text)):
        if "|" not in span and not NOT_COMMANDS.match(span) and not A_PROVIDER_OF_TOKENS.match(span) and span not in SCREENS:
            yield span.replace("...", "").replace("[", "").replace("]", "")


class Typist:
    """An office, and somebody who types commands at its gateway's computer."""

    def __init__(self, folder, make_gateway):
        self.folder, self.count = folder, 0
        self.provider = MisbehavingPop3([letter(number=n, subject="invoice 118") for n in range(1, 4)])
        self.smarthost, self.scanner, self.spamd = Sink(), Clamd(), Spamd()
        account = {"url": f"pop3://127.0.0.1:{self.provider.port}", "tls": "none", "user": "box", "password": "x", "max_size": "100K"}
        smarthost = {"url": f"smtp://127.0.0.1:{self.smarthost.port}", "tls": "none"}
        self.gateway = make_gateway(
            start=False, users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {}, "guest": {}}, accounts={"branch": account},
            rules={"invoices": {"when": 'subject contains "invoice"', "deliver": "ivan"}, "second": {"when": "always", "deliver": "anna"}},
            smarthosts={"default": smarthost}, sections={"scanner av": {"url": self.scanner.url}, "scanner spam": {"url": self.spamd.url},
                      "filter": {"virus": "quarantine"}, "dkim example.ru": {"selector": "mail", "key_file": folder / "dkim.key"}})
        assert self.gateway.cli("dkim", "example.ru", "--new", "ed25519").returncode == 0 # the key, without which no gateway starts
        self.gateway.start()
        self.gateway.session()
        with self.gateway.imap("ivan") as client:
            client.create("Trash")
        self.files()
        assert self.gateway.cli("backup", self.folder / "backup/lanpost-2026-11-28.tar.gz").returncode == 0

    def files(self):
        bin = self.folder / "bin"
        for place in (bin, self.folder / "root", self.folder / "backup", self.folder / "home/ivan/Maildir/cur", self.folder / "work"):
            place.mkdir(parents=True, exist_ok=True)
        for word, text in {"sudo": 'exec "$@"', "chown": "exit 0",
                           "install": 'eval "last=\\${$#}"; mkdir -p "$last"',
                           "lanpost": f'[ "$1" = -c ] || set -- -c {self.gateway.conf} "$@"; exec {BUILD}/lanpost "$@"'}.items():
            (bin / word).write_text(f"#!/bin/sh\n{text}\n")
            (bin / word).chmod(0o755)
        (self.folder / "work/message.eml").write_bytes(letter(subject="invoice 7"))
        (self.folder / "fetchmailrc").write_text("poll pop.example.ru protocol pop3\n  user box password secret is ivan here ssl\n")
        (self.folder / "backup/mailbox").mkdir(exist_ok=True)

    def stop(self):
        for server in (self.provider, self.smarthost, self.scanner, self.spamd):
            server.stop()

    # --- the words in capitals

    def queued(self, hold):
        self.gateway.send("ivan@office.lan", ["client@example.com"], letter(number=50 + self.count, sender="ivan@office.lan"))
        entry = self.gateway.queue()[-1]["id"]
        assert not hold or self.gateway.cli("queue", "hold", entry).returncode == 0
        return entry

    def quarantined(self):
        self.count += 1
        self.provider.messages.append(letter(number=100 + self.count, to="ivan@example.ru", body="VIRUS:Test\n"))
        self.provider.uidls.append(f"virus-{self.count}")
        self.gateway.session()
        return json.loads(self.gateway.cli("quarantine", "list", "--json").stdout)[-1]["id"]

    def stub(self):
        self.count += 1
        self.provider.messages.append(letter(number=200 + self.count, to="ivan@example.ru", body="large\n" * 40_000))
        self.provider.uidls.append(f"large-{self.count}")
        self.gateway.session()
        return next(message["id"] for message in json.loads(self.gateway.cli("mailbox", "show", "ivan", "--json").stdout) if message["whole_size"])

    def file_for(self, verb):
        self.count += 1
        if verb == "sort":
            return "message.eml"
        if verb == "restore":
            path = self.folder / f"backup/made{self.count}.tar.gz"
            assert self.gateway.cli("backup", path).returncode == 0
            return path
        return self.folder / f"backup/new{self.count}.tar.gz"

    def filled(self, command):
        """The command with a value for each word in capitals."""
        words = shlex.split(command)
        group = next((word for word in words[1:] if not word.startswith("-") and "/" not in word), "")
        names = {"account": "branch", "rule": "invoices", "smarthost": "default", "scanner": "av"}
        values = {"NAME": "branch" if "--account" in words else names.get(group, "ivan"), "USER": "guest" if "remove" in words else "ivan", "URL": self.gateway.accounts["branch"]["url"], "CONDITION": '\'from is "a@b.example"\'',
                  "POSITION": "2", "WORD": "invoice", "SUBJECT": "invoice", "QUERY": "invoice", "DOMAIN": "example.ru", "A": "branch",
                  "ADDRESS": "client@bank.ru" if group == "trace" else "new@example.ru", "FOLDER": "folder"}

        def value(word):
            if word[0] in ("ID", "NUMBER"):
                makers = {"quarantine": self.quarantined, "mailbox": self.stub}
                return makers[group]() if group in makers else self.queued("release" in words)
            if word[0] == "FILE":
                return str(self.file_for(group) if group != "rule" else self.gateway.folder / "rules.conf")
            assert word[0] in values, f"{command}: which value has {word[0]} here?"
            return values[word[0]]
        return re.sub(r"(?<![\w%+-])[A-Z]{2,}(?![\w@])|(?<=--account )A\b", value, command)

    def here(self, command):
        """Its paths below our folder. Nothing outside of it may be left."""
        for there, ours in {"/var/lib/lanpost": self.gateway.spool, "/etc/lanpost": self.gateway.folder, "/etc/fetchmailrc": self.folder / "fetchmailrc",
                            "/home/ivan": self.folder / "home/ivan", "/root": self.folder / "root", "/backup": self.folder / "backup"}.items():
            command = re.sub(rf"(?<![\w/.-]){there}(?=[\s/.]|$)", str(ours), command)
        left = [path for path in re.findall(r"(?<![\w.:/])/[\w./*-]+", command) if not path.startswith(str(self.folder))]
        assert left == [], f"{command}: a path of this computer"
        return command

    # --- typing

    def systemctl(self, words):
        """start, stop, restart, enable --now and disable --now of the gateway."""
        if words[1] in ("stop", "restart", "disable"):
            self.gateway.stop()
        if words[1] in ("start", "restart", "enable") and self.gateway.process is None:
            self.gateway.start()

    def type(self, command, page):
        """Runs one command, or several with && between them, to success."""
        for part in command.split(" && "):
            words = shlex.split(part)
            words = words[1:] if words[0] == "sudo" else words
            if words[0] == "systemctl" and words[-1] == "lanpost":
                self.systemctl(words)
            elif words[0] not in ELSEWHERE:
                self.run(part, page)

    def run(self, command, page):
        words = command.removeprefix("sudo ").split()
        verb, is_name = " ".join(words[1:3]), words[0] == "lanpost" and len(words) <= 3 and not re.search("[A-Z]|--", command)
        command = self.here(self.filled(command)) + (" --yes" if verb in ASKS and not is_name else "")
        done = subprocess.run(["bash", "-ec", command], cwd=self.folder / "work", input=f"{PASSWORD}\n{PASSWORD}\n", capture_output=True, text=True,
                              timeout=120, check=False, env={**self.gateway.env, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"})
        # A verb alone in the text is its name: it may say what it wants.
        good = done.returncode == 0 or (done.returncode == 2 and is_name) or REFUSALS.get(command, "\0") in done.stderr
        assert good, f"{page}: {command}: exit {done.returncode}\n{done.stdout}{done.stderr}"

    def prepared(self, command):
        """The configuration as it was, but for what the command is to add; restore wants no gateway."""
        self.gateway.write()
        users = dict(self.gateway.users)
        if added := re.search(r"lanpost user add (\S+)", command):
            self.gateway.users.pop(added[1].replace("NAME", "ivan"), None)
            self.gateway.rules, rules = {}, self.gateway.rules
            self.gateway.write()
            self.gateway.users, self.gateway.rules = users, rules
        assert self.gateway.process is None or self.gateway.cli("reload").returncode == 0
        if "--new" in command:
            (self.folder / "dkim.key").unlink() # an existing key is never replaced


@pytest.fixture
def typist(folder, make_gateway):
    made = Typist(folder, make_gateway)
    yield made
    made.stop()


@pytest.mark.parametrize("page", [page for page in PAGES if any(True for _ in blocks(page))], ids=name)
def test_the_blocks_can_be_typed(typist, page):
    for block in blocks(page):
        typist.prepared("\n".join(block))
        for line in filter(None, block):
            typist.type(line, name(page))


def test_the_commands_in_the_text_can_be_typed(typist):
    """Each once, whatever pages have it."""
    for command, page in {command: page for page in reversed(PAGES) for command in spans(page)}.items():
        typist.prepared(command)
        if "restore" in command and "--force" in command:
            typist.gateway.stop()
        typist.type(command, name(page))
        if typist.gateway.process is None:
            typist.gateway.start()


def test_each_block_with_commands_is_marked():
    """Else it is not run."""
    wrong = []
    for page in [*PAGES, *TOP.glob("docs/ru/*.md"), TOP / "README.ru.md"]:
        for kind, first in re.findall(r"(?ms)^ *```(\w*)\n(.*?)$.*?^ *```$", page.read_text()):
            if kind != "sh" and re.match(r" *(?:sudo|make|git|podman|systemctl|apt-get|lanpost [a-z])\b", first):
                wrong.append(f"{name(page)}: {first}")
    assert not wrong, "\n".join(wrong)
