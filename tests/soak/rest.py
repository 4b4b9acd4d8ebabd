"""What a gateway at rest takes: memory, threads and descriptors of each kind of process, the disk below each folder of its spool."""
import collections
import os
from pathlib import Path

from harness.processes import name_of


def memory(pid):
    """KiB of its own (not of files, which others may share), and all that is resident."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return [next(int(line.split()[1]) for line in lines if line.startswith(word)) for word in ("Anonymous:", "Rss:")]


def processes(gateway):
    """name -> processes, threads, descriptors, KiB of its own, KiB resident."""
    found = collections.defaultdict(lambda: [0] * 5)
    for pid in gateway.processes():
        try:
            values = [1, len(os.listdir(f"/proc/{pid}/task")), len(os.listdir(f"/proc/{pid}/fd")), *memory(pid)]
            name = name_of(pid)
        except OSError:
            continue  # it has just ended
        found[name] = [a + b for a, b in zip(found[name], values)]
    return {name: tuple(values) for name, values in found.items()}


def disk(gateway):
    """name in the spool -> KiB."""
    used = collections.Counter()
    for folder, _, names in os.walk(gateway.spool):
        for name in names:
            path = Path(folder) / name
            try:
                used[path.relative_to(gateway.spool).parts[0]] += path.lstat().st_blocks // 2
            except OSError:
                continue
    return dict(used)

