"""lanpost demo shows a whole session, and leaves nothing behind however it ends."""
import glob
import re
import signal
import subprocess

import pytest

from harness.gateway import BUILD, environment
from harness.waiting import answers, descendants, is_alive, until


def test_once_goes_through_and_cleans_up(folder):
    done = subprocess.run([BUILD / "lanpost", "demo", "--once"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=110, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Счёт на оплату" in done.stdout and "rule invoices" in done.stdout
    assert "From: anna@example.ru" in done.stdout  # left under the external alias
    assert "Договор подписан" in done.stdout  # the daemon's session
    assert f": {BUILD}/lanpost -c /tmp/lanpost-demo-" in done.stdout  # as it was called: it need not be installed
    place = re.search(r"/tmp/lanpost-demo-\w+", done.stdout)[0]
    assert not glob.glob(place)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_stays_until_interrupted_and_then_cleans_up(number):
    process = subprocess.Popen([BUILD / "lanpost", "demo"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, env=environment())
    shown = ""
    while "Ctrl-C" not in shown:
        line = process.stdout.readline()
        assert line, shown
        shown += line
    port = int(re.search(r"POP3  127\.0\.0\.1  port (\d+)", shown)[1])
    assert answers(port, b"+OK")
    children = descendants(process.pid)
    assert len(children) >= 4  # two gateways, two LAN servers
    process.send_signal(number)
    assert process.wait(90) == 0
    process.stdout.close()
    until(lambda: not any(is_alive(pid) for pid in children), 5, "the gateways to be gone")
    assert not glob.glob(re.search(r"/tmp/lanpost-demo-\w+", shown)[0])
