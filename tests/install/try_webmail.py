#!/usr/bin/env python3
"""docs/webmail.md, word by word, in a clean Debian: its commands, then a login and the list of messages by HTTPS.

try_webmail.py [bookworm|trixie]: needs root, the network of apt, and a build of this machine's release. Nothing is left behind but the cached
roots (roots.py). Exit 77: cannot be tried here.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "system")]

from roots import SOURCE, Skipped, System, copy_source, in_chroot, ready_root  # noqa: E402

BLOCKS = re.findall(r"^```sh\n(.*?)^```", (SOURCE / "docs/webmail.md").read_text(), re.S | re.M)
QUIET = "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; apt-get update -q; "
BROWSE = r"""
import http.cookiejar, re, smtplib, ssl, sys, urllib.parse, urllib.request
smtplib.SMTP("localhost").sendmail("ivan@office.lan", ["ivan@office.lan"], "Subject: first by webmail\r\n\r\nhello\r\n")
context = ssl._create_unverified_context()
opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
read = lambda query, data=(): opener.open("https://localhost/mail/" + query, urllib.parse.urlencode(data).encode() or None, 60)
page = read("").read().decode()
token = re.search('name="_token" value="([^"]+)"', page)[1]
answer = read("?_task=login", {"_task": "login", "_action": "login", "_user": "ivan", "_pass": sys.argv[1], "_token": token, "_url": ""})
assert "_task=mail" in answer.geturl(), answer.geturl()
listed = read("?_task=mail&_mbox=INBOX&_action=list&_remote=1").read().decode()
assert "first by webmail" in listed, listed
print("logged in, and the message is listed")
"""


def install(lower, folder, log):
    """The packages, with the machine's network; none of them starts. Returns the root."""
    for name in ("upper", "scratch", "root"):
        (folder / name).mkdir()
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={folder}/upper,workdir={folder}/scratch",
                    folder / "root"], check=True)
    in_chroot(folder / "root", QUIET + BLOCKS[0].replace("sudo ", "") + "rm /usr/sbin/policy-rc.d; apt-get clean", log)
    return folder / "root"


def configure(root, log):
    system = System(root, log)
    copy_source(system.folder / "upper/root/lanpost", SOURCE)
    system.write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 gw\n")
    system.write("/etc/hostname", "gw\n")
    system.start()
    system.run("cd lanpost; make install", timeout=900)
    system.run("printf '[gateway]\\nlocal_domain = office.lan\\nhostname = gw.office.lan\\n' > /etc/lanpost/lanpost.conf")
    system.run("/usr/local/bin/lanpost user add ivan", stdin="geheim-42\ngeheim-42\n")
    system.run("systemctl enable --now lanpost; for i in $(seq 50); do /usr/local/bin/lanpost status && break; sleep 0.2; done")
    system.run(BLOCKS[1], timeout=120)
    return system


def browse(system):
    """With this machine's Python, in the network of the system."""
    done = subprocess.run(["nsenter", "-t", str(system.pid), "-n", sys.executable, "-", "geheim-42"], input=BROWSE, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main():
    release = sys.argv[1] if len(sys.argv) > 1 else re.search(r"(?m)^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())[1]
    if os.geteuid() != 0:
        raise Skipped("not root")
    path = Path(tempfile.mkstemp(prefix="lanpost-webmail-", suffix=".log")[1])
    with open(path, "w", encoding="utf-8") as log, tempfile.TemporaryDirectory(prefix="lanpost-webmail-") as folder:
        lower, system = ready_root(release, log), None
        Path(folder).chmod(0o755)
        try:
            system = configure(install(lower, Path(folder), log), log)
            print(release, browse(system), end="")
        finally:
            if system is not None:
                system.stop()
            subprocess.run(["umount", "-l", Path(folder) / "root"], check=False)
    path.unlink()


try:
    main()
except Skipped as reason:
    print(f"try-webmail: skipped: {reason}")
    sys.exit(77)
