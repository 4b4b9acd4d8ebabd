"""Keys of lanpost's screens as terminals spell them, whatever TERM says."""
import pytest

from harness.terminal import Terminal
from harness.waiting import until


@pytest.fixture(params=["tmux-256color", "xterm", "linux", "vt100", "screen-256color"])
def term(request, make_gateway):
    gateway = make_gateway(users={f"user{number:02}": {} for number in range(40)})
    term = Terminal("-c", gateway.conf, term=request.param)
    term.wait("the gateway is running")
    term.gateway = gateway
    yield term
    term.close()


def press(term, bytes_):
    return term.bytes(*bytes_)


def test_every_spelling_does_what_stands_on_the_cap(term):
    for screen, text in ((b"\033OR", "user00"), (b"\033[13~", "user00"), (b"\033[[C", "user00")):  # F3
        term.keys("2").wait("the gateway is running", without=["user00"])
        press(term, screen).wait(text)
    for end in (b"\033[4~", b"\033[F", b"\033OF", b"\033[8~", b"\033[1;5F"):
        press(term, b"\033[1~").wait("user00", without=["user39"])
        press(term, end).wait("user39", without=["user00"])
    for home in (b"\033[1~", b"\033[H", b"\033OH", b"\033[7~"):
        press(term, b"\033[4~").wait("user39", without=["user00"])
        press(term, home).wait("user00", without=["user39"])
    for help_ in (b"\033OP", b"\033[11~", b"\033[[A"):
        press(term, help_).wait("Everywhere:")
        press(term, b"\033").wait(without=["Everywhere:"])


def test_what_is_not_known_does_nothing(term):
    users = (term.gateway.folder / "users.conf").read_text()
    term.keys("F3").wait("user00", "MESSAGES", "0 B")  # what is in the mailboxes is known a moment later
    before = term.screen()
    for unknown in (b"\0339", b"\033d", b"\033a", b"\033[1;5P", b"\033[25~", b"\033[1;5q", b"\033[?1;2c", b"\033[99;9~",
                    b"\033Oz", b"\033[[z", b"\033[97;5u", b"\033]0;dq\007", b"\033P1$r0q\033\\", b"\033[200~", b"\033[3$"):
        press(term, unknown)
    for arrow in (b"\033[1;5C", b"\033Oc", b"\033[5C", b"\033\033[C", b"\033\033OD"):  # by words, where there are some
        press(term, arrow)
    press(term, b"\033[B")
    term.wait("user00")
    until(lambda: term.screen("-e") != before, what="the second row to be selected")
    assert term.screen() == before, term.screen()
    assert (term.gateway.folder / "users.conf").read_text() == users
    term.keys("Enter").wait("user01")
    for unknown in (b"\033[25~", b"\033x", b"\033[1;6P"):  # in a form they are neither Esc nor text
        press(term, unknown)
    press(term, b"\033").wait(without=["full_name"])
    term.keys("q")
    term.wait_end()
