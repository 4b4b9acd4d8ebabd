"""The process that asks the scanners holds no secret, opens nothing of the spool, and reaches only the ports of the scanners."""
import os

import pytest

from filter.test_scanners import office
from harness.processes import SANITIZED, descriptors, facts, holds
from harness.scanner import Clamd
from harness.waiting import until


def started(make_gateway):
    gateway, _ = office(make_gateway, {"av": Clamd()})
    pid = until(lambda: gateway.process_named("filter"), 15, "the filter process")
    until(lambda: "event=scanner-answers" in gateway.log(), 15, "the scanner's first answer")
    return gateway, pid


def test_it_is_bound(make_gateway):
    gateway, pid = started(make_gateway)
    seen = facts(pid)
    assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2"
    assert not [what for what in descriptors(pid).values() if what.startswith(str(gateway.spool))]


@pytest.mark.skipif(os.geteuid() != 0 or SANITIZED, reason="only root may look into another process's memory; sanitizers have terabytes of it")
def test_it_knows_no_secret(make_gateway):
    gateway, _ = office(make_gateway, {})
    gateway.accounts["office"]["password"] = "Pw-7account-secret"
    gateway.main["scanner av"] = {"url": Clamd().url}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    pid = until(lambda: gateway.process_named("filter"), 15, "the filter process")
    until(lambda: "event=scanner-answers" in gateway.log(), 15, "the scanner's first answer")
    assert not holds(pid, "Pw-7account-secret") and holds(gateway.process.pid, "Pw-7account-secret")
