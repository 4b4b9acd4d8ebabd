"""The screens of lanpost in a terminal (tmux): keys go in, what is seen is read."""
import re

import pytest

from harness.waiting import until

SIZES = [(80, 24), (200, 50)]
WORDS = {  # what the tests look for
    "en": {"running": "the gateway is running", "down": "the gateway is not running", "fetched": "fetched 0, sent 0",
           "held": "held", "to send": "to send", "empty": "The queue is empty", "recipient": "RECIPIENT",
           "delivered": "delivered", "subject": "Subject: ", "no users": "there are no users yet", "help": "Everywhere:",
           "yes": "Yes, permanently delete"},
    "ru": {"running": "шлюз работает", "down": "шлюз не работает", "fetched": "получено 0, отправлено 0",
           "held": "придержано", "to send": "к отправке", "empty": "Очередь пуста", "recipient": "ПОЛУЧАТЕЛЬ",
           "delivered": "доставлено", "subject": "Тема: ", "no users": "пользователей ещё нет", "help": "Везде:",
           "yes": "Да, удалить безвозвратно"},
}


@pytest.fixture(params=["en", "ru"])
def language(request):
    return request.param


@pytest.fixture(params=SIZES, ids=lambda size: "%dx%d" % size)
def size(request):
    return request.param


def office(make_gateway, **settings):
    """A gateway whose smarthost does not answer, with a letter in the queue and one delivered."""
    gateway = make_gateway(users={"ivan": {"full_name": "Иван Петров", "external_alias": "ivan@example.ru"}, "anna": {}},
                           smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}}, **settings)
    gateway.send("ivan@office.lan", ["kunde@example.ru"], "Subject: Offer 7\r\n\r\nHello\r\n")
    gateway.send("ivan@office.lan", ["anna@office.lan"], "Subject: Lunch\r\n\r\nAt one?\r\n")
    return gateway


def test_overview_queue_and_journal(make_gateway, terminal, language, size):
    words = WORDS[language]
    gateway = office(make_gateway)
    term = terminal(gateway, width=size[0], height=size[1], language=language)
    term.wait(words["running"], "gw.office.lan")
    assert all(len(line) <= size[0] for line in term.lines())
    term.keys("s").wait("default", words["fetched"])  # a session, which fails, and says so
    term.keys("g").wait("127.0.0.1:1")
    term.keys("F6").wait("kunde@", "Offer 7")
    term.keys("h").wait(words["held"])
    until(lambda: gateway.queued_files("hold"), what="the letter on hold")
    term.keys("u").wait(words["to send"])  # undo
    until(lambda: gateway.queued_files("active"), what="the letter to be let go")
    term.keys("Enter").wait(words["recipient"], "kunde@example.ru")
    term.keys("Escape").wait("Offer 7", without=[words["recipient"]])
    term.keys("d").wait(words["yes"])
    term.keys("Enter")  # the answer that is offered is no
    term.wait("Offer 7", without=[words["yes"]])
    assert gateway.queue()
    term.keys("d").wait(words["yes"])
    term.keys("Down", "Enter").wait(words["empty"])
    assert not gateway.queue()
    term.keys("F8").wait("Lunch", words["delivered"])
    term.keys("/").type("lunch")
    term.wait("Lunch", without=["Offer 7"])
    term.keys("Enter", "Enter").wait(words["subject"] + "Lunch")
    term.keys("Escape").wait(without=[words["subject"]])
    term.keys("F1").wait(words["help"])
    term.keys("Escape").wait(without=[words["help"]])
    term.keys("q")
    term.wait_end()


def test_gateway_that_is_down_is_said_so_and_started(make_gateway, terminal, language):
    words = WORDS[language]
    gateway = make_gateway(start=False, sections={"schedule": {"every": "1h"}})
    term = terminal(gateway, language=language)
    term.wait(words["down"], words["no users"])
    term.keys("b").wait(words["running"], without=[words["down"]])
    pid = gateway.status()["gateway"]["pid"]
    assert gateway.cli("stop").returncode == 0
    term.wait(words["down"])
    assert pid


def test_letters_work_with_a_cyrillic_keyboard_and_the_mouse(make_gateway, terminal):
    gateway = office(make_gateway)
    term = terminal(gateway)
    term.wait("the gateway is running")
    term.click_on("6Queue").wait("Offer 7")
    term.type("р").wait("held")  # the key of h
    term.click_on("Help").wait("Everywhere:")
    term.keys("Escape").wait(without=["Everywhere:"])


def test_no_text_harms_the_terminal(make_gateway, terminal):
    gateway = office(make_gateway)
    nasty = "Subject: =?utf-8?b?G10wO293bmVkBxtbMkobWzMxbWhpwpsyMDs=?=\r\n\r\n\x1b[2Jx\r\n"  # ESC ]0;owned BEL ESC[2J ...
    gateway.send("ivan@office.lan", ["nasty@example.ru"], nasty)
    term = terminal(gateway, width=200, height=50)
    term.keys("F6").wait("nasty@example.ru", "Offer 7", "owned")
    assert "owned" not in term.tmux("display-message", "-p", "#{pane_title}")
    term.keys("End", "Enter").wait("RECIPIENT")
    term.keys("Escape").keys("F8").wait("owned", "Lunch")


def test_window_changes_its_size(make_gateway, terminal):
    gateway = office(make_gateway)
    term = terminal(gateway)
    term.keys("F6").wait("Offer 7")
    term.resize(120, 40)
    until(lambda: "F10" in term.screen().rstrip("\n").split("\n")[-1] and len(term.screen().rstrip("\n").split("\n")) == 40,
          what="the keys in the last line")
    term.resize(60, 12)
    term.wait("Offer 7")
    term.resize(20, 5)
    term.wait("too")
    term.resize(80, 24)
    term.wait("Offer 7")


@pytest.mark.parametrize("settings", [{"term": "vt100"}, {"env": {"NO_COLOR": "1"}}], ids=["vt100", "NO_COLOR"])
def test_terminal_without_colours(make_gateway, terminal, settings):
    gateway = office(make_gateway)
    term = terminal(gateway, **settings)
    term.wait("the gateway is running")
    assert not re.search(r"\x1b\[[0-9;]*\b[34][0-7]\b", term.screen("-e"))
    term.keys("6").wait("Offer 7")


def test_terminal_that_can_show_nothing(make_gateway, terminal):
    gateway = make_gateway(start=False)
    term = terminal(gateway, term="dumb")
    term.wait("TERM=dumb")
    term.wait_end(1)
