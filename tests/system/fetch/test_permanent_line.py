"""A line that is always up: new mail of IMAP accounts starts a session at once (IDLE, NOTIFY), and a provider that cannot report is asked by the schedule."""
import collections
import imaplib
import time

from harness.letters import letter
from harness.misbehaving_imap import MisbehavingImap
from harness.numbered import in_mailbox
from harness.waiting import until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


def office_at(make_gateway, port, line=(("permanent", "yes"),), **keys):
    return make_gateway(users=IVAN, sections={"line": dict(line)}, accounts={"a": {
        "url": f"imap://127.0.0.1:{port}", "tls": "none", "user": "office", "password": "provider-pw", **keys}})


def has(office, *numbers):
    until(lambda: in_mailbox(office, "ivan") == collections.Counter(numbers), 60, office.log()[-3000:])


def watching(office, times=1):
    until(lambda: office.log().count("event=watching") >= times, 60, office.log()[-3000:])


def test_new_mail_comes_without_a_session_being_asked_for(make_gateway, dovecot):
    with imaplib.IMAP4("127.0.0.1", dovecot.imap_port) as client:
        client.login("office", "provider-pw")
        client.create("Spam")
    dovecot.deliver("office", letter(number=1))
    office = office_at(make_gateway, dovecot.imap_port, folders="INBOX, Spam")
    watching(office)
    has(office, 1)  # what was there before
    dovecot.deliver("office", letter(number=2))
    has(office, 1, 2)
    assert "notify=yes" in office.log()
    with imaplib.IMAP4("127.0.0.1", dovecot.imap_port) as client:  # in the other folder, over the same connection
        client.login("office", "provider-pw")
        client.append("Spam", None, None, letter(number=3))
    has(office, 1, 2, 3)
    assert office.log().count("event=watching") == 1
    watch = office.status()["accounts"][0]["watch"]
    assert watch["state"] == "watching" and abs(watch["since"] - time.time()) < 600 and watch["error"] is None and watch["more"] == 0
    assert watch["folders"] == [{"name": "INBOX", "way": "idle"}, {"name": "Spam", "way": "notify"}]
    assert "INBOX: at once (IDLE); Spam: at once (NOTIFY)" in office.cli("status").stdout
    office.cli("account", "set", "a", "--idle", "no")  # a reload ends it
    until(lambda: office.process_named("watch") is None, 30, "no process watches")
    assert office.status()["accounts"][0]["watch"]["state"] == "polled" and "idle = no; the schedule asks" in office.cli("status").stdout
    office.main["line"]["permanent"] = "no"
    office.write()
    office.cli("reload")
    assert office.status()["accounts"][0]["watch"] is None


def test_a_provider_that_goes_is_found_again(make_gateway, dovecot):
    office = office_at(make_gateway, dovecot.imap_port)
    watching(office)
    dovecot.stop()
    until(lambda: "event=watch-ended" in office.log(), 30, office.log()[-2000:])
    watch = until(lambda: (found := office.status()["accounts"][0]["watch"])["state"] == "resting" and found, 60, "its rest")
    assert watch["error"] and watch["next"] >= watch["since"] and "not watched until" in office.cli("status").stdout
    dovecot.start()
    dovecot.deliver("office", letter(number=1))
    watching(office, 2)
    has(office, 1)


class Idle(MisbehavingImap):
    """Idles as a provider does, and babbles while it does."""
    capabilities = "IMAP4rev1 IDLE"
    said = ()

    def answer(self, word, argument, connection):
        if word == "CAPABILITY":
            connection.say(f"* CAPABILITY {self.capabilities}")
            return self.done(connection)
        if word == "EXAMINE":
            connection.say(f"* {len(self.messages)} EXISTS")
            return self.done(connection)
        if word == "IDLE":
            self.idles = getattr(self, "idles", 0) + 1
            connection.say("+ idling")
            for line in self.said:
                connection.say(line)
            self.idle_tag = connection.tag
            return None
        if connection.tag == "DONE":
            connection.say(f"{self.idle_tag} OK")
            return None
        return super().answer(word, argument, connection)


def test_strange_providers(make_gateway):
    server = Idle([letter(number=1)])
    server.said = ["* 2 EXPUNGE", "* 1 EXPUNGE", "* 1 EXPUNGE", "* STATUS", "* STATUS x", '* STATUS "x (', "* STATUS x (UIDNEXT 0)", "* 99999999999 EXISTS",
                   "* 0 EXISTS", "* 1 EXISTS", "+ again", "* BYE"]
    office = office_at(make_gateway, server.port)
    has(office, 1)
    until(lambda: office.log().count("event=watch-ended") >= 2, 60, office.log()[-2000:])  # it says BYE each time; the rests grow
    assert "rest=5s" in office.log() and "rest=10s" in office.log()
    server.stop()
    server = Idle([letter(number=1)])
    server.capabilities = "IMAP4rev1"
    office = office_at(make_gateway, server.port)
    until(lambda: "rest=86400s" in office.log(), 60, office.log()[-2000:])  # it cannot report: the schedule does
    office.session()
    has(office, 1)
    server.stop()


def test_a_provider_that_floods_is_left_alone(make_gateway):
    """It would cost bytes and processor time for ever."""
    server = Idle([letter(number=1)])
    server.said = ["* OK still here"] * 400_000
    office = office_at(make_gateway, server.port)
    has(office, 1)
    until(lambda: "data that nobody asked for" in office.log() and "event=watch-ended" in office.log(), 60, office.log()[-2000:])
    server.stop()


def test_a_line_is_either_permanent_or_dialled(make_gateway):
    office = make_gateway(start=False, users=IVAN, sections={"line": {"permanent": "yes", "connect_command": "true"}})
    checked = office.cli("check")
    assert checked.returncode == 1 and "permanent" in checked.stderr + checked.stdout
