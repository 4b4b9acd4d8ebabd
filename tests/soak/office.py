"""The world of a soak: an office whose people write and read all the time, a provider, a smarthost, an admin who looks and changes."""
import collections
import poplib
import random
import re
import shutil
import smtplib
import threading
import time

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.sink import Sink
from harness.terminal import Terminal
from harness.waiting import kill, until

USERS = [f"u{n}" for n in range(1, 9)]
BOSS, CLERK = "boss", "u1"  # who gets a copy of all that is sent; who gets all invoices
OUTSIDE = "client@bank.ru"
NUMBER = re.compile(rb"(?m)^Message-ID: <(\d+)\.test@")
WINDOW = 8  # messages in doubt when a session dies while it sends, at most
SIZES = [300] * 10 + [4000] * 10 + [60_000] * 3 + [1_500_000]


class Provider(MisbehavingPop3):
    """What is put in comes into its mailbox at the next login."""

    def __init__(self):
        self.coming = collections.deque()
        super().__init__([])

    def put(self, number, content):
        self.coming.append((f"uidl-{number}", content))

    def serve(self, connection):
        while self.coming:
            uidl, content = self.coming.popleft()
            self.uidls.append(uidl)
            self.messages.append(content)
        self.commands.clear()
        self.connections[:] = [connection]
        super().serve(connection)

    @property
    def is_empty(self):
        return not self.coming and not self.left


class Tally(collections.Counter):
    """In place of the sink's list of letters: their numbers."""

    def append(self, taken):
        self[int(NUMBER.search(taken.content)[1])] += 1


class Office:
    """`expected` and `found`: user -> numbers of messages. `doubt`: numbers that were being sent, and (user, number)
    that were being read, when a process was killed. `faults`: all else."""

    def __init__(self, make_gateway, pace):
        self.pace, self.kills, self.total = pace, 0, 0
        self.lock = threading.Lock()
        self.number, self.faults = 0, []
        self.expected, self.found = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
        self.outside, self.doubt = set(), set()
        self.sent = Tally()
        self.provider, self.smarthost = Provider(), Sink()
        self.smarthost.letters = self.sent
        self.gateway = make_gateway(
            users={user: {"external_alias": f"{user}@example.ru"} for user in [*USERS, BOSS]},
            accounts={"office": {"url": f"pop3://127.0.0.1:{self.provider.port}", "tls": "none", "user": "x", "password": "y"}},
            rules={"invoices": {"when": 'subject contains "invoice"', "deliver": CLERK, "stop": "yes"}},
            smarthosts={"default": {"url": f"smtp://127.0.0.1:{self.smarthost.port}", "tls": "none", "retry": "1s"}},
            sections={"gateway": {"boss": BOSS}, "log": {"level": "info"}})

    # --- what goes through it

    def new_letter(self, **settings):
        with self.lock:
            self.number += 1
            self.total += 1
            number = self.number
        size = random.choice(SIZES)
        return number, letter(number=number, body="a line of a message that says nothing at all\n" * (size // 46), **settings)

    def write(self):
        """A person sends some messages in one connection."""
        sender = f"{random.choice(USERS)}@office.lan"
        with smtplib.SMTP("127.0.0.1", self.gateway.smtp_port, local_hostname="pc.office.lan", timeout=60) as client:
            for _ in range(random.randrange(1, 5)):
                users = random.sample(USERS, random.choice([0, 1, 1, 2, 3]))
                to = [f"{user}@office.lan" for user in users]
                if not to or random.random() < 0.3:
                    to.append(OUTSIDE)
                number, content = self.new_letter(sender=sender, to=", ".join(to))
                with self.lock:
                    self.doubt.add(number)
                refused = client.sendmail(sender, to, content)
                with self.lock:
                    self.doubt.discard(number)
                    if refused:
                        self.faults.append(f"message {number} was refused: {refused}")
                    for user in [*users, BOSS]:
                        self.expected[user][number] += 1
                    if OUTSIDE in to:
                        self.outside.add(number)

    def ask_the_daemon(self):
        self.gateway.send("u2@office.lan", ["daemon@office.lan"], "From: u2@office.lan\r\nTo: daemon@office.lan\r\nSubject: status\r\n\r\n")

    def read(self, user):
        """Takes all messages away, as mail programs do that leave nothing on the server."""
        client = self.gateway.pop3(user)
        numbers = collections.Counter()
        for n in range(1, client.stat()[0] + 1):
            match = NUMBER.search(b"\n".join(client.retr(n)[1]))
            if match:  # not an answer of the daemon
                numbers[int(match[1])] += 1
            client.dele(n)
        with self.lock:
            self.doubt.update((user, number) for number in numbers)
        client.quit()
        with self.lock:
            self.doubt.difference_update((user, number) for number in numbers)
            self.found[user] += numbers

    def comes_in(self):
        for _ in range(random.randrange(30)):
            users = random.sample(USERS, random.choice([1, 1, 1, 2]))
            is_invoice = random.random() < 0.3
            number, content = self.new_letter(to=", ".join(f"{user}@example.ru" for user in users),
                                              subject="invoice" if is_invoice else "hello")
            with self.lock:
                for user in [CLERK] if is_invoice else users:
                    self.expected[user][number] += 1
            self.provider.put(number, content)

    def session(self):
        self.comes_in()
        self.verb("session")

    # --- the admin

    def verb(self, *words):
        done = self.gateway.cli(*words, timeout=300)
        if done.returncode != 0 and not self.kills:
            with self.lock:
                self.faults.append(f"lanpost {' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}")

    def look(self):
        self.verb(*random.choice([["status"], ["status", "--json"], ["queue", "list"], ["mailbox", "list"], ["mailbox", "show", "u1"],
                                  ["trace", f"{max(1, self.number - 50)}.test@bank.ru"], ["check"], ["who"]]))

    def back_up(self):
        archive = self.gateway.folder / "backup.tar"
        self.verb("backup", archive)
        archive.unlink(missing_ok=True)

    def change(self):
        """By a verb, which writes the file anew and lets the gateway reload."""
        self.verb("user", "set", "u2", "--full-name", f"Number {random.randrange(1000)}")
        self.verb("reload")

    def watch_screens(self):
        if shutil.which("tmux") is None:
            return
        screens = Terminal("-c", self.gateway.conf)
        try:
            screens.wait("Overview", seconds=60)
            time.sleep(5)  # they refresh by themselves
            screens.keys("q").wait_end()
        finally:
            screens.close()

    def kill_one(self):
        """Any process but the main one, which nobody would start again."""
        children = self.gateway.processes()[1:]
        if children:
            self.kills += 1
            kill(random.choice(children))

    # --- a round

    def work(self, seconds, with_kills):
        """Everybody does something again and again: (what, pause between two times)."""
        readers = [lambda part=part: [self.read(user) for user in [*USERS, BOSS][part::2]] for part in range(2)]
        done = threading.Event()
        work = [(self.write, 1), (self.write, 1), (self.write, 2), (readers[0], 4), (readers[1], 6), (self.session, 5), (self.look, 2),
                (self.ask_the_daemon, 15), (self.back_up, 20), (self.change, 10), (self.watch_screens, 15)]
        if with_kills:
            work.append((self.kill_one, 10))
        threads = [threading.Thread(target=self.again_and_again, args=(done, *item), daemon=True) for item in work]
        for thread in threads:
            thread.start()
        done.wait(seconds)
        done.set()
        for thread in threads:
            thread.join(300)
            assert not thread.is_alive(), "something hangs"

    def again_and_again(self, done, what, pause):
        while not done.wait(random.uniform(0.5, 1.5) * pause * self.pace):
            try:
                what()
            except Exception as error:  # pylint: disable=broad-except
                if not self.kills:  # else it may be away: one that dies often waits up to half a minute
                    with self.lock:
                        self.faults.append(f"{getattr(what, '__name__', 'reading')}: {type(error).__name__} {error}")

    def settle(self):
        """All that waits arrives, and everybody reads."""
        for _ in range(12):
            self.verb("session")
            self.verb("queue", "flush")
            if not self.gateway.queued_files() and self.provider.is_empty:
                break
        else:
            self.faults.append(f"something stays: {self.gateway.queued_files()}, {len(self.provider.left)} at the provider")
        for user in [*USERS, BOSS]:
            until(lambda user=user: self.is_read(user), 120, f"the mailbox of {user}")

    def is_read(self, user):
        try:
            self.read(user)
            return True
        except (OSError, EOFError, poplib.error_proto) as error:
            if not self.kills:
                raise
            print(f"{user}: {error}, again", flush=True)
            return False

    def account(self):
        """Each message of the round is in each place once; what was under way when a process was killed may be there or not."""
        for user in [*USERS, BOSS]:
            lost, doubled = self.expected[user] - self.found[user], self.found[user] - self.expected[user]
            lost = {n: times for n, times in lost.items() if not self.doubt & {n, (user, n)}}
            doubled = {n: times for n, times in doubled.items() if n not in self.doubt or self.found[user][n] > 1}
            if lost or doubled:
                self.faults.append(f"{user}: lost {lost}, doubled {doubled}")
        if strange := {n for n in set(self.sent) ^ self.outside if n not in self.doubt}:
            self.faults.append(f"outside: {strange} expected or sent, not both")
        twice = sum(times - 1 for times in self.sent.values())
        if twice > self.kills * 3 * WINDOW:
            self.faults.append(f"outside: {twice} twice after {self.kills} kills")
        if not self.kills and (told := self.gateway.files("postmaster")):
            self.faults.append(f"postmaster was told of a problem: {told[0].read_text(errors='replace')[-2000:]}")
        self.smarthost.connections.clear()
        for numbers in (self.expected, self.found, self.outside, self.doubt, self.sent):
            numbers.clear()

    def close(self):
        self.gateway.stop()
        self.provider.stop()
        self.smarthost.stop()

