"""Several processes that come to a new or a damaged state.db at once."""
import fcntl
import os
import subprocess
import time

from harness.gateway import BUILD, environment


def test_all_who_open_a_new_state_at_once_can(make_gateway):
    gateway = make_gateway(start=False, users=["ivan"])
    gateway.spool.mkdir()
    for _ in range(8):
        for path in gateway.spool.glob("state.db*"):
            path.unlink()
        seekers = [subprocess.Popen([BUILD / "lanpost", "-c", gateway.conf, "trace", "--json", "x"], env=environment(),
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
        for seeker in seekers:
            out, err = seeker.communicate(timeout=90)
            assert (seeker.returncode, out.strip()) == (0, "[]"), err


def test_who_opens_the_state_waits_for_his_turn(make_gateway):
    gateway = make_gateway(start=False, users=["ivan"])
    gateway.spool.mkdir()
    folder = os.open(gateway.spool, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    seeker = subprocess.Popen([BUILD / "lanpost", "-c", gateway.conf, "trace", "--json", "x"], env=environment(),
                              stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    assert seeker.poll() is None and not (gateway.spool / "state.db").exists()
    os.close(folder)
    assert seeker.wait(90) == 0


def test_a_damaged_state_is_set_aside_once(make_gateway):
    gateway = make_gateway(start=False, users=["ivan"])
    gateway.spool.mkdir()
    (gateway.spool / "state.db").write_bytes(b"scribble" * 1000)
    gateway.start()
    gateway.session()
    assert "lan-failed" not in gateway.log() and "database is locked" not in gateway.log()
    assert len(list(gateway.spool.glob("state.db.corrupt-*"))) == 1
    report, = gateway.mailbox("postmaster")
    assert b"state.db" in report
