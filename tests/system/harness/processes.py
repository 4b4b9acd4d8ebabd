"""What a process is, by /proc: its name, rights, descriptors, libraries, and what is in its memory."""
import os
import re
from pathlib import Path

from harness.gateway import BUILD

# Programs that have terabytes of memory.
SANITIZED = any(name in os.environ for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")) or any(
    mark in (BUILD / "lanpostd").read_bytes() for mark in (b"__asan_init", b"__tsan_init"))


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def named(office, name):
    return [pid for pid in office.processes() if name_of(pid) == name]


def facts(pid):
    """Lines of /proc/PID/status by their names; {} of a process that has ended."""
    try:
        seen = dict(re.findall(r"(?m)^(\w+):\s+(.*)$", Path(f"/proc/{pid}/status").read_text()))
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {} if seen["State"][0] in "ZX" else seen


def descriptors(pid):
    """What each descriptor is: a path, "socket:[1]", "/memfd:name (deleted)"."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            continue  # it was closed meanwhile
    return found


def libraries(pid):
    return {match[1] for match in re.finditer(r"/(lib[^/ ]+)\.so", Path(f"/proc/{pid}/maps").read_text())}


def variables(pid):
    return {pair.split(b"=")[0].decode() for pair in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if pair}


def holds(pid, text):
    """Whether the memory of that process has the text (or bytes) anywhere. One that has ended has none."""
    try:
        return has_in_memory(pid, text.encode() if isinstance(text, str) else text)
    except (ProcessLookupError, FileNotFoundError):
        return False


def has_in_memory(pid, wanted):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                if wanted in memory.read(end - start):
                    return True
            except OSError:
                pass
    return False
