"""A disk that has other work: writers in the same file system that make files, write, sync and rename, at a bounded rate."""
import os
import subprocess
import sys
import time
from pathlib import Path

WRITERS, RATE, SIZE = 2, 20, 256 * 1024  # files per second and writer at most, bytes of each
KEPT = 8  # files of each writer: they replace each other


def write_on(folder):
    """Prints how many files have been made, every second."""
    folder, made, block = Path(folder), 0, os.urandom(SIZE)
    told = next_time = time.monotonic()
    while True:
        with open(folder / "new", "wb") as file:
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
        os.rename(folder / "new", folder / str(made % KEPT))
        made += 1
        next_time = max(next_time + 1 / RATE, time.monotonic() - 1)
        time.sleep(max(0.0, next_time - time.monotonic()))
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            (folder / "made").write_text(str(made))


class Busy:
    """with Busy(folder): ... ; `said` is what the writers reached."""

    WANTED = f"{WRITERS} writers, at most {WRITERS * RATE} files of {SIZE // 1024} KiB per second, each with fsync and rename"

    def __init__(self, folder):
        self.folders = [Path(folder) / f"busy{n}" for n in range(WRITERS)]
        self.said = ""

    def __enter__(self):
        for folder in self.folders:
            folder.mkdir()
        self.began = time.monotonic()
        self.writers = [subprocess.Popen([sys.executable, __file__, folder]) for folder in self.folders]
        return self

    def __exit__(self, *_):
        for writer in self.writers:
            writer.kill()
            writer.wait()
        made = sum(int((folder / "made").read_text()) for folder in self.folders if (folder / "made").exists())
        rate = made / (time.monotonic() - self.began)
        self.said = f"{rate:.0f} files, {rate * SIZE / (1 << 20):.1f} MiB per second"


if __name__ == "__main__":
    write_on(sys.argv[1])
