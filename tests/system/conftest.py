"""Fixtures of the system tests: a short-lived folder a test, kept with all logs only when the test fails."""
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for tests that run their own file in a namespace

from harness.dovecot import Dovecot
from harness.gateway import Gateway
from harness.postfix import Postfix
from harness.terminal import Terminal


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.has_failed = True


@pytest.fixture
def folder(request):
    """Short on purpose (a socket's path has 108 bytes), and open to Dovecot's and Postfix's users."""
    path = Path(tempfile.mkdtemp(prefix="lp-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    if getattr(request.node, "has_failed", False):
        print(f"the folder of this test is kept: {path}", file=sys.stderr)
    else:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def dovecot(folder):
    """A provider with the mailboxes `office` and `branch`, password `provider-pw`."""
    server = Dovecot(folder, {"office": "provider-pw", "branch": "provider-pw"}).start()
    yield server
    server.stop()


@pytest.fixture
def postfix(folder, dovecot):
    """A smarthost where Dovecot's users may log in, over TLS only."""
    server = Postfix(folder, dovecot.sasl).start()
    yield server
    server.close()


@pytest.fixture
def make_gateway(folder):
    """make_gateway(...) writes the configuration of a Gateway, starts it, and ends it after the test."""
    made = []

    def make(start=True, **settings):
        gateway = Gateway(folder, name=f"gw{len(made)}" if made else "gw", **settings)
        made.append(gateway)
        return gateway.start() if start else gateway

    yield make
    try:
        for gateway in made:
            gateway.stop()  # each one ends cleanly on SIGTERM, in every test
    finally:
        for gateway in made:
            gateway.abandon()


@pytest.fixture
def account(dovecot):
    """Keys of an [account] that fetches Dovecot's mailbox `office` over TLS."""
    return {"url": f"pop3s://127.0.0.1:{dovecot.tls_port}", "user": "office", "password": "provider-pw",
            "ca_file": dovecot.ca}


@pytest.fixture
def smarthost(postfix):
    """Keys of a [smarthost] that sends through Postfix with STARTTLS and a login."""
    return {"url": f"smtp://127.0.0.1:{postfix.port}", "tls": "required", "user": "branch",
            "password": "provider-pw", "ca_file": postfix.ca}


@pytest.fixture
def terminal():
    """terminal(gateway, *words, width=, height=, language=): the screens of a gateway, or a verb in a terminal; closed after the test."""
    opened = []

    def make(gateway, *words, **settings):
        opened.append(Terminal("-c", gateway.conf, *words, **settings))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
