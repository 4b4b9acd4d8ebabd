"""Users and groups of our own: programs see them, this computer does not."""
import os
import shutil
import subprocess

LANPOST = 7777  # both numbers; nobody has them


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


class Users:
    """A copy of the user database with (or without) a user lanpost. `prefix` before a command lets it see that."""

    def __init__(self, folder, with_lanpost=True, groups=()):
        self.folder = folder / "users"
        self.folder.mkdir()
        for name in ("passwd", "group"):
            kept = [line for line in open(f"/etc/{name}", encoding="utf-8") if not line.startswith("lanpost")]
            if with_lanpost:
                kept.append(f"lanpost:x:{LANPOST}:{LANPOST}::/var/lib/lanpost:/usr/sbin/nologin\n" if name == "passwd" else f"lanpost:x:{LANPOST}:\n")
            kept += [f"{line}\n" for line in groups] if name == "group" else []
            (self.folder / name).write_text("".join(kept))
        mounts = " && ".join(f"mount --bind {self.folder}/{name} /etc/{name}" for name in ("passwd", "group"))
        self.prefix = ["unshare", "-m", "sh", "-c", f'{mounts} && exec "$@"', "sh"]


def needs():
    """What a test wants that uses this; a reason to skip it, or None."""
    if os.geteuid() != 0:
        return "needs root, to be somebody else"
    if shutil.which("unshare") is None or not may_mount():
        return "needs a mount namespace of its own"
    return None
