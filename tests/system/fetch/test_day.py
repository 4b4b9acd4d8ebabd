"""What starts a session and what ends it: letters that wait, mail to the daemon, limits of the line."""
import smtplib
import time

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.sink import Sink
from harness.waiting import until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"external_alias": "anna@example.ru"}}


@pytest.fixture
def sink():
    server = Sink()
    yield server
    server.stop()


def office_at(make_gateway, sink, **settings):
    return make_gateway(users=IVAN, smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}}, **settings)


def write(office, number, to="client@bank.ru", sender="ivan", subject="hello"):
    return office.send(f"{sender}@office.lan", [to], letter(number=number, sender=f"{sender}@office.lan", to=to, subject=subject))


@pytest.mark.parametrize("value", ["3", "3s", "100, 3s", "3, 30d"])
def test_letters_that_wait_start_a_session(make_gateway, sink, value):
    office = office_at(make_gateway, sink, sections={"schedule": {"when_queued": value}})
    for number in range(1, 4):
        write(office, number)
    until(lambda: len(sink.letters) == 3, 30, "a session by itself")


def test_the_next_session_is_the_one_that_letters_want(make_gateway, sink):
    office = office_at(make_gateway, sink, sections={"schedule": {"when_queued": "2, 30m", "every": "1h"}})
    next_one = lambda: office.status()["session"]["next"] - time.time()
    assert 3500 < next_one() <= 3600
    write(office, 1)
    until(lambda: 1700 < next_one() <= 1800, 10, "the letter to count")


def test_a_session_ends_after_its_minutes(make_gateway):
    server = MisbehavingPop3([letter(number=n) for n in range(1, 101)])
    server.misdeed = lambda event, argument, connection: time.sleep(0.2) if event == "RETR" else None
    office = make_gateway(users=IVAN, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                                      "password": "y"}},
                          sections={"line": {"max_minutes": "5s"}})
    begun = time.monotonic()
    done = office.session(timeout=120)
    assert time.monotonic() - begun > 4 and "max_minutes" in done.stdout
    first = len(office.files("ivan"))
    assert 0 < first < 50 and len(server.left) == 100 - first
    server.misdeed = lambda event, argument, connection: None
    office.session()
    server.stop()
    assert len(office.files("ivan")) == 100 and office.files("postmaster") == []


def test_on_a_holiday_letters_wait(make_gateway, sink):
    days = ", ".join(time.strftime("%m-%d", time.gmtime(time.time() + day * 86400)) for day in (-1, 0, 1))
    office = office_at(make_gateway, sink, sections={"schedule": {"when_queued": "1", "holidays": days, "every": "1s"}})
    write(office, 1)
    time.sleep(8)  # the queue is looked at every five seconds
    assert sink.letters == [] and office.status()["session"]["next"] > time.time() + 3600


@pytest.mark.parametrize("subject, words", [("справка", "status"), ("Статус", "Queue:"), ("очередь", "waiting to be sent"),
                                            ("Re: HELP", "fetch ACCOUNT")])
def test_the_daemon_understands_both_languages(make_gateway, sink, subject, words):
    office = office_at(make_gateway, sink)
    write(office, 1, to="daemon@office.lan", subject=subject)
    report, = office.mailbox_when("ivan", 1)
    assert words in report.decode()
    assert sink.letters == []


def test_who_may_command_the_daemon(make_gateway, sink):
    office = office_at(make_gateway, sink, sections={"gateway": {"daemon_users": "anna"}})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        write(office, 1, to="daemon@office.lan")
    code, text = refused.value.recipients["daemon@office.lan"]
    assert code == 550 and b"administrator" in text
    assert write(office, 2, to="daemon@office.lan", sender="anna") == {}
    assert len(office.mailbox_when("anna", 1)) == 1


def test_mail_to_the_daemon_beyond_the_limit_waits(make_gateway, sink):
    office = office_at(make_gateway, sink, sections={"gateway": {"daemon_limit": 2}})
    for number in range(1, 6):
        assert write(office, number, to="daemon@office.lan", subject="status") == {}
        if number <= 2:
            until(lambda: len(office.files("ivan")) == number, 15, "an answer")
    until(lambda: "event=daemon-limit" in office.log(), 15, "the limit")
    assert len(office.files("ivan")) == 2
    office.stop()
    office.start()  # and what waits is answered some time, here at the next start
    assert len(office.mailbox_when("ivan", 5)) == 5


def test_a_metered_line_stops_fetching_and_loses_nothing(make_gateway):
    server = MisbehavingPop3([letter(number=n, body="x" * 70 + "\n" * 3000) for n in range(1, 41)])
    office = make_gateway(users=IVAN, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                                      "password": "y"}},
                          sections={"line": {"max_bytes_per_session": "20K"}})
    office.session()  # to stop there is no failure
    first = len(office.files("ivan"))
    assert 0 < first < 40
    for _ in range(13):
        office.session()
    server.stop()
    assert len(office.files("ivan")) == 40
    assert office.files("postmaster") == []


def test_a_session_that_dies_hangs_up(make_gateway, folder):
    up, down = folder / "up", folder / "down"
    server = MisbehavingPop3([letter(number=1)], "hangs_after_retr")
    office = make_gateway(users=IVAN, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x",
                                                      "password": "y"}},
                          sections={"line": {"connect_command": f"date > {up}", "disconnect_command": f"date > {down}"}})
    office.cli("session", "--no-wait")
    until(lambda: any(line.startswith(b"RETR") for line in server.commands), 15, "RETR")
    assert up.exists() and not down.exists()
    supervisor, *children = office.processes()
    from harness.gateway import kill
    for pid in children:
        kill(pid)
    until(down.exists, 15, "the line to be hung up")
    server.stop()


def test_what_the_dialler_says_is_told(make_gateway):
    office = make_gateway(users=IVAN, sections={"line": {"connect_command": "echo NO DIALTONE && exit 5"}})
    done = office.session(code=1)
    assert "exit code 5" in done.stdout + done.stderr and "NO DIALTONE" in done.stdout + done.stderr


def test_a_dialler_that_hangs_is_ended(make_gateway):
    office = make_gateway(users=IVAN, sections={"line": {"connect_command": "sleep 600", "command_timeout": "1s"}})
    office.session(code=1)  # within 120 s


def test_a_spool_of_a_later_version_is_refused(make_gateway):
    office = make_gateway(users=IVAN)
    assert (office.spool / "version").read_text() == "2\n"
    office.stop()
    (office.spool / "version").write_text("3\n")
    office.start(wait=False)
    assert office.process.wait(15) == 1
    office.process = None
    assert "newer lanpost" in office.log()
    (office.spool / "version").write_text("1\n")  # an older one, which this version reads
    office.start()
    assert (office.spool / "version").read_text() == "2\n"
