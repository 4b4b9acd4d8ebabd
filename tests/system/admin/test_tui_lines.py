"""Several lines on the screens: shown, changed, added and removed in the settings; the overview names the one that was used."""
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.waiting import until


def text_of(gateway):
    return "\n".join(path.read_text() for path in gateway.folder.glob("*.conf"))


def test_lines_are_shown_changed_added_and_removed(make_gateway, terminal):
    gateway = make_gateway(users={"anna": {}}, sections={"line gsm": {"order": "7", "price_per_mb": "3.5"}})
    gateway.session()
    term = terminal(gateway)
    term.wait("line gsm")  # of the last session
    term.keys("F9").wait("hostname")
    term.keys("/").type("order")
    term.wait("7", without=["hostname"])
    term.keys("Enter").wait("[line gsm] order = 7")
    term.keys("Enter").wait("[line gsm] order")
    term.keys("C-u").type("8")
    term.keys("C-s").wait("[line gsm] order = 8")
    assert "order = 8\n" in text_of(gateway)
    term.keys("e").wait("Price of a megabyte", "3.5")
    term.keys("Escape").wait("SETTING")
    term.keys("a").wait("A line to the internet")
    term.keys("Down", "Down", "Down", "Enter").wait("Name", "Order")
    term.type("sat").keys("C-s").wait("[line sat] would be empty")
    term.type("true")  # its command
    term.keys("C-s").wait("[line sat]", without=["would be empty"])
    assert "[line sat]" in text_of(gateway)
    term.keys("d").wait("Remove the section [line sat]")
    term.keys("Down", "Enter")
    until(lambda: "[line sat]" not in text_of(gateway), 30, "the section to be gone")
    assert "[line gsm]" in text_of(gateway)


def test_the_overview_names_the_limit_that_keeps_mail_back(make_gateway, terminal):
    server = MisbehavingPop3([letter(number=1)])
    gateway = make_gateway(users={"anna": {}}, sections={"line": {"max_bytes_per_day": "100"}},
                           accounts={"sales": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y"}})
    gateway.session()
    terminal(gateway).wait("Nothing is fetched until the next day: max_bytes_per_day is", "reached")
    server.stop()
