#!/usr/bin/env python3
"""make try-arch ARCH=i386: builds lanpost for another processor and runs its unit tests there.

A root of Debian has the cross compilers and the other architecture's libraries beside its own (multiarch). i386 runs on most amd64
kernels; arm64 and armhf, and i386 elsewhere, run under qemu-user, registered (binfmt_misc) in a user namespace of its own, so that
nothing of it reaches the machine. Needs root, a mirror, and 2 GB; roots are kept in LANPOST_ROOTS.

try_arch.py [--release NAME] [--cc gcc|clang]... [--test NAME]... ARCH: without --cc both compilers. Exit 77: cannot be tried here.
"""
import argparse
import functools
import hashlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from roots import CACHE, CLEAN, SOURCE, Skipped, clean_root, copy_source, in_chroot  # noqa: E402

TRIPLETS = {"i386": "i686-linux-gnu", "arm64": "aarch64-linux-gnu", "armhf": "arm-linux-gnueabihf"}
EMULATORS = {"arm64": "aarch64", "armhf": "arm"}
# Debian registers no emulator for i386 on amd64. The head of a program, and which bits of it count.
I386 = (r":qemu-i386:M::\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x03\x00"
        r":\xff\xff\xff\xff\xff\xfe\xfe\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/libexec/qemu-binfmt/i386-binfmt-P:P")
# exit(0) for i386: whether this kernel runs it.
I386_EXIT = struct.pack("<16s2H5I6H8I", b"\x7fELF\1\1\1", 2, 3, 1, 0x08048054, 52, 0, 0, 52, 32, 1, 0, 0, 0,
                        1, 0, 0x08048000, 0x08048000, 93, 93, 5, 4096) + b"\xb8\1\0\0\0\x31\xdb\xcd\x80"
# Programs that run on the machine that builds.
NATIVE = {"gcc", "libc6-dev", "pkg-config", "gettext"}
# What an emulator cannot run, though the processor could: the reason.
LONG = "thousands of starts of processes, each of which takes a second there"
EMULATION = {
    "test_sandbox": "qemu-user has no seccomp and no Landlock",
    "test_privileges": "it answers capset(2) by seccomp",
    "test_auth_wire": "qemu-user keeps open descriptors that do not fit into the room for them",
    "test_sorter_safety": "it limits the processor's time",
    "test_power_cut": LONG,
    "test_power_folder": LONG,
    "test_power_seen": LONG,
    "test_power_sent": LONG,
}
# Waits until its users are mapped; with an emulator, that is registered for the programs of this namespace alone. (Without --keep-caps
# the second sh would gain capabilities, and --kill-child ends no process that did.)
RUN = """echo; read -r _; exec sh -ec '
mount --rbind /dev $1/dev; mount -t proc proc $1/proc
if [ -n "$2" ]; then
    mount -t binfmt_misc none $1/proc/sys/fs/binfmt_misc
    chroot $1 sh -c "printf %s \\"\\$0\\" > /proc/sys/fs/binfmt_misc/register" "$2"
fi
exec chroot "$1" sh -ec "$3"
' sh "$@" </dev/null
"""


@functools.cache
def is_emulated(arch):
    if arch in EMULATORS:
        return True
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "exit"
        program.write_bytes(I386_EXIT)
        program.chmod(0o700)
        return subprocess.run(["sh", "-c", '"$0"', program], stderr=subprocess.DEVNULL, check=False).returncode != 0


def registration(root, arch):
    """What the kernel needs to know of the emulator; "": there is none."""
    if not is_emulated(arch):
        return ""
    return (root / f"usr/lib/binfmt.d/qemu-{EMULATORS[arch]}.conf").read_text().strip() if arch in EMULATORS else I386


def packages_to_build():
    text = (SOURCE / "packages.txt").read_text()
    section = re.search(r"(?ms)^# To build.*?\n(.*?)^#", text)[1]
    return [line for line in section.split() if line not in NATIVE] + ["libcmocka-dev"]


def cross_root(release, arch, log):
    """The clean root with compilers for that architecture and its libraries, kept until the list changes."""
    emulator = ("qemu-user-static" if release == "bookworm" else "qemu-user-binfmt") if is_emulated(arch) else ""
    names = f"crossbuild-essential-{arch} clang make gettext pkgconf {emulator} " + " ".join(f"{name}:{arch}" for name in packages_to_build())
    root = CACHE / f"{release}.{arch}.{hashlib.sha256(names.encode()).hexdigest()[:12]}"
    if root.is_dir():
        return root
    made = Path(tempfile.mkdtemp(prefix=f"{release}.{arch}.new.", dir=clean_root(release, log).parent))
    try:
        subprocess.run(["cp", "-a", f"{CACHE / release}/.", made], check=True)
        in_chroot(made, f"echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/try-arch; dpkg --add-architecture {arch}; apt-get update -q -o APT::Update::Error-Mode=any; "
                        f"apt-get install -y -q --no-install-recommends {names}; apt-get clean", log, timeout=3600)
        made.rename(root)
    except RuntimeError as fault:
        raise Skipped(f"no root for {arch}: {fault}") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return root


def run_there(root, arch, command, log, timeout=7200):
    emulator = registration(root, arch)
    there = subprocess.Popen(["unshare", *(["--user", "--keep-caps"] if emulator else []), "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", RUN, "sh", root,
                              emulator, command], env={**CLEAN, "HOME": "/root", "LC_ALL": "C.UTF-8"}, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        there.stdout.readline()
        if emulator:
            for users in ("uid_map", "gid_map"):
                Path(f"/proc/{there.pid}/{users}").write_text("0 0 65536\n")
        output, _ = there.communicate("\n", timeout=timeout)
    finally:
        there.kill()
        there.wait()
    print(f"--- {arch}: {command}\n{output}(exit {there.returncode})", file=log, flush=True)
    return subprocess.CompletedProcess(command, there.returncode, output)


def left_out(arch):
    return {name: reason for name, reason in EMULATION.items() if is_emulated(arch)}


def try_compiler(root, arch, compiler, tests, log):
    triplet = TRIPLETS[arch]
    cc = f"{triplet}-gcc" if compiler == "gcc" else f"clang --target={triplet}"
    source = root / "root" / f"lanpost-{compiler}"
    shutil.rmtree(source, ignore_errors=True)
    copy_source(source)
    units = sorted(str(path.relative_to(SOURCE).with_suffix("")) for path in SOURCE.glob("tests/unit/*/test_*.c")
                   if path.stem not in left_out(arch) and (not tests or path.stem in tests))
    make = f"cd /root/{source.name}; make -k -j$(nproc) CC='{cc}' PKG_CONFIG={triplet}-pkg-config CFLAGS='-Wno-psabi -g0'"
    began = time.monotonic()
    try:
        built = run_there(root, arch, f"{make} all {' '.join(f'build/{unit}' for unit in units)}", log)
        assert built.returncode == 0, f"{arch} by {compiler}: it does not build\n" + "\n".join(re.findall(r"(?m)^.*(?:error:|Error ).*$", built.stdout))
        print(f"{arch} by {compiler}: built ({time.monotonic() - began:.0f} s)", flush=True)
        # One power cut at each sync: an emulator takes many times as long.
        ran = run_there(root, arch, f"cd /root/{source.name}; build/lanpost --version; "
                                    f"LANPOST_POWER_CUTS=1 tools/run-unit.sh {' '.join(f'build/{unit}' for unit in units)}", log)
        assert ran.returncode == 0, f"{arch} by {compiler}: unit tests\n{ran.stdout[-6000:]}"
        print(f"{arch} by {compiler}: {ran.stdout.strip().splitlines()[-1]} ({time.monotonic() - began:.0f} s)", flush=True)
    finally:
        shutil.rmtree(source, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("arch", choices=sorted(TRIPLETS))
    parser.add_argument("--release", default="trixie", choices=["bookworm", "trixie"])
    parser.add_argument("--cc", action="append", choices=["gcc", "clang"])
    parser.add_argument("--test", action="append", default=[], help="only this unit test: test_base64")
    parser.add_argument("--log", default=None, help="keeps the whole output there")
    options = parser.parse_args()
    path = Path(options.log or tempfile.mkstemp(prefix="lanpost-arch-", suffix=".log")[1])
    try:
        with open(path, "w", encoding="utf-8") as log:
            root = cross_root(options.release, options.arch, log)
            for name, reason in left_out(options.arch).items():
                print(f"{options.arch}: without {name}: {reason}", flush=True)
            for compiler in options.cc or ["gcc", "clang"]:
                try_compiler(root, options.arch, compiler, options.test, log)
    except Skipped as reason:
        print(f"try-arch: skipped: {reason} (see {path})")
        sys.exit(77)
    except AssertionError as fault:
        sys.exit(f"try-arch: {fault}\n(the whole output: {path})")
    if options.log is None:
        path.unlink()


main()
