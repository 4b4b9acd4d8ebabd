"""Fixtures of what the admin sees."""
import pytest

from harness.terminal import Terminal


@pytest.fixture
def terminal():
    """terminal(gateway, width=, height=, language=): the screens of a gateway, closed after the test."""
    opened = []

    def make(gateway, **settings):
        opened.append(Terminal("-c", gateway.conf, **settings))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
