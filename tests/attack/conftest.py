"""Attacks on a running gateway, with the fixtures and servers of the system tests.

What each of them must not get is in its name. They are short: no attack needs load or luck.
"""
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

SYSTEM = Path(__file__).resolve().parents[1] / "system"
sys.path.insert(0, str(SYSTEM))
spec = importlib.util.spec_from_file_location("system_conftest", SYSTEM / "conftest.py")
sys.modules["system_conftest"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["system_conftest"])

from system_conftest import folder, make_gateway, pytest_runtest_makereport  # noqa: F401, E402

from harness.gateway import Gateway  # noqa: E402


@pytest.fixture(scope="module")
def make_shared():
    """make_shared(...) is a gateway for all tests of a file: for many probes that leave nothing behind."""
    path = Path(tempfile.mkdtemp(prefix="lp-", dir="/tmp"))
    path.chmod(0o755)
    made = []

    def make(**settings):
        made.append(Gateway(path, name=f"gw{len(made)}", **settings).start())
        return made[-1]

    yield make
    try:
        for gateway in made:
            gateway.stop()
    finally:
        for gateway in made:
            gateway.abandon()
        shutil.rmtree(path, ignore_errors=True)
