"""What a line may carry, and what it costs: limits of days and months, a rate, prices, and the plan of a session."""
import collections
import json
import sqlite3
import time

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox
from harness.sink import Sink
from harness.waiting import until

USERS = {"ivan": {"external_alias": "ivan@example.ru"}}


def office_at(make_gateway, dovecot, line, scheme="imap", **keys):
    port = dovecot.imap_port if scheme == "imap" else dovecot.port
    return make_gateway(users=USERS, sections={"line": line},
                        accounts={"a": {"url": f"{scheme}://127.0.0.1:{port}", "tls": "none", "user": "office",
                                        "password": "provider-pw", **keys}})


def a_day_passes(office, key="line-use"):
    office.stop()
    with sqlite3.connect(office.spool / "state.db") as state:
        (value,), = state.execute("SELECT text FROM value WHERE key = ?", (key,))
        numbers = value.split()
        state.execute("UPDATE value SET text = ? WHERE key = ?", (" ".join(["20200101", *numbers[1:]]), key))
    state.close()
    office.start()


def test_a_day_and_its_limit(make_gateway, dovecot):
    for n in range(1, 6):
        dovecot.deliver("office", letter(number=n, body="a line of text\n" * 700))
    office = office_at(make_gateway, dovecot, {"max_bytes_per_day": "30K"}, compress="no")
    said = office.session().stdout
    first = sum(in_mailbox(office, "ivan").values())
    assert 0 < first < 5 and "max_bytes_per_day" in said
    account, = office.status()["accounts"]
    assert account["left"] == 5 - first and f"{5 - first} messages wait for the next day: max_bytes_per_day is reached" in office.cli("status").stdout
    for _ in range(2):
        said = json.loads(office.session("--json").stdout)  # not even a login, when nothing is left
    assert said["line_received"] == 0 and sum(in_mailbox(office, "ivan").values()) < 5
    account, = office.status()["accounts"]
    assert account["left"] == 5 - sum(in_mailbox(office, "ivan").values())  # who was not asked has it still
    for _ in range(5):
        a_day_passes(office)
        office.session()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 6)) and dovecot.left("office") == []


def test_what_comes_has_limits_of_its_own(make_gateway, dovecot):
    for n in range(1, 6):
        dovecot.deliver("office", letter(number=n, body="a line of text\n" * 700))
    office = office_at(make_gateway, dovecot, {"max_received_per_month": "30K", "max_sent_per_day": "1G"}, compress="no")
    planned = json.loads(office.session("--plan", "--json").stdout)
    account, = planned["accounts"]
    assert 0 < account["messages"] < 5 and account["held"] == 5 - account["messages"] and account["held_by"] == "max_received_per_month"
    assert "messages wait for the next month: max_received_per_month is reached" in office.session("--plan").stdout
    done = json.loads(office.session("--json").stdout)
    came = sum(in_mailbox(office, "ivan").values())
    assert abs(came - account["messages"]) <= 1  # the plan has had its price
    assert done["fetch_limit"] == "max_received_per_month" and done["limit_reached"] is True and done["send_limit"] is None
    assert f"{5 - came} messages wait for the next month: max_received_per_month is reached" in office.cli("status").stdout
    assert "until the next month" in office.session().stdout


@pytest.fixture
def sink():
    server = Sink()
    yield server
    server.stop()


def test_what_is_sent_has_limits_of_its_own(make_gateway, dovecot, sink):
    """What they keep back stays in the queue, goes out when they allow it, and is named; mail comes as before."""
    dovecot.deliver("office", letter(number=9))
    office = make_gateway(users=USERS, sections={"line": {"max_sent_per_day": "40K"}, "schedule": {"urgent_users": "ivan"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}},
                          accounts={"a": {"url": f"imap://127.0.0.1:{dovecot.imap_port}", "tls": "none", "user": "office", "password": "provider-pw"}})
    for n in range(1, 6):
        office.send("ivan@office.lan", ["client@bank.ru"], letter(number=n, sender="ivan@office.lan", body="a line of text\n" * 700))
    until(lambda: len(office.queued_files()) == 5, 60, "the queue")
    plan = json.loads(office.session("--plan", "--json").stdout)
    assert plan["send_messages"] == 3 and plan["send_held"] == 2 and plan["send_held_bytes"] > 20_000
    assert "2 messages" in office.session("--plan").stdout
    done = json.loads(office.session("--json").stdout)
    assert done["send_limit"] == "max_sent_per_day" and not done["failed"] and done["limit_reached"] is False
    assert len(sink.letters) == 3 and len(office.queued_files()) == 2 and in_mailbox(office, "ivan") == collections.Counter([9])
    assert said_by(office) == "Mail waits in the queue until the next day: max_sent_per_day is reached"
    assert office.cli("status", language="ru").stdout.count("Письма ждут в очереди до следующего дня: достигнут предел max_sent_per_day") == 1
    waiting = office.queue()
    assert {entry["limit"] for entry in waiting} == {"waits until the next day: max_sent_per_day is reached"}
    assert "waits until the next day: max_sent_per_day" in office.cli("queue", "show", waiting[0]["id"]).stdout
    assert "waits until the next day: max_sent_per_day" in office.cli("trace", waiting[0]["id"]).stdout
    assert "Mail waits in the queue until the next day" in office.cli("queue", "list").stdout
    office.send("ivan@office.lan", ["client@bank.ru"], b"Priority: urgent\r\n" + letter(number=7, sender="ivan@office.lan"))
    until(lambda: len(office.queued_files()) == 3, 60, "the urgent message")
    assert "event=urgent-message" not in office.log()  # it would be in vain
    while json.loads(office.session("--json").stdout)["sent"] > 0:  # one message in any case, while something is left of the day
        pass
    sent, connections = len(sink.letters), len(sink.connections)
    assert sent < 6 and json.loads(office.session("--json").stdout)["sent"] == 0 and len(sink.connections) == connections
    for key in ("line-use", "line-use-ways"):
        a_day_passes(office, key)
    office.session()
    until(lambda: office.queued_files() == [], 60, "the rest")
    assert len(sink.letters) == 6


def test_urgent_mail_is_not_kept_back_by_a_plan_nor_by_a_limit_of_before(make_gateway, sink):
    office = make_gateway(users=USERS, sections={"line": {"max_sent_per_day": "40K"}, "schedule": {"urgent_users": "ivan"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}})

    def send(number, urgent=b""):
        office.send("ivan@office.lan", ["client@bank.ru"], urgent + letter(number=number, sender="ivan@office.lan", body="a line of text\n" * 700))

    for n in range(1, 6):
        send(n)
    until(lambda: len(office.queued_files()) == 5, 60, "the queue")
    assert json.loads(office.session("--plan", "--json").stdout)["send_held"] == 2  # it has met no limit, it only sees one
    send(6, b"Priority: urgent\r\n")
    until(lambda: (office.status()["session"]["last"] or {}).get("send_limit") == "max_sent_per_day", 90, "the session that it starts")
    assert office.log().count("event=urgent-message") == 1 and len(sink.letters) == 3
    until(lambda: not office.status()["session"]["running"], 90, "its end")
    office.main["line"]["max_sent_per_day"] = "1G"
    office.write()
    assert office.cli("reload").returncode == 0
    send(7, b"Priority: urgent\r\n")
    until(lambda: len(sink.letters) == 7 and office.queued_files() == [], 90, "the rest")


def said_by(office):
    limit, = office.status()["limits"]
    return limit["text"]


@pytest.fixture
def dialled(make_gateway, dovecot, sink, folder):
    """An office whose line is connected on demand, with a day's limit that one session uses up."""
    dovecot.deliver("office", letter(number=1, body="a line of text\n" * 700))
    office = make_gateway(users=USERS, sections={"line": {"max_bytes_per_day": "8K", "connect_command": f"echo up >> {folder}/calls",
                                                          "disconnect_command": f"echo down >> {folder}/calls", "price_per_session": "1"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}},
                          accounts={"a": {"url": f"imap://127.0.0.1:{dovecot.imap_port}", "tls": "none", "user": "office", "password": "provider-pw",
                                          "compress": "no"}})
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1])
    office.calls = lambda: (folder / "calls").read_text().split()
    return office


def test_the_line_stays_down_when_there_is_nothing_that_may_be_done(dialled, dovecot, sink):
    office = dialled
    assert office.calls() == ["up", "down"]
    dovecot.deliver("office", letter(number=2))
    paid = office.status()["usage"]
    done = json.loads(office.session("--json").stdout)
    assert "The line was not connected. Nothing is fetched until the next day: max_bytes_per_day is reached" in done["note"] and not done["failed"]
    assert "price" not in done and office.status()["usage"] == paid, "it has cost nothing"
    assert "The line was not connected" in office.session().stdout
    assert "The line was not connected" in office.cli("trace", done["session"]).stdout
    assert said_by(office) == "Nothing is fetched until the next day: max_bytes_per_day is reached"
    assert "Nothing is fetched until the next day: max_bytes_per_day is reached" in office.cli("status").stdout
    office.send("ivan@office.lan", ["daemon"], b"Subject: go\r\n\r\n")
    until(lambda: any(b"The line was not connected" in mail for mail in office.mailbox("ivan")), 60, "the report")
    office.send("ivan@office.lan", ["daemon"], b"Subject: status\r\n\r\n")
    until(lambda: any(b"\r\nNothing is fetched until the next day" in mail for mail in office.mailbox("ivan")), 60, "the state")
    assert office.calls() == ["up", "down"]
    office.send("ivan@office.lan", ["client@bank.ru"], letter(number=3, sender="ivan@office.lan"))
    until(office.queued_files, 60, "the queue")
    office.session()
    assert office.calls() == ["up", "down"] * 2 and len(sink.letters) == 1, "mail is still sent"
    office.main["line"]["max_bytes_per_day"] = "1M"
    office.write()
    assert office.cli("reload").returncode == 0 and office.status()["limits"] == []
    office.session()
    assert any(b"<2.test@" in mail for mail in office.mailbox("ivan")) and office.calls() == ["up", "down"] * 3


def test_a_plan_that_may_look_at_nothing_connects_nothing(dialled):
    assert "The line was not connected" in dialled.session("--plan").stdout
    assert dialled.calls() == ["up", "down"]


def test_small_messages_come_before_a_large_one(make_gateway, dovecot):
    dovecot.deliver("office", letter(number=1, body="a line of text\n" * 40_000))
    for n in range(2, 8):
        dovecot.deliver("office", letter(number=n))
    office = office_at(make_gateway, dovecot, {"max_bytes_per_session": "100K"}, compress="no")
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter(range(2, 8))
    office.session()  # the first of its session comes in any case
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 8))


def flood(server, event_of_the_list, line):
    """The list of messages does not end; what the line has carried then is in the office's status."""
    def act(event, argument, connection):
        if event != event_of_the_list or "BODY" in argument:
            return None
        connection.say("+OK" if isinstance(server, MisbehavingPop3) else "* OK")
        try:
            for n in range(1, 1_000_000, 100):
                connection.raw(b"".join(line % (i, i) for i in range(n, n + 100)))
        except OSError:
            pass
        return True

    server.misdeed = act


@pytest.mark.parametrize("kind, event, line", [(MisbehavingPop3, "UIDL", b"%d uidl-of-a-message-%d\r\n"), (MisbehavingPop3, "LIST", b"%d %d\r\n"),
                                               (MisbehavingImap, "UID FETCH", b"* %d FETCH (UID %d RFC822.SIZE 500 FLAGS ())\r\n")])
def test_a_list_without_end_ends_at_the_limit(make_gateway, kind, event, line):
    server = kind([letter(number=1), letter(number=2)])
    scheme = "pop3" if kind is MisbehavingPop3 else "imap"
    office = make_gateway(users=USERS, sections={"line": {"max_bytes_per_session": "300K"}},
                          accounts={"a": {"url": f"{scheme}://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", "keep_on_server": "yes"}})
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2])
    flood(server, event, line)
    done = json.loads(office.cli("session", "--json").stdout)
    assert done["failed"] and done["fetch_limit"] == "max_bytes_per_session" and 300_000 < done["line_received"] < 1_000_000
    said = "its list of messages alone exceeds max_bytes_per_session"
    assert said in done["accounts"][0]["error"] and said in office.cli("status").stdout
    server.misdeed = lambda event, argument, connection: None
    if scheme == "pop3":
        server.messages.append(letter(number=3))
        server.uidls.append("another")
    else:
        server.messages[max(server.messages) + 1] = letter(number=3)
    office.session()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3]), "what was seen is still known"
    server.stop()


def test_what_is_known_may_be_listed_in_any_case(make_gateway):
    """Else an account that keeps its mail on the server would never be fetched again."""
    server = MisbehavingPop3([letter(number=n) for n in range(1, 1201)])
    server.uidls = [f"{n}-{'u' * 60}" for n in range(1, 1201)]
    office = make_gateway(users=USERS, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y",
                                                       "keep_on_server": "yes"}})
    office.session()
    office.main["line"] = {"max_bytes_per_session": "20K"}
    office.write()
    office.cli("reload")
    server.messages.append(letter(number=2000))
    server.uidls.append("new")
    done = json.loads(office.session("--json").stdout)
    assert done["line_received"] > 90_000 and in_mailbox(office, "ivan")[2000] == 1
    server.stop()


def test_the_rate_is_kept_by_all_accounts_together(make_gateway, dovecot):
    for user in ("office", "branch"):
        dovecot.deliver(user, letter(number=1 if user == "office" else 2, body="a line of text\n" * 10_000))
    office = office_at(make_gateway, dovecot, {"max_rate": "100K"}, compress="no")
    office.accounts["b"] = {**office.accounts["a"], "user": "branch"}
    office.write()
    office.cli("reload")
    begun = time.monotonic()
    office.session()
    assert time.monotonic() - begun > 2.5  # 300 KiB
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2])


def test_a_plan_fetches_nothing_and_names_the_price(make_gateway, dovecot):
    messages = [letter(number=1), letter(number=2, body="a line of text\n" * 3000)]
    for message in messages:
        dovecot.deliver("office", message)
    dovecot.deliver("office", letter(number=3, body="a line of text\n" * 30_000))
    office = office_at(make_gateway, dovecot, {"price_per_mb": "10", "price_per_session": "0.5", "price_per_minute": "0"}, max_size="200K")
    office.send("ivan@office.lan", ["client@bank.ru"], "Subject: out\r\n\r\ntext\r\n")
    until(lambda: len(office.queued_files()) == 1, 10, "the queue")
    plan = json.loads(office.session("--plan", "--json").stdout)
    assert plan["messages"] == 3 and plan["send_messages"] == 1 and plan["send_bytes"] > 20 and plan["accounts"][0]["name"] == "a"
    size = sum(map(len, messages))
    assert size < plan["bytes"] < size + 20_000  # and the beginning of the large one
    assert abs(plan["price"] - (0.5 + 10 * (plan["bytes"] + plan["send_bytes"]) / (1 << 20))) < 0.01
    assert office.files("ivan") == [] and len(dovecot.left("office")) == 3 and len(office.queued_files()) == 1
    said = office.session("--plan").stdout
    assert "Account a: 3 messages to fetch" in said and "Price: " in said and "larger than max_size" in said
    assert office.status()["session"]["last"] is None or office.status()["session"]["last"].get("session") is None
    real = json.loads(office.cli("session", "--fetch-only", "--json").stdout)
    assert real["price"] > 0.5 and len(office.files("ivan")) == 3
    assert "Price" not in office.cli("session", "--plan", "--no-wait").stdout


def hours_around(seconds):
    """The range of hours that lies two hours around that moment."""
    return "-".join(time.strftime("%H:%M", time.gmtime(time.time() + seconds + side * 7200)) for side in (-1, 1))


def test_a_limit_of_size_by_hours(make_gateway, dovecot):
    dovecot.deliver("office", letter(number=1, body="a line of text\n" * 30_000))
    hours = hours_around(12 * 3600)
    office = office_at(make_gateway, dovecot, {}, max_size=f"200K, unlimited {hours}")
    office.session()
    stub, = office.mailbox("ivan")
    assert len(stub) < 10_000 and b"allows 200 KB" in stub and hours.replace("-", " and ").encode() in stub
    assert "larger than max_size" in office.cli("status").stdout and len(dovecot.left("office")) == 1
    office.accounts["a"]["max_size"] = f"200K, unlimited {hours_around(0)}"
    office.write()
    office.cli("reload")
    office.session()
    assert sorted(len(message) > 400_000 for message in office.mailbox("ivan")) == [False, True] and dovecot.left("office") == []


def test_the_plan_and_a_session_exclude_each_other_in_the_command_line(make_gateway, dovecot):
    office = office_at(make_gateway, dovecot, {})
    done = office.cli("session", "--plan", "--watch")
    assert done.returncode == 2
