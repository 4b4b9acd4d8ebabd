"""Looks at what a running gateway has. A process or a file that goes while we look counts as gone: children that answer one question
end, and files are written under another name and renamed."""
from pathlib import Path


def entries(folder):
    """(path, its lstat) of the folder and of all in it."""
    for path in [folder, *folder.rglob("*")]:
        try:
            yield path, path.lstat()
        except FileNotFoundError:
            continue


def of_processes(pids, name):
    """The text of /proc/PID/name of each that is still there."""
    for pid in pids:
        try:
            yield Path(f"/proc/{pid}/{name}").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
