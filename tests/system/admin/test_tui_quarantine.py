"""The screen Quarantine: messages are listed with the reason, safe to show, released and deleted."""
from filter.test_scanners import office
from harness.letters import letter
from harness.scanner import Rspamd
from harness.terminal import Terminal
from harness.waiting import until


def test_list_release_and_delete(make_gateway):
    letters = [letter(number=number, subject=subject, body="SCORE:20\n") for number, subject in enumerate(("first", "=?utf-8?q?=1B[2Jsecond?=", "third"))]
    gateway, _ = office(make_gateway, {"rs": Rspamd()}, letters)
    gateway.session()
    term = Terminal("-c", gateway.conf, width=140)
    try:
        term.wait("the gateway is running")
        term.keys("6").wait("The queue is empty")
        term.keys("0").wait("spam score 20.0", "first", "[2Jsecond", "third", "ivan")
        term.keys("Enter").wait("Kept:", "client@bank.ru")
        term.keys("Escape").wait(without=["Kept:"])
        term.keys("r").wait("Deliver 1 message")
        term.keys("y")
        until(lambda: len(gateway.files("ivan")) == 1, 30, "the released message")
        term.wait("second", without=["first"])
        term.keys("d").wait("Permanently delete 1 message")
        term.keys("y")
        until(lambda: len(gateway.files("_quarantine")) == 1, 30, "the deleted message")
        term.keys("Tab").wait(without=["third"])
    finally:
        term.close()
