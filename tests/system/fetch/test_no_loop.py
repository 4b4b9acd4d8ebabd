"""Whatever forwards, rules, replies, copies and bounces are configured, a message begets finitely many: against a smarthost that refuses, or
that brings everything back to the office's own account, nothing new appears after a few sessions."""
import random

import pytest

from harness.letters import letter
from harness.misbehaving import MisbehavingSmtp

USERS = ["ivan", "anna", "buh", "admin"]
SESSIONS = 12


class Circle(MisbehavingSmtp):
    """Refuses what is in `dead`, answers some with a bounce from outside, and delivers all else to the office's account again."""

    def __init__(self, provider, dead, bounces, strips, refuses_null):
        self.provider, self.dead, self.bounces, self.strips, self.refuses_null = provider, dead, bounces, strips, refuses_null
        super().__init__("acts")

    def server_acts(self, event, argument, connection):
        if event == "MAIL" and self.refuses_null and argument.upper().startswith("FROM:<>"):
            connection.say("553 5.7.1 <>: sender address rejected: not owned by auth user")
            return True
        if event == "RCPT" and any(name in argument for name in self.dead):
            connection.say("550 5.1.1 no such user")
            return True
        return None

    def turn(self):
        """What was taken comes back, or as a bounce of it. Returns how many were taken."""
        taken, self.letters = [sent for sent in self.letters if sent.recipients], []  # others are a lone dot after a refusal
        for sent in taken:
            content = sent.content
            if self.strips == "Received":
                content = b"\r\n".join(line for line in content.split(b"\r\n") if not line.startswith(b"Received:"))
            if self.strips == "X-":
                content = b"\r\n".join(line for line in content.split(b"\r\n") if not line.startswith(b"X-"))
            if sent.sender and any(name in to for name in self.bounces for to in sent.recipients):
                content = (b"Return-Path: <>\r\nFrom: MAILER-DAEMON@example.ru\r\nTo: <" + sent.sender.encode() +
                           b">\r\nSubject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n" +
                           content + b"\r\n--b--\r\n")
                self.provider.deliver("office", content)
            elif sent.sender == "" and any(name in to for name in self.bounces for to in sent.recipients):
                continue  # nobody bounces a bounce
            else:
                self.provider.deliver("office", b"Return-Path: <" + sent.sender.encode() + b">\r\n" + content)
        return len(taken)


def targets():
    return [*(f"{user}@office.lan" for user in USERS), "dead@away.org", "bounces@away.org", "lives@away.org",
            "office@example.ru", "postmaster@office.lan"]


def random_office(rng):
    users = {}
    for user in USERS:
        users[user] = {"keep": rng.choice(["yes", "no"])}
        if rng.random() < 0.8:
            users[user]["external_alias"] = f"{user}@example.ru"
        if rng.random() < 0.7:
            users[user]["forward"] = rng.choice([to for to in targets() if not to.startswith(user)])
    rules = {"first": {"when": "always"}}
    for action in rng.sample(["forward", "redirect", "reply", "copy"], rng.randint(1, 3)):
        rules["first"][action] = {"reply": "thanks", "copy": rng.choice(USERS)}.get(
            action, rng.choice(["dead@away.org", "bounces@away.org", "lives@away.org", "ivan@example.ru"]))
    rules["first"]["deliver"] = rng.choice(USERS)
    gateway = {"postmaster": rng.choice(USERS), "boss": rng.choice(["", *USERS]),
               "bounce_copies": rng.choice(["none", "failed", "all"])}
    sections = {"group team": {"members": ", ".join(USERS)}, "gateway": gateway}
    account = {"deliver_to": rng.choice(USERS)} if rng.random() < 0.3 else {}
    smarthost = {"retry": "1s", "warn_after": "0s"}
    if rng.random() < 0.5:
        smarthost["default_sender"] = "office@example.ru"
    return users, rules, sections, account, smarthost


@pytest.mark.parametrize("seed", range(10))
def test_a_message_begets_finitely_many(make_gateway, dovecot, account, seed):
    rng = random.Random(seed)
    users, rules, sections, more, smarthost = random_office(rng)
    circle = Circle(dovecot, ["dead@"], ["bounces@"], rng.choice(["", "Received", "X-"]), rng.random() < 0.5)
    smarthost |= {"url": f"smtp://127.0.0.1:{circle.port}", "tls": "none"}
    office = make_gateway(users=users, accounts={"office": {**account, **more}}, rules=rules, smarthosts={"default": smarthost},
                          sections=sections)
    for number, user in enumerate(USERS):
        dovecot.deliver("office", letter(number=number, to=f"{user}@example.ru", extra="Return-Path: <client@bank.ru>\n"))
    for to in ("dead@away.org", "bounces@away.org", "lives@away.org", "team@office.lan"):
        for user in USERS:
            try:
                office.send(f"{user}@office.lan", [to], letter(sender=f"{user}@office.lan", to=to))
            except Exception:  # who has no address outside may not write there
                pass
    history = []
    for _ in range(SESSIONS):
        office.cli("session")
        office.cli("queue", "flush")
        history.append((circle.turn(), sum(len(office.files(user)) for user in [*USERS, "postmaster"]), len(office.queued_files())))
        if len(history) > 2 and len({entry[1] for entry in history[-3:]}) == 1 and {entry[0] for entry in history[-3:]} == {0}:
            break
    circle.stop()
    assert history[-1] == history[-2] == history[-3] and history[-1][0] == 0, (history, users, rules, sections, more, smarthost)


@pytest.mark.parametrize("strips", ["Received", "X-"])
def test_an_account_with_deliver_to_ends_a_circle(make_gateway, dovecot, account, strips):
    """Its owner forwards to the very mailbox that it is fetched from."""
    circle = Circle(dovecot, [], [], strips, False)
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru", "forward": "office@example.ru", "keep": "yes"}},
                          accounts={"office": {**account, "deliver_to": "ivan"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{circle.port}", "tls": "none"}})
    dovecot.deliver("office", letter(number=1, to="ivan@example.ru", extra="Return-Path: <client@bank.ru>\n"))
    sent = []
    for _ in range(4):
        office.session()
        sent.append(circle.turn())
    circle.stop()
    assert sent == [1, 0, 0, 0] and len(office.files("ivan")) == 2
