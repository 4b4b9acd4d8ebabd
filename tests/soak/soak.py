#!/usr/bin/env python3
"""make soak HOURS=8: an office under mixed load for hours; nothing may grow, nothing may go wrong, each message is accounted for.

Rounds of load with a rest after each. In a round people write and read, sessions fetch by rules and send, the admin looks, backs up and
reloads, screens are open. At each rest, when all has arrived and was read: every message of the round was in each of its places exactly
once, and the log has no error. At the end: processes, threads, descriptors, memory and disk did not grow from the middle rests to the last.

soak.py [--minutes N] [--round SECONDS] [--pace FACTOR] [--kills] [--folder FOLDER]: pace 2 is half the load; with --kills processes
are killed under load all the time, and only what was under way then may be in doubt.
"""
import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("PYTEST_XDIST_WORKER", "gw15")  # its own range of ports, beside tests that run
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "system")]

from harness.gateway import Gateway  # noqa: E402
from harness.waiting import until  # noqa: E402
from office import Office  # noqa: E402
import rest  # noqa: E402

WARM_UP = 2  # rests: caches and pools are full then
# At most this factor and addition, from the middle rests to the last ones; a thread waits for clients, a descriptor is a segment of the log.
GROWTH = {"processes": (1, 0), "threads": (1.25, 2), "descriptors": (1, 2), "KiB of its own": (1.1, 1024), "KiB resident": (1.1, 1024)}
DISK_GROWTH = 1.10, 8192
JOURNAL = 2.0  # KiB for each message: it grows by design, until journal_days
ERROR = re.compile(r"^\S+ \S+ (?:error|fatal|crit)\b.*", re.M)


class Soak:
    def __init__(self, options, folder):
        self.options = options
        self.office = Office(lambda **settings: Gateway(folder, name="soak", **settings).start(), options.pace)
        self.rests, self.disks, self.began = [], [], time.monotonic()
        self.totals = []

    def say(self, text):
        minutes = (time.monotonic() - self.began) / 60
        print(f"{minutes:6.1f} min  {text}", flush=True)

    def at_rest(self):
        """When no session is left, and its processes are gone."""
        until(lambda: not any(name in ("session", "secrets", "sorter") for name in rest.processes(self.office.gateway)), 60, "rest")
        return rest.processes(self.office.gateway)

    def read_log(self):
        """Errors since the last time; the log begins anew, for hours of it are much."""
        path = self.office.gateway.log_path
        errors = ERROR.findall(path.read_text(errors="replace"))
        os.truncate(path, 0)
        if self.options.kills:  # those say that somebody was killed
            return
        self.office.faults += [f"in the log: {line}" for line in errors[:20]]

    def round(self):
        office = self.office
        office.work(self.options.round, self.options.kills)
        office.settle()
        office.account()
        sample, disk = self.at_rest(), rest.disk(office.gateway)
        self.rests.append(sample)
        self.disks.append(disk)
        self.totals.append(office.total)
        self.read_log()
        parts = [f"{name} {own} KiB, {threads} threads, {fds} descriptors" for name, (_, threads, fds, own, _) in sorted(sample.items())]
        self.say(f"{office.total} messages, {office.kills} kills; {'; '.join(parts)}; "
                 + ", ".join(f"{name} {kib} KiB" for name, kib in sorted(disk.items())))

    def grown(self, what, values, growth):
        """Compares the middle third after the warm-up with the last one: until then each thread that comes has filled its pool of memory."""
        values = values[WARM_UP:]
        if not values:  # a process that was seen at the beginning only
            return
        third = max(1, len(values) // 3)
        first, last = statistics.median(values[-2 * third:-third] or values[:1]), statistics.median(values[-third:])
        self.say(f"{what}: {first:.0f} in the middle, {last:.0f} at the end")
        if len(values) >= 3 and last > first * growth[0] + growth[1]:
            self.office.faults.append(f"{what} grows: {values}")

    def verdict(self):
        for name in sorted(set().union(*self.rests)):
            for column, (unit, growth) in enumerate(GROWTH.items()):
                self.grown(f"{name}: {unit}", [sample[name][column] for sample in self.rests if name in sample], growth)
        for name in sorted(set().union(*self.disks) - {"state.db"}):
            self.grown(f"KiB of {name}", [disk.get(name, 0) for disk in self.disks], DISK_GROWTH)
        first, last = self.disks[WARM_UP].get("state.db", 0), self.disks[-1].get("state.db", 0)
        messages = self.totals[-1] - self.totals[WARM_UP]
        self.say(f"journal: {last - first} KiB more for {messages} messages")
        if last - first > 2048 + JOURNAL * messages:
            self.office.faults.append("the journal grows by more than its messages")

    def run(self):
        end = self.began + self.options.minutes * 60
        try:
            while not self.office.faults and (time.monotonic() < end or len(self.rests) <= WARM_UP):
                self.round()
            if not self.office.faults:
                self.verdict()
        finally:
            self.office.close()
        for fault in self.office.faults:
            print(f"FAULT: {fault}")
        print(f"soak: {0 if self.office.faults else 1} passed, {1 if self.office.faults else 0} failed: {self.office.total} messages in "
              f"{(time.monotonic() - self.began) / 60:.0f} minutes")
        return 1 if self.office.faults else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--round", type=float, default=40)
    parser.add_argument("--pace", type=float, default=1)
    parser.add_argument("--kills", action="store_true")
    parser.add_argument("--folder", default=None, help="on the disk that is to be soaked")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        sys.exit(Soak(options, Path(folder)).run())


main()
