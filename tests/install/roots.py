"""Clean Debian systems to install in: a root from debootstrap, an overlay of it, booted with its own systemd.

All is done in namespaces of its own: mounts, processes and the network go with the first process of the system, and only
folders are left to be removed. Nothing of it reaches the machine.
"""
import atexit
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("LANPOST_ROOTS", "/var/cache/lanpost-roots"))
MIRROR = os.environ.get("LANPOST_MIRROR", "http://deb.debian.org/debian")
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "dumb"}

# What a computer on a desk has and debootstrap's smallest system lacks; git and make are what the README asks for.
FURNITURE = "systemd dbus sudo adduser git make"

CHROOT = """set -e
mount --bind /dev $1/dev; mount -t devpts devpts $1/dev/pts; mount -t proc proc $1/proc
exec chroot "$@"
"""
BOOT = """set -e
root=$1 lower=$2 folder=$3
mount --make-rprivate /
mount -t overlay overlay -o lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/scratch $root
mount -t tmpfs tmpfs $root/run
mount -t proc proc $root/proc
mount -t sysfs sysfs $root/sys
mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs $root/dev
for name in null zero full random urandom tty; do touch $root/dev/$name; mount --bind /dev/$name $root/dev/$name; done
mkdir $root/dev/pts $root/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts $root/dev/pts
ln -s pts/ptmx $root/dev/ptmx
mount -t tmpfs tmpfs $root/dev/shm
ip link set lo up
cd $root
mkdir -p old
pivot_root . old
umount -l /old
rmdir /old
exec env -i container=lanpost-try PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=null --show-status=no </dev/null
"""


class Skipped(Exception):
    """This cannot be tried here; says why."""


def in_chroot(root, command, log, timeout=3600):
    """A shell command in a root, with the machine's network, for apt."""
    shutil.copy("/etc/resolv.conf", Path(root) / "etc/resolv.conf")
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", CHROOT, "sh", str(root), "sh", "-ec", command],
                          env={**CLEAN, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL, stdout=log,
                          stderr=log, timeout=timeout, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"failed in {root}: {command}")


def copy_source(folder, with_build=None):
    """The files that git knows or would take, as they are now; with_build: a folder whose build/ comes as well."""
    names = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                           capture_output=True).stdout
    folder.mkdir(parents=True)
    names = b"\0".join(name for name in names.split(b"\0") if name and (SOURCE / os.fsdecode(name)).exists())
    pack = subprocess.Popen(["tar", "-C", SOURCE, "--null", "-T", "-", "-cf", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    unpack = subprocess.Popen(["tar", "-C", folder, "--no-same-owner", "-xf", "-"], stdin=pack.stdout)
    pack.stdin.write(names)
    pack.stdin.close()
    if unpack.wait() != 0 or pack.wait() != 0:
        raise RuntimeError("the source could not be copied")
    if with_build is not None and (with_build / "build").is_dir():
        shutil.copytree(with_build / "build", folder / "build", symlinks=True)


def clean_root(release, log):
    """debootstrap's smallest system."""
    root = CACHE / release
    if root.is_dir():
        return root
    if shutil.which("debootstrap") is None:
        raise Skipped("no debootstrap here")
    CACHE.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=release + ".", dir=CACHE))
    done = subprocess.run(["debootstrap", "--variant=minbase", release, made, MIRROR], stdout=log, stderr=log, check=False)
    if done.returncode != 0:
        shutil.rmtree(made)
        raise Skipped(f"debootstrap cannot make a {release}: no mirror reachable?")
    (made / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n") # a root that is lost is made again
    made.chmod(0o755)
    made.rename(root)
    return root


def ready_root(release, log, with_lintian=False):
    """The same after `make deps` and what `make deb` needs, kept until packages.txt changes."""
    deps = (SOURCE / "packages.txt").read_bytes() + (SOURCE / "tools/deps.sh").read_bytes() + FURNITURE.encode()
    more = " lintian" if with_lintian else ""
    root = CACHE / f"{release}.ready{more.replace(' ', '-')}.{hashlib.sha256(deps).hexdigest()[:12]}"
    if root.is_dir():
        return root
    base = clean_root(release, log)
    for old in CACHE.glob(root.name.rpartition(".")[0] + ".*"):
        shutil.rmtree(old)
    made = CACHE / f"{release}.{os.getpid()}"
    try:
        subprocess.run(["cp", "-a", base, made], check=True)
        copy_source(made / "root/lanpost")
        try:
            in_chroot(made, "apt-get update -q -o APT::Update::Error-Mode=any", log)
        except RuntimeError:
            raise Skipped("no mirror of Debian can be reached") from None
        in_chroot(made, f"apt-get install -y -q --no-install-recommends {FURNITURE}; cd /root/lanpost; make deps; "
                        f"tools/deps.sh build run package; [ -z '{more}' ] || apt-get install -y -q --no-install-recommends {more}; "
                        "cd /; rm -rf /root/lanpost; apt-get clean", log)
        made.rename(root)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return root


# What an installed Debian has; and what docs/filter.md installs there, kept in apt's cache: a booted system has no network.
OFFICE = "systemd-sysv init-system-helpers procps less"
FILTERS = ["clamav-daemon", "rspamd redis-server", "spamd"]


def office_root(release, deb, log):
    """A clean system in which a package (its path) and the scanners can be installed; kept until one of the lists changes."""
    lists = (SOURCE / "debian/control").read_bytes() + repr([FURNITURE, OFFICE, FILTERS]).encode()
    root = CACHE / f"{release}.office.{hashlib.sha256(lists).hexdigest()[:12]}"
    if root.is_dir():
        return root
    base = clean_root(release, log)
    for old in CACHE.glob(f"{release}.office.*"):
        shutil.rmtree(old)
    made = CACHE / f"{release}.{os.getpid()}"
    try:
        subprocess.run(["cp", "-a", base, made], check=True)
        shutil.copy(deb, made / "root/lanpost.deb")
        in_chroot(made, f"apt-get update -q; apt-get install -y -q --no-install-recommends {FURNITURE} {OFFICE}; "
                  "for list in /root/lanpost.deb " + " ".join(f"'{names}'" for names in FILTERS) + "; do apt-get install -y -q -d $list; done; "
                  "rm /root/lanpost.deb", log)
        made.rename(root)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return root


def cgroup_top():
    """Where cgroup2 is mounted on this machine."""
    for line in Path("/proc/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2":
            return Path(line.split()[1])
    raise Skipped("no cgroup2 here, and systemd needs it")


class System:
    """A booted overlay of a root. folder / "upper" has what was changed."""

    def __init__(self, lower, log):
        self.log = log
        self.folder = Path(tempfile.mkdtemp(prefix="lanpost-try-"))
        self.folder.chmod(0o755)
        for name in ("upper", "scratch", "root"):
            (self.folder / name).mkdir(mode=0o755)
        self.lower = lower
        self.cgroup = cgroup_top() / self.folder.name
        self.boot = self.pid = None
        atexit.register(self.stop)

    def write(self, path, text):
        """A file, before it is booted."""
        path = self.folder / "upper" / path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def start(self):
        try:
            self.cgroup.mkdir()
        except OSError as fault:
            raise Skipped(f"no cgroup can be made here: {fault.strerror}") from None
        self.boot = subprocess.Popen(
            ["sh", "-c", 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"', "sh", self.cgroup, "unshare", "--mount", "--pid", "--uts",
             "--ipc", "--net", "--cgroup", "--fork", "--kill-child", "sh", "-c", BOOT, "sh", self.folder / "root", self.lower,
             self.folder], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=CLEAN)
        deadline = time.monotonic() + 60
        while self.run("systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'", check=False).returncode != 0:
            if time.monotonic() > deadline or self.boot.poll() is not None:
                raise Skipped("systemd does not boot in a namespace here")
            time.sleep(0.2)
        return self

    def _init(self):
        if self.pid is None:
            children = Path(f"/proc/{self.boot.pid}/task/{self.boot.pid}/children").read_text().split()
            self.pid = int(children[0]) if children else None
        return self.pid

    def run(self, command, user="root", lang="C", check=True, stdin="", timeout=600):
        """A shell command as somebody with a language, as in a login."""
        if self._init() is None:
            return subprocess.CompletedProcess(command, 1, "", "")
        login = ["nsenter", "-t", str(self.pid), "-a", "env", "-i", *(f"{k}={v}" for k, v in CLEAN.items()), f"LANG={lang}"]
        folder = "/root" if user == "root" else f"/home/{user}"
        login += [f"HOME={folder}", "sh", "-c", 'cd "$1"; exec setpriv --reuid="$2" --regid="$2" --init-groups sh -ec "$3"', "sh", folder,
                  user, command]
        done = subprocess.run(login, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
        print(f"--- {user}: {command}\n{done.stdout}{done.stderr}(exit {done.returncode})", file=self.log, flush=True)
        if check and done.returncode != 0:
            raise AssertionError(f"as {user}: {command}\nexit {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done

    def stop(self):
        if self.boot is None and not self.folder.exists():
            return
        if self.boot is not None and self.boot.poll() is None:
            if self._init() is not None:
                os.kill(self.pid, signal.SIGKILL) # the first process of its namespace: all others go with it
            self.boot.kill()
            self.boot.wait()
        self.boot = None
        for _ in range(100): # until the kernel has let go of the last of them
            try:
                for path, _folders, _files in os.walk(self.cgroup, topdown=False):
                    os.rmdir(path)
                break
            except OSError:
                time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)
