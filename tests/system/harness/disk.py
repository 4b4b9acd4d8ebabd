"""A small file system of its own, to be filled up."""
import os
import subprocess
from pathlib import Path


class Disk:
    def __init__(self, path, mib=100, files=0):
        self.path = Path(path)
        self.path.mkdir()
        self.ballast = self.path / "ballast"
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,nr_inodes={files},mode=755", "tmpfs", self.path], capture_output=True)
        self.mounted = made.returncode == 0

    def fill(self, left=0):
        """Fills the disk so that this many bytes are left."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            while (free := self.free() - left) > 0:
                ballast.write(bytes(min(free, 1 << 20)))

    def free(self):
        room = os.statvfs(self.path)
        return room.f_bavail * room.f_frsize

    def make_room(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=True)
