"""A backup that somebody else made puts nothing outside of the two folders, and nothing but plain files into them."""
import gzip
import io
import stat
import tarfile

import pytest

CONFIG = b"[gateway]\nspool = /nowhere\n"


def member(name, kind=tarfile.REGTYPE, data=b"evil", link="", mode=0o6777):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.uid = kind, link, mode, 0
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, io.BytesIO(data) if kind == tarfile.REGTYPE else None


GOOD = member("config/lanpost.conf", data=CONFIG)
ARCHIVES = {
    "above": [member("../evil")], "above the spool": [member("spool/../../evil")], "absolute": [member("/tmp/lp-evil")],
    "above within": [member("spool/mailboxes/../../evil")], "dot": [member("spool/./evil")], "hidden": [member("spool/.evil")],
    "other folder": [member("other/evil")], "no folder": [member("evil")], "two slashes": [member("spool//evil")],
    "backslash": [member("spool\\..\\..\\evil")], "line end": [member("spool/a\nevil")], "escape": [member("spool/\x1b[2Jevil")],
    "long": [member("spool/" + "n" * 300)], "deep": [member("spool/" + "d/" * 50 + "evil")],
    "link out": [member("spool/out", tarfile.SYMTYPE, link="/tmp"), member("spool/out/lp-evil")],
    "link to the folder above": [member("spool/out", tarfile.SYMTYPE, link=".."), member("spool/out/evil")],
    "hard link": [member("spool/shadow", tarfile.LNKTYPE, link="/etc/passwd")],
    "hard link to a link": [member("spool/a", tarfile.SYMTYPE, link="/etc/passwd"), member("spool/b", tarfile.LNKTYPE, link="spool/a")],
    "device": [member("spool/null", tarfile.CHRTYPE)], "block device": [member("spool/sda", tarfile.BLKTYPE)], "fifo": [member("spool/fifo", tarfile.FIFOTYPE)],
    "folder for all": [member("spool/open", tarfile.DIRTYPE, mode=0o777)], "setuid": [member("spool/mailboxes/ivan/new/1", mode=0o4777)],
    "twice": [member("spool/a"), member("spool/a", data=b"other")], "file as folder": [member("spool/a"), member("spool/a/b")],
    "socket of the gateway": [member("spool/control.sock", tarfile.SYMTYPE, link="/tmp/lp-evil")],
}


def pack(members, path, compress=False):
    bytes_ = io.BytesIO()
    with tarfile.open(fileobj=bytes_, mode="w") as tar:
        for info, data in members:
            tar.addfile(info, data)
    path.write_bytes(gzip.compress(bytes_.getvalue()) if compress else bytes_.getvalue())


@pytest.fixture(scope="module")
def office(make_shared):
    return make_shared(users=["ivan"])


def look_at(folder, target):
    """Everything but the target is as it was; in the target there are plain files and folders for their owner (and group) alone."""
    for path in folder.rglob("*"):
        assert path.is_relative_to(target) or path.name == "evil.tar", path
        mode = path.lstat().st_mode
        assert stat.S_ISDIR(mode) or stat.S_ISREG(mode), path
        if stat.S_ISREG(mode) and path.name != "evil.tar":
            assert mode & 0o7137 == 0 and path.lstat().st_nlink == 1, (path, oct(mode))


@pytest.mark.parametrize("behind", [False, True], ids=["first", "behind a good file"])
@pytest.mark.parametrize("members", ARCHIVES.values(), ids=ARCHIVES.keys())
def test_nothing_gets_outside(office, folder, members, behind):
    for _, data in [GOOD, *members]:
        if data is not None:
            data.seek(0)
    pack([GOOD, *members] if behind else members, folder / "evil.tar", compress=behind)
    done = office.cli("restore", folder / "evil.tar", "--to", folder / "restored")
    assert done.returncode in (0, 1) and "\x1b" not in done.stderr
    look_at(folder, folder / "restored")
    assert not list(folder.parent.glob("lp-evil*"))


@pytest.mark.parametrize("bytes_", [b"", b"\0" * 10240, b"\x1f\x8b\x08", gzip.compress(b"\0" * 10240), b"PK\x03\x04", b"x" * 5000, b"070707" * 200,
                                    gzip.compress(b"\0" * (8 << 20))], ids=range(8))
def test_what_is_no_backup_is_refused(office, folder, bytes_):
    (folder / "evil.tar").write_bytes(bytes_)
    done = office.cli("restore", folder / "evil.tar", "--to", folder / "restored")
    assert done.returncode == 1 and done.stderr.startswith("lanpost:")
    look_at(folder, folder / "restored")
